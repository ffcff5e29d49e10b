"""The index follows the record: takes a ticket only if it is newer, however often and in whatever order it comes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from ticketing import clock
from ticketing.models import IndexedTicket
from ticketing.ticket import Ticket

_LONGEST_INDEXED = 500  # characters; PostgreSQL refuses a row whose indexed text is beyond 2,700 bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SORTED_CHARACTERS = 500  # of a text that a database index sorts by: PostgreSQL takes 2,704 bytes there


def apply(tickets: Iterable[Ticket]) -> None:
    """Put the tickets into the index, in one statement a batch; an older version than the index has is passed over."""
    newest: dict[str, Ticket] = {}
    for ticket in tickets:
        known = newest.get(ticket.ticket_id)
        if known is None or known.version < ticket.version:
            newest[ticket.ticket_id] = ticket
    if newest:
        _upsert([row_of(newest[ticket_id]) for ticket_id in sorted(newest)])  # sorted: no two writers can deadlock


def row_of(ticket: Ticket) -> IndexedTicket:
    """The row that the index should have for the ticket."""
    row = IndexedTicket(
        reference=ticket.reference,
        created_at=clock.parse(ticket.created_at) or _EPOCH,
        updated_at=clock.parse(ticket.updated_at) or _EPOCH,
    )
    for name in _COPIED:
        setattr(row, name, _storable(getattr(ticket, name)))
    row.assignee = row.assignee and row.assignee[:_SORTED_CHARACTERS]
    return row


def same(row: IndexedTicket, other: IndexedTicket) -> bool:
    """Whether two rows say the same of a ticket."""
    return all(getattr(row, field.attname) == getattr(other, field.attname) for field in _fields())


_COPIED = (
    "ticket_id",
    "channel",
    "customer_id",
    "caller_id",
    "requester",
    "subject",
    "issue_description",
    "type",
    "status",
    "priority",
    "tier",
    "assignee",
    "tags",
    "comment_count",
    "last_comment_id",
    "version",
)


def _fields() -> list[Any]:
    return list(IndexedTicket._meta.concrete_fields)


def _storable(value: Any) -> Any:
    """Text without what a database dislikes: NUL (PostgreSQL) and lone surrogates (both)."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _upsert(rows: list[IndexedTicket]) -> None:
    """Insert, or update where the row is older. Django's `bulk_create` has no such condition, hence the SQL."""
    fields = _fields()
    quote = connection.ops.quote_name
    table, columns = quote(IndexedTicket._meta.db_table), [quote(field.column) for field in fields]
    values = f"({', '.join(['%s'] * len(fields))})"
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([values] * len(rows))} "  # noqa: S608 - our own names
        f"ON CONFLICT (ticket_id) DO UPDATE SET {updates} WHERE {table}.version < excluded.version"
    )
    parameters = [
        field.get_db_prep_save(getattr(row, field.attname), connection=connection) for row in rows for field in fields
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
