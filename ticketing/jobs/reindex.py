"""Compares the index with the record, page by page, and repairs what differs. The desk stays available.

Nothing is dropped and built anew. If the index lacks an item of the record, or has other content for it, the item is
written. A row is deleted only after the record was asked for that very item. So nothing that arrives meanwhile is lost.

The work is divided into stretches: segments of the table, then ranges of rows. They can be worked side by side, in any
order, and from any page on.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from config.batched import batched
from config.progress import silent
from ticketing.index import comparing
from ticketing.jobs.page import Finding, Page, Place, Stretch
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.record import bulk

ROWS = 500  # of the index, in a page
BATCH = 100  # items that the record is asked for in one call


def stretches(segments: int) -> list[Stretch]:
    """The whole work: `segments` of the table, then as many ranges of ticket rows, and of comment rows, at most.

    The ranges have the rows that exist now. A row that comes later comes from the record, so nobody needs to check it.
    """
    return [
        *({"walk": "record", "segment": number, "segments": segments} for number in range(segments)),
        *({"walk": "tickets"} | one for one in _ranges(IndexedTicket.objects.values("ticket_id"), segments)),
        *({"walk": "comments"} | one for one in _ranges(IndexedComment.objects.values("ticket_id"), segments)),
    ]


def about_how_many() -> int:
    """About how many items all stretches have together."""
    return bulk.count() + IndexedTicket.objects.count() + IndexedComment.objects.count()


def page(stretch: Stretch, place: Place | None, mend: bool) -> Page:
    """Compare a page of a stretch, from where the page before it ended. With `mend`, repair what differs.

    It is harmless to do it twice. Raises aws.AwsError.
    """
    return _WALKS[stretch["walk"]](stretch, place, mend)


def differences(tell: Callable[[int], object] = silent) -> Iterator[Finding]:
    """Every difference, in both directions. `tell` gets each page's number of items. Raises aws.AwsError."""
    for stretch in stretches(1):
        looked = page(stretch, None, mend=False)
        while True:
            yield from looked.found
            tell(looked.seen)
            if looked.next is None:
                break
            looked = page(stretch, looked.next, mend=False)


def _ranges(rows: "QuerySet[Any, Any]", count: int) -> list[Stretch]:
    """Up to `count` ranges of ticket ids, about equal in size: above `after`, up to `to`. None if there are no rows."""
    last = rows.order_by("-ticket_id").first()
    if last is None:
        return []
    ids, total = IndexedTicket.objects.order_by("pk").values_list("pk", flat=True), IndexedTicket.objects.count()
    bounds = [ids[total * number // count] for number in range(1, count)] if total >= count else []
    pairs = zip([None, *bounds], [*bounds, last["ticket_id"]], strict=True)
    return [{"after": after, "to": to} for after, to in pairs]


def _record(stretch: Stretch, place: Place | None, mend: bool) -> Page:
    read = bulk.page(stretch["segment"], stretch["segments"], place)
    if mend:
        found = [one for batch in read.batches() for one in comparing.mend(*batch)]
    else:
        found = comparing.record(read.batches())
    return Page(read.seen, found, read.next)


def _tickets(stretch: Stretch, place: Place | None, mend: bool) -> Page:
    rows = IndexedTicket.objects.order_by("pk")
    after = place["ticket_id"] if place else stretch["after"]
    rows = rows.filter(pk__gt=after) if after is not None else rows
    ids = list(rows.filter(pk__lte=stretch["to"]).values_list("pk", flat=True)[:ROWS])
    found = [one for some in batched(ids, BATCH) for one in comparing.tickets_of_index(some, mend)]
    return Page(len(ids), found, {"ticket_id": ids[-1]} if len(ids) == ROWS else None)


def _comments(stretch: Stretch, place: Place | None, mend: bool) -> Page:
    rows = IndexedComment.objects.order_by("ticket_id", "comment_id")
    if place:
        rows = rows.filter(pk__gt=(place["ticket_id"], place["comment_id"]))
    elif stretch["after"] is not None:
        rows = rows.filter(ticket_id__gt=stretch["after"])
    keys = rows.filter(ticket_id__lte=stretch["to"]).values_list("ticket_id", "comment_id")
    ids = [(ticket_id, comment_id) for ticket_id, comment_id in keys[:ROWS]]
    found = [one for some in batched(ids, BATCH) for one in comparing.comments_of_index(some, mend)]
    last = {"ticket_id": ids[-1][0], "comment_id": ids[-1][1]} if len(ids) == ROWS else None
    return Page(len(ids), found, last)


_WALKS: dict[str, Callable[[Stretch, Place | None, bool], Page]] = {
    "record": _record,
    "tickets": _tickets,
    "comments": _comments,
}
