"""The index against the record, page by page: what differs, and making it the same. The desk serves meanwhile.

Nothing is dropped and built anew: whatever of the record the index lacks, or says otherwise, is put in, and a row goes
only after the record was asked for that very item. So what arrives meanwhile stays. The work falls into stretches,
which can be gone through side by side, in any order, and from any page on: segments of the table, then ranges of rows.
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

ROWS = 500  # of the index, a page
BATCH = 100  # what the record is asked for at once


def stretches(segments: int) -> list[Stretch]:
    """All that is to be gone through, so many stretches at a time; of the rows, those that there are now.

    A row that comes later comes from the record, so nobody needs to ask for it.
    """
    return [
        *({"walk": "record", "segment": number, "segments": segments} for number in range(segments)),
        *({"walk": "tickets"} | one for one in _ranges(IndexedTicket.objects.values("ticket_id"), segments)),
        *({"walk": "comments"} | one for one in _ranges(IndexedComment.objects.values("ticket_id"), segments)),
    ]


def about_how_many() -> int:
    """About how many items all stretches have."""
    return bulk.count() + IndexedTicket.objects.count() + IndexedComment.objects.count()


def page(stretch: Stretch, place: Place | None, mend: bool) -> Page:
    """Compare a page of a stretch, from where the page before it ended; with `mend`, put right what differs.

    Doing it twice does no harm. Raises aws.AwsError.
    """
    return _WALKS[stretch["walk"]](stretch, place, mend)


def differences(tell: Callable[[int], object] = silent) -> Iterator[Finding]:
    """Every difference, both ways, with a word after each page about how many items it had. Raises aws.AwsError."""
    for stretch in stretches(1):
        looked = page(stretch, None, mend=False)
        while True:
            yield from looked.found
            tell(looked.seen)
            if looked.next is None:
                break
            looked = page(stretch, looked.next, mend=False)


def _ranges(rows: "QuerySet[Any, Any]", count: int) -> list[Stretch]:
    """Up to so many ranges of ticket ids, about equal: after the one, up to the other. None where there are no rows."""
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
