"""The kinds of jobs: how each divides its work into stretches, and what it does for a page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from ticketing.jobs import erasure, export, reindex
from ticketing.jobs.page import Page, Place, Stretch
from ticketing.models import Job

Kind = Literal["reindex", "check", "export", "survey", "erasure"]
Parameters = dict[str, Any]  # what a job was asked for, as JSON


@dataclass(frozen=True)
class Work:
    """How one kind of job works.

    - `stretches` divides the work, for as many workers side by side as its second argument says.
    - `total` says about how many items there are.
    - `page` works one page of a stretch. It may be called twice for the same page, even by two workers at once.
    """

    stretches: Callable[[Parameters, int], list[Stretch]]
    total: Callable[[Parameters], int]
    page: Callable[[Job, Stretch, Place | None], Page]


def _index(mend: bool) -> Work:
    """Going through the whole index. It needs no parameters."""
    return Work(
        stretches=lambda _, segments: reindex.stretches(segments),
        total=lambda _: reindex.about_how_many(),
        page=lambda _, stretch, place: reindex.page(stretch, place, mend),
    )


def _erasing(survey: bool) -> Work:
    return Work(erasure.stretches, erasure.total, partial(erasure.page, survey=survey))


KINDS: dict[str, Work] = {
    "reindex": _index(mend=True),
    "check": _index(mend=False),
    "export": Work(export.stretches, export.total, export.page),
    "survey": _erasing(survey=True),
    "erasure": _erasing(survey=False),
}
