"""A customer's tickets of one caller, a page at a time, from CallerIdIndex. Only `ticketing.service` calls this.

Other customers may have many with the same caller id, and a ticket may have megabytes: so that it takes a bounded time,
a page may be short, or even empty, and go on all the same.
"""

from dataclasses import dataclass

from config import aws
from ticketing.record import items, overflow
from ticketing.record.table import TICKETS
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import CHANNELS, Channel

_QUERIES = 5  # of a list's page at most,
_WIDE = 1_000  # all but the first with so many items, of which AWS takes as many as a megabyte has
_HEAVY = 5_000_000  # bytes of descriptions and attributes, after which a page ends


@dataclass(frozen=True)
class Page:
    """Some of a list, and where it goes on (None at its end)."""

    tickets: list[Ticket]
    next: dict[str, str] | None


def list_by_caller(
    caller_id: str, customer_id: str, channel: Channel | None, start: dict[str, str] | None, limit: int
) -> Page:
    """A customer's tickets of one caller, newest first. `start` is where an earlier page ended. Raises aws.AwsError."""
    kept: list[Ticket] = []
    last = start
    for number in range(_QUERIES):
        read = _read(caller_id, customer_id, channel, last, _WIDE if number else limit + 1)
        found = [items.to_ticket(one) for one in read.items]
        kept += [one for one in found if one.customer_id == customer_id and channel in (None, one.channel)]
        last = read.next
        if len(kept) > limit:
            return _filled(kept[:limit], _place(kept[limit - 1]))
        if last is None:
            return _filled(kept, None)
    assert last  # noqa: S101 - tells the type checker
    return _unended(kept, start, last)


def _read(
    caller_id: str, customer_id: str, channel: Channel | None, start: dict[str, str] | None, limit: int
) -> aws.Page:
    """A page of the index, without what surely is another customer's or channel's.

    How the rest reads, items.py says.
    """
    condition = "(customer_id = :customer OR customer_id = :nothing OR NOT attribute_type(customer_id, :text))"
    values = {":caller": caller_id, ":customer": customer_id, ":nothing": "", ":text": "S"}
    if channel:
        others = {f":{one}": str(one) for one in CHANNELS if one != channel}
        condition += f" AND NOT #channel IN ({', '.join(others)})"
        values |= others
    by_caller = "caller_id = :caller"
    return TICKETS.query_page(
        by_caller, values, only_if=condition, index="CallerIdIndex", order="last", limit=limit, start=start
    )


def _unended(kept: list[Ticket], start: dict[str, str] | None, last: dict[str, str]) -> Page:
    """A page that ends at another customer's ticket. Where it goes on tells no more of that than its time: in front of
    all that were created then, of which none is in this page.
    """
    moment = last["created_at"]
    place = last | {"ticket_id": "-", "created_at": f"{moment}\0"}  # the next text after that moment's
    if start and start["created_at"] <= place["created_at"]:  # so many at one moment: there is no getting past it
        return _filled(kept, last)
    return _filled([one for one in kept if one.created_at != moment], place)


def _filled(tickets: list[Ticket], place: dict[str, str] | None) -> Page:
    """The tickets whole: the first one, and as many more as begin within `_HEAVY` bytes."""
    whole: list[Ticket] = []
    room = _HEAVY
    for one in tickets:
        if room <= 0:
            return Page(whole, _place(whole[-1]))
        whole.append(overflow.fill(one))
        room -= items.size([whole[-1].issue_description, whole[-1].attributes])
    return Page(whole, place)


def _place(ticket: Ticket) -> dict[str, str]:
    """Where a ticket stands in CallerIdIndex."""
    return {
        "ticket_id": ticket.ticket_id,
        "item": items.TICKET,
        "caller_id": ticket.caller_id,
        "created_at": ticket.created_at,
    }
