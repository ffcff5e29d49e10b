"""Reading the record by the hundred: pages of the whole table, many items by their keys. For the house's own work.

Every reading is consistent: what was written before it was asked for is in it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, starmap
from typing import TypeVar

from config import json
from config.aws.patience import patiently
from config.batched import batched_by_size
from ticketing.record import items, overflow
from ticketing.record.items import Item
from ticketing.record.overflow import whole
from ticketing.record.table import TICKETS
from ticketing.tickets.ticket import Comment, Ticket

BATCH = 500  # items that SQL is given at once: most of what a transaction costs, it costs once
TEXT = 4_000_000  # characters of them all: an index's transaction takes some thirty bytes of memory for each
PAGE = 2_000  # items: what is compared in a second or two, so that little is done again after an interruption
APART = 20  # of these, tickets kept apart in S3, since each may have megabytes, and take seconds

Place = dict[str, str]
CommentId = tuple[str, str]  # of its ticket, and its own
T = TypeVar("T", bound=Ticket | Comment)


@dataclass(frozen=True)
class Page:
    """Tickets and comments as they stand in the table, how many items were read, and where the next page begins."""

    items: list[Ticket | Comment]
    seen: int
    next: Place | None

    def batches(self) -> Iterator[tuple[list[Ticket], list[Comment]]]:
        """The tickets and comments, some hundred at a time; only here are tickets whole that do not fit their item."""
        filled = (overflow.fill(one) if isinstance(one, Ticket) else one for one in self.items)
        for batch in bounded(filled):
            tickets = [one for one in batch if isinstance(one, Ticket)]
            yield tickets, [one for one in batch if isinstance(one, Comment)]


def page(segment: int, segments: int, start: Place | None) -> Page:
    """A page of one of so many segments, from where the page before it ended (None: from its beginning).

    All items of a ticket are in one segment, the ticket before its comments.
    """
    wanted, values = (
        "#item = :ticket OR begins_with(#item, :comment)",
        {":ticket": items.TICKET, ":comment": items.COMMENT},
    )
    read = TICKETS.scan_page(wanted, values, part=(segment, segments), limit=PAGE, start=start)
    return _cut(Page([_value(one) for one in read.items], read.seen, read.next))


def bounded(values: Iterable[T], most: int = BATCH) -> Iterator[list[T]]:
    """Tickets and comments, as many at a time as fit the index's transaction."""
    return batched_by_size(values, most, characters, TEXT)


def characters(one: Ticket | Comment) -> int:
    """About how much text it has."""
    if isinstance(one, Comment):
        return len(one.comment)
    return len(one.issue_description) + (len(json.dumps(one.attributes)) if one.overflow else 0)


def conversations() -> Iterator[tuple[Ticket, list[Comment]]]:
    """Every ticket with its comments, in no order: the table has a ticket's items side by side. Patient with AWS.

    Whoever needs all comments looks at the ticket's count: items that were written meanwhile may be missing.
    """
    for _, group in groupby(_everything(), lambda one: one.ticket_id):
        found = list(group)
        comments = sorted((one for one in found if isinstance(one, Comment)), key=lambda one: one.comment_id.encode())
        for ticket in found:
            if isinstance(ticket, Ticket):
                yield patiently(overflow.fill, ticket), comments


def _everything() -> Iterator[Ticket | Comment]:
    place: Place | None = None
    while True:
        read = patiently(page, 0, 1, place)
        yield from read.items
        place = read.next
        if place is None:
            return


def count() -> int:
    """About how many items the table has, of any kind; AWS counts them every six hours."""
    return TICKETS.about_how_many()


def tickets(ticket_ids: list[str]) -> list[Ticket]:
    """Those of these tickets (100 at most) that there are."""
    return [whole(one) for one in TICKETS.get_all(map(items.ticket_key, ticket_ids))]


def comments(keys: Collection[CommentId]) -> list[Comment]:
    """Those of these comments (100 at most) that there are, in no order."""
    return [items.to_comment(one) for one in TICKETS.get_all(starmap(items.comment_key, keys))]


def existing(ticket_ids: list[str]) -> set[str]:
    """Which of these tickets (100 at most) there are."""
    return {one["ticket_id"] for one in TICKETS.get_all(map(items.ticket_key, ticket_ids), only="ticket_id")}


def existing_comments(keys: Collection[CommentId]) -> set[CommentId]:
    """Which of these comments (100 at most) there are."""
    found = TICKETS.get_all(starmap(items.comment_key, keys), only="ticket_id, #item")
    return {(one["ticket_id"], one["item"].removeprefix(items.COMMENT)) for one in found}


def _cut(page: Page) -> Page:
    """The page up to as many tickets kept apart as one may have; the next begins behind the last of them."""
    apart = [n for n, one in enumerate(page.items, 1) if isinstance(one, Ticket) and one.overflow]
    if len(apart) <= APART:
        return page
    end = apart[APART - 1]
    return Page(page.items[:end], end, {"ticket_id": page.items[end - 1].ticket_id, "item": items.TICKET})


def _value(item: Item) -> Ticket | Comment:
    return items.to_ticket(item) if item["item"] == items.TICKET else items.to_comment(item)
