"""Tickets and comments as rows of the index, and whether two rows say the same."""

from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime
from typing import Any

from django.db import models

from config import times
from config.text import plain
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.tickets.ticket import LONGEST_KEY, Comment, Ticket

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SORTED_CHARACTERS = 500  # of a text in a database index, where PostgreSQL takes 2,704 bytes at most
OURS = {"known_comments"}  # what the index counts itself; the record does not say it


def row_of(ticket: Ticket) -> IndexedTicket:
    """The row that the index should have for the ticket."""
    row = IndexedTicket(
        reference=ticket.reference,
        created_at=times.parse(ticket.created_at) or _EPOCH,
        received_at=times.parse(ticket.received_at) or _EPOCH,
        updated_at=times.parse(ticket.updated_at) or _EPOCH,
    )
    for name in _COPIED:
        setattr(row, name, storable(getattr(ticket, name)))
    row.caller_id = caller(ticket.caller_id)
    row.assignee = row.assignee and row.assignee[:_SORTED_CHARACTERS]
    return row


def caller(caller_id: str) -> str:
    """A caller's id as the index has it: whole, unless `storable` made it longer than a key may be."""
    stored: str = storable(caller_id)
    return stored if len(stored.encode()) <= LONGEST_KEY else stored[:_SORTED_CHARACTERS]


def comment_row(comment: Comment) -> IndexedComment:
    """The row that the index should have for the comment."""
    values = {name: storable(getattr(comment, name)) for name in _SAID}
    return IndexedComment(
        **values, text=storable(comment.comment), created_at=times.parse(comment.created_at) or _EPOCH
    )


def same(row: models.Model, other: models.Model) -> bool:
    """Whether two rows say the same of a ticket or a comment."""
    return all(getattr(row, name) == getattr(other, name) for name in names(type(row)))


def storable(value: Any) -> Any:
    """The value with characters replaced that a database rejects: NUL (PostgreSQL) and lone surrogates (both)."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    return value


READ = ("subject", "issue_description", "caller_id", "requester")  # what search looks at, besides the comments
_SAID = ("ticket_id", "comment_id", "author", "visibility", "door", "revision")
_TIMES = {"created_at", "received_at", "updated_at"}
_COPIED = [
    field.name
    for field in dataclass_fields(Ticket)
    if field.name in {column.name for column in IndexedTicket._meta.concrete_fields} - _TIMES
]


def names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.name not in OURS]
