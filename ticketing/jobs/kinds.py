"""What a job can be: how its work falls into parts, and what a page of each is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ticketing.jobs import export, reindex
from ticketing.jobs.page import Page, Place, Stretch
from ticketing.models import Job

Kind = Literal["reindex", "check", "export"]
Parameters = dict[str, Any]  # what a job was asked for, as JSON has it


@dataclass(frozen=True)
class Work:
    """`stretches` parts the work into so many side by side, `total` says about how much it is, `page` does some of it.

    A page may be done twice, and by two at once.
    """

    stretches: Callable[[Parameters, int], list[Stretch]]
    total: Callable[[Parameters], int]
    page: Callable[[Job, Stretch, Place | None], Page]


def _index(mend: bool) -> Work:
    """Going through the whole index; it takes no parameters."""
    return Work(
        stretches=lambda _, segments: reindex.stretches(segments),
        total=lambda _: reindex.about_how_many(),
        page=lambda _, stretch, place: reindex.page(stretch, place, mend),
    )


KINDS: dict[str, Work] = {
    "reindex": _index(mend=True),
    "check": _index(mend=False),
    "export": Work(export.stretches, export.total, export.page),
}
