"""Reads the record, and writes new tickets. For the doors, only `ticketing.service` writes it.

The service writes comments and changes as transactions (ticketing/record/transactions.py), an import in bulk
(ticketing/record/loading.py). Every write for a door is one call with a condition. So nothing is half done, and nothing
is done twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from config import aws
from config.aws import Page
from ticketing.record import items, overflow
from ticketing.record.items import Item
from ticketing.record.overflow import whole
from ticketing.record.table import TICKETS
from ticketing.tickets.ticket import Comment, Place, Ticket

MAX_ITEM_BYTES = 390_000  # DynamoDB's 400 KB, less some room: it counts a little differently from `items.size`


class TooLarge(Exception):
    """The ticket or comment does not fit into one item."""


@dataclass(frozen=True)
class Existing:
    """The ticket that already has a new ticket's id, and the fingerprint of the request that made it."""

    ticket: Ticket
    fingerprint: str | None


def put_new(ticket: Ticket, fingerprint: str) -> Existing | None:
    """Create the ticket, in one conditional write. Returns None if it was created, else the ticket that exists already.

    Raises TooLarge and aws.AwsError.
    """
    try:
        TICKETS.put(items.from_ticket(packed(ticket), fingerprint), "attribute_not_exists(ticket_id)")
    except aws.Conflict as conflict:
        if conflict.item is None:
            raise
        return Existing(whole(conflict.item), items.fingerprint_of(conflict.item))
    return None


def get(ticket_id: str) -> Ticket | None:
    """The ticket as it is now, whoever owns it; None if there is none."""
    found = TICKETS.get(items.ticket_key(ticket_id))
    return whole(found) if found else None


def get_with_comments(ticket_id: str, limit: int) -> tuple[Ticket | None, list[Comment], Place | None]:
    """The ticket, its first comments, and the place of the last one if there are more. One query."""
    page = _page(ticket_id, items.TICKET, limit + 2)  # the ticket, and one comment more to see whether there are more
    found = page.items
    if not found or found[0]["item"] != items.TICKET:  # an import writes comments before their ticket
        return None, [], None
    comments = [items.to_comment(one) for one in found[1 : limit + 1]]
    more = len(found) > limit + 1 or page.next is not None
    return whole(found[0]), comments, _place(comments) if more else None


def comments_after(ticket_id: str, after: Place, limit: int) -> tuple[list[Comment], Place | None]:
    """The comments after a place, oldest first, and the place of the last one if there are more."""
    page = _page(ticket_id, items.COMMENT, limit + 1, start=items.comment_key(ticket_id, after))
    comments = [items.to_comment(one) for one in page.items]
    more = len(comments) > limit or page.next is not None
    return comments[:limit], _place(comments[:limit]) if more else None


def get_comment(ticket_id: str, comment_id: str) -> tuple[Ticket | None, Comment | None]:
    """A comment and its ticket, as far as they exist, in one call. The ticket comes without what is in S3."""
    keys = [items.ticket_key(ticket_id), items.comment_key(ticket_id, comment_id)]
    found = {one["item"]: one for one in TICKETS.get_all(keys)}
    ticket, comment = found.get(items.TICKET), found.get(items.COMMENT + comment_id)
    return items.to_ticket(ticket) if ticket else None, items.to_comment(comment) if comment else None


def all_comments(ticket_id: str) -> Iterator[Comment]:
    """Every comment of the ticket, oldest first. Pages are read as they are needed."""
    after: Place | None = Place("")
    while after is not None:
        page, after = comments_after(ticket_id, after, 1000)
        yield from page


def last_comments(ticket_id: str, limit: int) -> list[Comment]:
    """The ticket's newest comments, newest first: `limit` at most, fewer if they are large."""
    page = _page(ticket_id, items.COMMENT, limit, order="last")
    return [items.to_comment(one) for one in page.items]


def _place(comments: list[Comment]) -> Place | None:
    return Place(comments[-1].comment_id) if comments else None


def _page(
    ticket_id: str, beginning: str, limit: int, order: Literal["first", "last"] = "first", start: Item | None = None
) -> Page:
    """One page of the ticket's items whose sort key begins with `beginning`."""
    of_ticket, values = (
        "ticket_id = :id AND begins_with(#item, :beginning)",
        {":id": ticket_id, ":beginning": beginning},
    )
    return TICKETS.query_page(of_ticket, values, order=order, limit=limit, start=start)


def scan(since: str | None = None) -> Iterator[Ticket]:
    """Every ticket, in no order. With `since`, those changed at or after it, and those without a time."""
    values, condition = {":ticket": items.TICKET}, "#item = :ticket"
    if since:
        condition += " AND (NOT attribute_type(updated_at, :text) OR updated_at >= :since)"
        values |= {":since": since, ":text": "S"}
    return map(whole, TICKETS.scan(condition, values))


def of_image(image: Item | None) -> Ticket | None:
    """The ticket in a change record's image (wire format). None if the item is not a ticket or was deleted."""
    if image is None or image.get("item", {}).get("S") != items.TICKET:
        return None
    return items.to_ticket(aws.from_wire(image))


def packed(ticket: Ticket, before: Ticket | None = None) -> Ticket:
    """The ticket as its item will hold it. Raises TooLarge and aws.AwsError.

    1. If the large fields are in S3 and are the same as `before`, they stay there untouched. It may be that they could
       not be read.
    2. Else, if the whole ticket fits into one item, nothing of it is in S3.
    3. Else the large fields are written to S3 here, and the item holds the rest.
    4. If even the rest does not fit, TooLarge is raised.
    """
    staying = before is not None and overflow.stays(before, ticket)
    inside = replace(ticket, overflow=None)
    if not staying and items.size(items.from_ticket(inside, "")) <= MAX_ITEM_BYTES:
        return inside
    kept = overflow.emptied(ticket) if staying else overflow.keep(ticket)
    fitting(items.from_ticket(kept, ""))
    return kept


def fitting(item: Item) -> Item:
    """The item itself, if it is small enough for DynamoDB. Raises TooLarge."""
    if items.size(item) > MAX_ITEM_BYTES:
        raise TooLarge
    return item
