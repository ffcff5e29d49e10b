"""The index against the record: what differs, and making it the same. The desk serves meanwhile.

Nothing is dropped and built anew: every ticket of the record is put in where the index differs, and a row goes only
after the record was asked whether its ticket is really not there. So what arrives meanwhile stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from config.batched import batched
from ticketing import index, service
from ticketing.models import IndexedTicket
from ticketing.ticket import Ticket

BATCH = 100

What = Literal["missing", "different", "not in the record"]


@dataclass(frozen=True)
class Difference:
    """One ticket of which index and record do not say the same."""

    ticket_id: str
    what: What


def differences(progress: Callable[[int], object] = int) -> Iterator[Difference]:
    """Every difference, both ways, a batch at a time. A ticket written meanwhile is looked at again, and is none."""
    for tickets in batched(service.all_tickets(), BATCH):
        yield from _confirmed(_differing(tickets))
        progress(len(tickets))
    for ticket_ids in batched(IndexedTicket.objects.values_list("pk", flat=True).order_by("pk").iterator(), BATCH):
        gone = set(ticket_ids) - service.existing(ticket_ids)
        yield from (Difference(one, "not in the record") for one in sorted(gone))


def rebuild(progress: Callable[[int], object] = int) -> int:
    """Make the index say what the record says; how many rows were put right."""
    count = 0
    for difference in differences(progress):
        _mend(difference)
        count += 1
    return count


def _mend(difference: Difference) -> None:
    if difference.what != "missing":
        # A row that is newer than the record, or as new and different, cannot be true: it goes first.
        IndexedTicket.objects.filter(pk=difference.ticket_id).delete()
    if difference.what != "not in the record" and (ticket := service.find(difference.ticket_id)):
        index.apply([ticket])


def _differing(tickets: list[Ticket]) -> list[Difference]:
    rows = IndexedTicket.objects.in_bulk([one.ticket_id for one in tickets])
    found = []
    for ticket in tickets:
        row = rows.get(ticket.ticket_id)
        if row is None:
            found.append(Difference(ticket.ticket_id, "missing"))
        elif not index.same(row, index.row_of(ticket)):
            found.append(Difference(ticket.ticket_id, "different"))
    return found


def _confirmed(found: list[Difference]) -> Iterator[Difference]:
    """Those that still differ now that both are read again: the others changed between the two readings."""
    for difference in found:
        ticket = service.find(difference.ticket_id)
        yield from _differing([ticket]) if ticket else []
