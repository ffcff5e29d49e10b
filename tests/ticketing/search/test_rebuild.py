"""What search lacks is found by the check, and put right by `reindex`. Runs on every database."""

import pytest
from django.db import connection

from tests import record
from tests.ticketing.search.conftest import found
from tests.ticketing.writing import comment
from ticketing import index
from ticketing.jobs import reindex
from ticketing.models import SearchDocument

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


@pytest.fixture
def ticket_id() -> str:
    """A ticket with a comment, which the index has."""
    ticket_id = record.opened().ticket_id
    said = comment(record.get(ticket_id), "zebra").comment
    index.apply([record.get(ticket_id)], [said])
    assert found("zebra") == [ticket_id]
    return ticket_id


def differences() -> list[tuple[str, str]]:
    return [(one.ticket_id, one.what) for one in reindex.differences()]


def rebuild() -> None:
    for stretch in reindex.stretches(1):
        reindex.page(stretch, None, mend=True)


def test_documents_of_an_older_edition_are_named_and_made_anew(ticket_id: str) -> None:
    SearchDocument.objects.update(edition=2)
    assert differences() == [(ticket_id, "not searchable")]
    rebuild()
    assert differences() == []


def test_words_that_were_lost_are_named_and_come_back(ticket_id: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("UPDATE ticketing_searchdocument SET words = '', pairs = '{}'")
        else:
            cursor.execute("DELETE FROM ticketing_searchwords")
    assert found("zebra") == []
    assert differences() == [(ticket_id, "not searchable")]
    rebuild()
    assert differences() == []
    assert found("zebra") == [ticket_id]
