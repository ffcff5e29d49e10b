"""Compares what the doors accepted, the raw store, the record and the index, to find what is missing.

Everything is read page by page, so memory use is the same at any size. A delivery has fifteen minutes to end; until
then it is not a finding.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from config.batched import batched
from config.progress import silent
from ticketing.deliveries import Delivery, doors, raw_tickets, scan, unfinished
from ticketing.jobs import reindex
from ticketing.jobs.page import Finding as Difference
from ticketing.jobs.reindex import BATCH
from ticketing.record import bulk

_INDEX = {
    "missing": "in the record, but not in the index",
    "different": "the index says something else of it",
    "not in the record": "in the index, but not in the record: another program deleted it",
    "comments missing": "comments of it are in the record, but not in the index",
    "comments different": "the index says something else of its comments",
    "comments not in the record": "comments of it are in the index, but another program deleted them from the record",
    "not searchable": "in the index, but search does not know what it says",
}
Tell = Callable[[int], object]


@dataclass(frozen=True)
class Finding:
    """Something is missing: the id, what is wrong, and what to do.

    `due` is False if nobody waits for it: no door had accepted it, somebody has set it aside, or it only has a note.
    """

    id: str
    what: str
    to_do: str
    due: bool = True

    def __str__(self) -> str:
        return f"{self.id}: {self.what}. {self.to_do}"


def findings(since: str | None = None, tell: Tell = silent) -> Iterator[Finding]:
    """Everything that is missing. Raises aws.AwsError.

    `since` limits the deliveries and raw tickets, by the time they came in; the index is always compared as a whole.
    `tell` is called after each page, with the number of items on it.
    """
    yield from _of_deliveries(batched(scan(since), BATCH), tell)
    yield from _of_raw_tickets(batched(raw_tickets.stored(since), BATCH), tell)
    for difference in reindex.differences(tell):
        yield _of_index(difference)


# --- What the doors accepted --------------------------------------------------------------------------


def _of_deliveries(pages: Iterable[list[Delivery]], tell: Tell) -> Iterator[Finding]:
    for page in pages:
        there = bulk.existing(sorted({one.ticket_id for one in page if _has_ticket(one) and one.ticket_id}))
        for one in page:
            if one.ended_well:
                yield from _ended(one, there)
            elif one.set_aside:
                yield _aside(one)
            elif one.state == "failed" or one.is_late:
                yield _unfinished(one)
        tell(len(page))


def _has_ticket(delivery: Delivery) -> bool:
    return delivery.ended_well and delivery.state != "ignored"


def _ended(delivery: Delivery, there: set[str]) -> Iterator[Finding]:
    """What a delivery that ended well should have left behind, but is missing; and what it has to say."""
    if delivery.note:
        what, to_do = f"{_named(delivery)} ended `{delivery.state}` with a note", f"{delivery.note}."
        yield Finding(delivery.ticket_id or delivery.delivery_id, what, to_do, due=False)
    if _has_ticket(delivery) and delivery.ticket_id not in there:
        what = f"not in the record, but {_named(delivery)} ended `{delivery.state}`"
        to_do = "Another program deleted it: restore the table to a time before that, or have the sender send it anew."
        yield Finding(delivery.ticket_id or delivery.delivery_id, what, to_do)
    if doors.of(delivery).keeps_raw and delivery.state in ("created", "updated"):
        key = raw_tickets.key(delivery.key, delivery.received_at)
        if not raw_tickets.holds(key):
            what = f"not in the raw store, but {_named(delivery)} ended `{delivery.state}`"
            yield Finding(key, what, "Have Zendesk send the webhook again; it is then fetched and stored anew.")


def _unfinished(delivery: Delivery) -> Finding:
    """A delivery without a ticket, or with a ticket that nobody reported as created."""
    what, due = _why(delivery), delivery.state != "received"
    again = doors.of(delivery).advice.format(delivery.delivery_id)
    to_do = f"Repair the cause, then {again}; if nobody can, `Set aside` on the page Deliveries at the desk."
    if delivery.state == "accepted":
        to_do = f"Look whether its consumers run; if it is in the dead-letter queue: {again}."
    if not due:
        to_do = "If its message is queued, the consumers will say so; else the sender got no yes: nothing to do."
    return Finding(delivery.ticket_id or delivery.delivery_id, what, to_do, due)


def _aside(delivery: Delivery) -> Finding:
    """A delivery about which somebody has said that nothing can be done."""
    what = f"{_named(delivery)} was set aside by {delivery.set_aside}"
    to_do = "Nothing is to be done; else `Take back` on the page Deliveries at the desk."
    return Finding(delivery.ticket_id or delivery.delivery_id, what, to_do, due=False)


def _why(delivery: Delivery) -> str:
    named, error = _named(delivery), f" ({delivery.error})" if delivery.error else ""
    if delivery.state == "failed":
        return f"{doors.of(delivery).lacks}, {named} failed{error or ' (no cause was given)'}"
    if delivery.state == "received":
        return f"promised nothing, {named} was written down at {delivery.received_at} and never accepted{error}"
    return f"accepted at {delivery.received_at}, but {named} has not ended{error}"


def _named(delivery: Delivery) -> str:
    return f"delivery {delivery.delivery_id} (door {delivery.door}, key {delivery.key})"


# --- The raw store and the index ----------------------------------------------------------------------


def _of_raw_tickets(pages: Iterable[list[tuple[str, str]]], tell: Tell) -> Iterator[Finding]:
    """Raw tickets that have no ticket in the record."""
    aside = {raw_tickets.ticket_key(one.key).keyed_id for one in unfinished.all_set_aside() if doors.of(one).keeps_raw}
    for page in pages:
        ids = {key: raw_tickets.ticket_key(zendesk_id).keyed_id for key, zendesk_id in page}
        there = bulk.existing(sorted(set(ids.values())))
        for key, ticket_id in ids.items():
            if ticket_id not in there:
                what, day = f"not in the record, but {key} is in the raw store", raw_tickets.day(key)
                to_do = f"`manage.py replay --since {day} --until {day}` opens it, or says why it cannot."
                if ticket_id in aside:
                    to_do = "Its delivery was set aside: nothing is to be done."
                yield Finding(ticket_id, what, to_do, due=ticket_id not in aside)
        tell(len(page))


def _of_index(difference: Difference) -> Finding:
    return Finding(
        difference.ticket_id, _INDEX[difference.what], "`manage.py reindex` makes the index say what the record says."
    )
