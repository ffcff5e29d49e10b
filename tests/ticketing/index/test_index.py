"""The index takes a ticket only if it is newer, whatever order and however often it comes. Runs on every database."""

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ticketing import index
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def ticket(version: int = 1, ticket_id: str = "t-1", **more: Any) -> Ticket:
    values: dict[str, Any] = {
        "channel": "itsm",
        "customer_id": "acme",
        "caller_id": "lea",
        "issue_description": "No lesson",
        "created_at": "2026-02-09T10:11:12.345Z",
        "updated_at": f"2026-02-09T10:12:{version:02}.000Z",
        "subject": f"At version {version}",
    }
    values |= more
    return Ticket(ticket_id=ticket_id, version=version, **{"received_at": values["created_at"]} | values)


def row(ticket_id: str = "t-1") -> IndexedTicket:
    return IndexedTicket.objects.get(pk=ticket_id)


def test_a_row_says_what_the_ticket_says() -> None:
    whole = ticket(requester={"name": "Léa"}, tags=["a", "b"], assignee="Ada", tier="gold", comment_count=2)
    index.apply([whole])
    assert index.same(row(), index.row_of(whole))
    assert (row().reference, row().requester, row().tags) == (whole.reference, {"name": "Léa"}, ["a", "b"])
    assert row().created_at.isoformat() == "2026-02-09T10:11:12.345000+00:00"


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_versions_in_any_order_end_at_the_newest(order: tuple[int, ...]) -> None:
    for version in order:
        index.apply([ticket(version)])
        index.apply([ticket(version)])
    assert (row().version, row().subject) == (3, "At version 3")


def test_versions_in_one_batch_end_at_the_newest() -> None:
    index.apply([ticket(2), ticket(3), ticket(1), ticket(3)])
    assert row().version == 3


def test_the_same_version_again_changes_nothing() -> None:
    assert index.apply([ticket(2)]) == index.apply([ticket(2)]) == set()
    assert index.apply([ticket(2, subject="a forgery")]) == {"t-1"}
    assert row().subject == "At version 2"
    assert index.apply([ticket(1, subject="of old")]) == set()


def test_a_batch_is_one_transaction() -> None:
    with CaptureQueriesContext(connection) as queries:
        index.apply([ticket(n % 3, f"t-{n % 40}") for n in range(100)])
    assert sum(one["sql"].startswith("SAVEPOINT") for one in queries) == 1  # the test itself is the transaction around
    assert IndexedTicket.objects.count() == 40


def test_no_ticket_is_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        index.apply([])
    assert len(queries) == 0


def test_nuls_and_lone_surrogates_are_shown_as_what_a_database_can_hold() -> None:
    odd = "a\0b\ud800c"
    index.apply([ticket(subject=odd, assignee=odd, tags=[odd], requester={"name": odd}, type=odd, caller_id=odd)])
    assert row().subject == row().assignee == row().type == row().caller_id == "a\ufffdb?c"
    assert (row().tags, row().requester) == (["a\ufffdb?c"], {"name": "a\ufffdb?c"})


def test_an_assignee_longer_than_a_database_sorts_by_is_cut() -> None:
    name = "".join(random.choices("abcdefghijklmnopqrstuvwxyzäöü0123456789", k=20_000))
    index.apply([ticket(assignee=name)])
    assert row().assignee == name[:500]


def test_a_very_large_ticket_is_indexed() -> None:
    text = "".join(random.choices("äbc😀", k=300_000))
    index.apply([ticket(issue_description=text, subject=text[:5000], caller_id=text[:2000], customer_id=text[:2000])])
    assert row().issue_description == text


@pytest.mark.parametrize("ticket_id", ["x" * 2048, "é" * 1024, "%s", "'; --", " "])
def test_another_programs_ids_are_indexed(ticket_id: str) -> None:
    index.apply([ticket(ticket_id=ticket_id)])
    assert row(ticket_id).version == 1


@pytest.mark.parametrize("time", ["", "yesterday", "7", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_is_none_is_the_beginning_of_times(time: str) -> None:
    index.apply([ticket(created_at=time)])
    assert row().created_at.isoformat() == "1970-01-01T00:00:00+00:00"


def test_both_times_of_a_ticket_are_in_the_index() -> None:
    index.apply([ticket(received_at="2026-02-10T10:11:12.345Z")])
    assert row().created_at.isoformat() == "2026-02-09T10:11:12.345000+00:00"
    assert row().received_at.isoformat() == "2026-02-10T10:11:12.345000+00:00"


@pytest.mark.parametrize(
    "time", ["2026-02-09T12:00:00+02:00", "2026-02-09T10:00:00", "2026-02-09 10:00", "20260209T10Z"]
)
def test_a_time_in_another_form_is_understood(time: str) -> None:
    index.apply([ticket(created_at=time)])
    assert row().created_at.isoformat() == "2026-02-09T10:00:00+00:00"


def test_the_largest_counts_of_the_record_fit() -> None:
    index.apply([replace(ticket(), version=2**63 - 1, comment_count=2**31 - 1)])
    assert row().version == 2**63 - 1
