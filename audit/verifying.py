"""Finds what somebody did to the record by hand: a row that was changed, removed, put in between, or cut off."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from audit import chain
from audit.actions import Action
from audit.models import Entry

_ROWS = 2_000  # that are read at once


@dataclass(frozen=True)
class Finding:
    """What is wrong, and with which row."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"Row {self.number} {self.what}"


def findings(known: tuple[int, str] | None = None) -> Iterator[Finding]:
    """Everything that does not hold, in the rows' order. Reads the whole table.

    `known` is a row's number and digest that were noted elsewhere: that row has to be there still, as it was.
    """
    before: Entry | None = None
    first = number = 0
    for entry in Entry.objects.order_by("number").iterator(_ROWS):
        first = first or entry.number
        if not any(hmac.compare_digest(entry.digest, one) for one in chain.digests(entry)):
            yield Finding(entry.number, "was changed, or was not written by Foyer")
        yield from _joint(before, entry)
        if known and entry.number == known[0] and entry.digest != known[1]:
            yield Finding(entry.number, "has another digest than the one that was noted")
        before, number = entry, entry.number
    if known and known[0] > number:
        yield Finding(number + 1, f"and those behind it, at least up to {known[0]}, were cut off")
    if known and known[0] < first and not _pruned(known[0]):
        yield Finding(known[0], "is missing")


def _joint(before: Entry | None, entry: Entry) -> Iterator[Finding]:
    """Whether the row follows the one before it; the first that there is, a row that was pruned."""
    number = before.number if before else 0
    if entry.number != number + 1 and not (before is None and _joins_pruned(entry)):
        last = entry.number - 1
        yield Finding(number + 1, "is missing" if last == number + 1 else f"and those up to {last} are missing")
    elif before is not None and entry.previous != before.digest:
        yield Finding(entry.number, f"does not follow row {number}: one of the two was replaced")
    elif entry.number == 1 and entry.previous != chain.NOTHING:
        yield Finding(1, "is not the first that was written")


def _joins_pruned(entry: Entry) -> bool:
    rows = Entry.objects.filter(action=Action.RECORD_PRUNED, upto=entry.number - 1)
    return any(f'"digest":"{entry.previous}"' in one.details for one in rows)


def _pruned(number: int) -> bool:
    return Entry.objects.filter(action=Action.RECORD_PRUNED, upto__gte=number).exists()
