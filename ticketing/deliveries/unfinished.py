"""The lists of deliveries that staff should see, newest first, from the sparse index `UnfinishedIndex`.

They are those that have not ended well, those that were set aside, and those that ended well with a note.
"""

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from ticketing.deliveries.delivery import Delivery, State
from ticketing.deliveries.store import ASIDE, DELIVERIES, NOTED, PARTITIONS, from_item

_INDEX_PAGE = 100  # deliveries of a partition that one call looks at
_NUMBERED = [str(number) for number in range(PARTITIONS)]

Place = tuple[str, str]  # in the list: when the delivery was received, then its id


@dataclass(frozen=True)
class Page:
    """Some of the list, and where it continues (None at its end)."""

    deliveries: list[Delivery]
    next: Place | None


def page(state: State | None = None, start: Place | None = None, limit: int = 50) -> Page:
    """A page of what has not ended well and is not set aside. `start` is the `next` of an earlier page.

    With `state`, only deliveries in that state. Raises aws.AwsError.
    """
    return _page(_NUMBERED, state, start, limit)


def set_aside_page(start: Place | None = None, limit: int = 50) -> Page:
    """A page of what was set aside, in whatever state it is. Otherwise as `page`."""
    return _page([ASIDE], None, start, limit)


def noted_page(start: Place | None = None, limit: int = 50) -> Page:
    """A page of what ended well with a note. Otherwise as `page`."""
    return _page([NOTED + name for name in _NUMBERED], None, start, limit)


def all_set_aside() -> Iterator[Delivery]:
    """Everything that was set aside, read as it is needed. Raises aws.AwsError.

    The list is short, since people make it by hand.
    """
    return _partition(ASIDE, None, None)


def _page(names: Collection[str], state: State | None, start: Place | None, limit: int) -> Page:
    partitions = [_partition(name, state, start) for name in names]
    merged = heapq.merge(*partitions, key=_place, reverse=True)
    found = list(islice((one for one in merged if start is None or _place(one) < start), limit + 1))
    return Page(found[:limit], _place(found[limit - 1]) if len(found) > limit else None)


def _place(delivery: Delivery) -> Place:
    return delivery.received_at, delivery.delivery_id


def _partition(name: str, state: State | None, start: Place | None) -> Iterator[Delivery]:
    """A partition's deliveries, newest first, read as they are needed.

    The index does not sort deliveries that were received at the same moment, so they are sorted here.
    """
    values = {":name": name} | ({":start": start[0]} if start else {}) | ({":state": state} if state else {})
    found = DELIVERIES.query(
        "unfinished = :name" + (" AND received_at <= :start" if start else ""),
        values,
        only_if="#state = :state" if state else "",
        index="UnfinishedIndex",
        order="last",
        # A filter may leave out most of them, so one call looks at a megabyte then.
        limit=None if state else _INDEX_PAGE,
    )
    for _, at_once in groupby(map(from_item, found), lambda one: one.received_at):
        yield from sorted(at_once, key=_place, reverse=True)
