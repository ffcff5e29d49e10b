"""Reads who changed a ticket, from the notes that every change leaves beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from config import json
from ticketing.record import items
from ticketing.record.table import TICKETS
from ticketing.tickets.edits import Theirs, same

_NEWEST = 100  # notes that are looked at, in one call: an older change is nobody's "meanwhile"


def named(ticket_id: str, fields: Mapping[str, Theirs]) -> dict[str, Theirs]:
    """The same fields, each with who gave it its value. Raises aws.AwsError."""
    notes = list(_newest(ticket_id))
    return {name: _named(name, theirs, notes) for name, theirs in fields.items()}


def _named(name: str, theirs: Theirs, notes: list[dict[str, Any]]) -> Theirs:
    for note in notes:
        pair = json.loads(note["changes"]).get(name)
        if pair and same(pair[1], theirs.value):
            return replace(theirs, by=note["by"], door=note["door"])
    return theirs


def _newest(ticket_id: str) -> Iterator[dict[str, Any]]:
    """The newest notes, newest first."""
    of_ticket = "ticket_id = :id AND begins_with(#item, :change)"
    values = {":id": ticket_id, ":change": items.CHANGE}
    yield from TICKETS.query_page(of_ticket, values, order="last", limit=_NEWEST).items


def fields_of(ticket_id: str, request_id: str) -> list[str]:
    """The names of the fields that a request changed, as the ticket's newest notes tell. Raises aws.AwsError."""
    notes = [note for note in _newest(ticket_id) if note.get("request_id") == request_id]
    return sorted({name for note in notes for name in json.loads(note["changes"])})
