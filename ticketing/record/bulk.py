"""Reads the record in bulk: pages of the whole table, and many items by their keys. For Foyer's own work.

Every read is consistent: it sees everything that was written before it began.
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

BATCH = 500  # items that SQL gets at once: most of a transaction's cost occurs once, however many it writes
TEXT = 4_000_000  # characters in all of them: the index's transaction needs about thirty bytes of memory for each
PAGE = 2_000  # items: compared in a second or two, so an interruption repeats little work
APART = 20  # tickets on a page that have text in S3: each may have megabytes and take seconds

Place = dict[str, str]  # the key of the last item that was read
CommentId = tuple[str, str]  # the ticket's id and the comment's own
T = TypeVar("T", bound=Ticket | Comment)


@dataclass(frozen=True)
class Page:
    """Tickets and comments of the table, how many items were read, and where the next page begins (None at the end)."""

    items: list[Ticket | Comment]
    seen: int
    next: Place | None

    def batches(self) -> Iterator[tuple[list[Ticket], list[Comment]]]:
        """The tickets and comments, some hundred at a time. Only here is the text of large tickets read from S3."""
        filled = (overflow.fill(one) if isinstance(one, Ticket) else one for one in self.items)
        for batch in bounded(filled):
            tickets = [one for one in batch if isinstance(one, Ticket)]
            yield tickets, [one for one in batch if isinstance(one, Comment)]


def page(segment: int, segments: int, start: Place | None) -> Page:
    """One page of a segment (`segment` counts from 0), from where the page before it ended (None: from its beginning).

    All items of a ticket are in one segment, the ticket before its comments.
    """
    wanted, values = (
        "#item = :ticket OR begins_with(#item, :comment)",
        {":ticket": items.TICKET, ":comment": items.COMMENT},
    )
    read = TICKETS.scan_page(wanted, values, part=(segment, segments), limit=PAGE, start=start)
    return _cut(Page([_value(one) for one in read.items], read.seen, read.next))


def bounded(values: Iterable[T], most: int = BATCH) -> Iterator[list[T]]:
    """Tickets and comments in batches that fit the index's transaction: `most` items and TEXT characters at most."""
    return batched_by_size(values, most, characters, TEXT)


def characters(one: Ticket | Comment) -> int:
    """About how many characters of text the ticket or comment has."""
    if isinstance(one, Comment):
        return len(one.comment)
    return len(one.issue_description) + (len(json.dumps(one.attributes)) if one.overflow else 0)


def conversations() -> Iterator[tuple[Ticket, list[Comment]]]:
    """Every ticket with its comments, in no order. Waits patiently if AWS fails.

    One scan is enough, because the table keeps a ticket's items side by side. Comments written meanwhile may be
    missing. If the caller needs all of them, it must compare with the ticket's count.
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
    """About how many items of any kind the table has. AWS counts them every six hours."""
    return TICKETS.about_how_many()


def tickets(ticket_ids: list[str]) -> list[Ticket]:
    """The tickets with these ids (100 at most), as far as they exist, whole and in no order."""
    return [whole(one) for one in TICKETS.get_all(map(items.ticket_key, ticket_ids))]


def comments(keys: Collection[CommentId]) -> list[Comment]:
    """The comments with these keys (100 at most), as far as they exist, in no order."""
    return [items.to_comment(one) for one in TICKETS.get_all(starmap(items.comment_key, keys))]


def existing(ticket_ids: list[str]) -> set[str]:
    """Which of these tickets (100 at most) exist."""
    return {one["ticket_id"] for one in TICKETS.get_all(map(items.ticket_key, ticket_ids), only="ticket_id")}


def existing_comments(keys: Collection[CommentId]) -> set[CommentId]:
    """Which of these comments (100 at most) exist."""
    found = TICKETS.get_all(starmap(items.comment_key, keys), only="ticket_id, #item")
    return {(one["ticket_id"], one["item"].removeprefix(items.COMMENT)) for one in found}


def _cut(page: Page) -> Page:
    """The page, with at most APART of the tickets that have text in S3. The next page begins after the last of them."""
    apart = [n for n, one in enumerate(page.items, 1) if isinstance(one, Ticket) and one.overflow]
    if len(apart) <= APART:
        return page
    end = apart[APART - 1]
    return Page(page.items[:end], end, {"ticket_id": page.items[end - 1].ticket_id, "item": items.TICKET})


def _value(item: Item) -> Ticket | Comment:
    return items.to_ticket(item) if item["item"] == items.TICKET else items.to_comment(item)
