"""Changes of somebody who saw the ticket some time ago: which of them still fit.

A comment that came in meanwhile, or another field that somebody changed, is no reason to refuse a change. Only a change
of the same field is. The writer would otherwise undo what they have never seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config import json
from config.refusals import Stale
from ticketing.tickets.ticket import Ticket


@dataclass(frozen=True)
class Theirs:
    """What somebody else made of a field. `by` and `door` are empty if the record does not tell who it was."""

    value: Any
    by: str = ""
    door: str = ""


class Overtaken(Stale):
    """Somebody else changed the same fields meanwhile. `fields` says to what, and who."""

    def __init__(self, fields: Mapping[str, Theirs]) -> None:
        super().__init__(f"Somebody else changed this meanwhile: {', '.join(fields)}")
        self.fields = fields


def overtaken(ticket: Ticket, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Theirs]:
    """The fields of `changes` that somebody else changed since the writer saw them as `seen`.

    A field that has the wanted value already is none of them. It may be this very change, sent a second time.
    """
    return {
        name: Theirs(getattr(ticket, name))
        for name, wanted in changes.items()
        if not any(same(getattr(ticket, name), known) for known in (seen.get(name), wanted))
    }


def stands(ticket: Ticket, changes: Mapping[str, Any]) -> bool:
    """Whether the ticket has all the wanted values already."""
    return all(same(getattr(ticket, name), wanted) for name, wanted in changes.items())


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same as JSON, where `1`, `1.0` and `true` all differ."""
    return json.fingerprint(one) == json.fingerprint(other)
