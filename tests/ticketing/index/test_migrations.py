"""The index of an earlier version is brought up to date, with the rows that it has."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ticketing.models import IndexedTicket, SearchDocument

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sql]
BEFORE = [("ticketing", "0008_fewer_indexes")]
AT = datetime(2026, 2, 9, 10, 11, 12, tzinfo=UTC)
TEXTS = ("customer_id", "caller_id", "issue_description", "channel", "status", "priority", "tier", "reference")


def indexes() -> dict[str, list[str]]:
    """The columns of the index's own database indexes."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, IndexedTicket._meta.db_table)
    own = {index.name for index in IndexedTicket._meta.indexes}
    return {name: one["columns"] for name, one in found.items() if name in own}


def test_a_ticket_that_was_indexed_before_was_received_when_it_was_opened() -> None:
    fresh = indexes()
    old = MigrationExecutor(connection)
    old.migrate(BEFORE)
    tables = old.loader.project_state(BEFORE).apps
    times = {"created_at": AT, "updated_at": AT + timedelta(days=1)}
    row = tables.get_model("ticketing", "IndexedTicket")(
        ticket_id="t-1", version=7, **dict.fromkeys(TEXTS, ""), **times
    )
    row.save()
    tables.get_model("ticketing", "SearchDocument").objects.create(
        ticket_id="t-1", part=0, length=1, edition=1, created_at=AT
    )

    new = MigrationExecutor(connection)
    new.migrate(new.loader.graph.leaf_nodes("ticketing"))

    ticket = IndexedTicket.objects.get()
    assert (ticket.pk, ticket.version) == ("t-1", 7)
    assert (ticket.created_at, ticket.received_at, ticket.updated_at) == (AT, AT, AT + timedelta(days=1))
    assert SearchDocument.objects.get().received_at == AT
    assert indexes() == fresh
