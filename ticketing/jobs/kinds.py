"""What a job can be: how its work falls into parts, and what a page of each is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ticketing import reindex
from ticketing.reindex import Page, Place, Stretch

Kind = Literal["reindex", "check"]


@dataclass(frozen=True)
class Work:
    """`stretches` parts the work into so many side by side, `total` says about how much it is, `page` does some of it.

    A page may be done twice, and by two at once.
    """

    stretches: Callable[[int], list[Stretch]]
    total: Callable[[], int]
    page: Callable[[Stretch, Place | None], Page]


def _rebuild(stretch: Stretch, place: Place | None) -> Page:
    return reindex.page(stretch, place, mend=True)


def _check(stretch: Stretch, place: Place | None) -> Page:
    return reindex.page(stretch, place, mend=False)


KINDS: dict[str, Work] = {
    "reindex": Work(reindex.stretches, reindex.about_how_many, _rebuild),
    "check": Work(reindex.stretches, reindex.about_how_many, _check),
}
