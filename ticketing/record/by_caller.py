"""A customer's tickets of one caller, page by page, from CallerIdIndex. Only `ticketing.service` calls this.

Pages are bounded in time, not in length. A page may be short or even empty and still have a next one, because other
customers may use the same caller id and tickets can be large.
"""

from dataclasses import dataclass

from config import aws
from ticketing.record import items, overflow
from ticketing.record.table import TICKETS
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import CHANNELS, Channel

_QUERIES = 5  # for one page, at most
_WIDE = 1_000  # items that each query after the first looks at; AWS stops after a megabyte of them
_HEAVY = 5_000_000  # bytes of descriptions and attributes after which a page ends


@dataclass(frozen=True)
class Page:
    """Some tickets of a list, and where the list continues (None at its end)."""

    tickets: list[Ticket]
    next: dict[str, str] | None


def list_by_caller(
    caller_id: str, customer_id: str, channel: Channel | None, start: dict[str, str] | None, limit: int
) -> Page:
    """A page of a customer's tickets of one caller, newest first, `limit` at most. Raises aws.AwsError.

    `start` is the `next` of an earlier page; None begins at the newest.
    """
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
    """A page of the index, without items that certainly belong to another customer or channel.

    A customer or channel that is missing or malformed reads as its default (items.py), so the filter keeps such items.
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
    """The page if its queries are used up before the list ends. `last` is where they stopped, at any customer's ticket.

    1. The holder of a cursor can read it, so it must not name another customer's ticket. It holds only that ticket's
       time.
    2. The next page therefore begins in front of all tickets of that moment, and this page leaves them out.
    3. If this page began there already, so many tickets share the moment that the list would never get past it. Only
       then this page keeps them, and the cursor is `last` itself.
    """
    moment = last["created_at"]
    place = last | {"ticket_id": "-", "created_at": f"{moment}\0"}  # the next text after that moment's
    if start and start["created_at"] <= place["created_at"]:  # too many at one moment (step 3)
        return _filled(kept, last)
    return _filled([one for one in kept if one.created_at != moment], place)


def _filled(tickets: list[Ticket], place: dict[str, str] | None) -> Page:
    """The page with its tickets whole. It has the first ticket, and as many more as begin within `_HEAVY` bytes."""
    whole: list[Ticket] = []
    room = _HEAVY
    for one in tickets:
        if room <= 0:
            return Page(whole, _place(whole[-1]))
        whole.append(overflow.fill(one))
        room -= items.size([whole[-1].issue_description, whole[-1].attributes])
    return Page(whole, place)


def _place(ticket: Ticket) -> dict[str, str]:
    """The place of a ticket in CallerIdIndex, from which a query continues."""
    return {
        "ticket_id": ticket.ticket_id,
        "item": items.TICKET,
        "caller_id": ticket.caller_id,
        "created_at": ticket.created_at,
    }
