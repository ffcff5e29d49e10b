"""How far a long command is, on the standard error: a bar on a terminal, a plain line now and then elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tqdm import tqdm

EVERY = 10_000  # how many make a plain line


class Advance(Protocol):
    def __call__(self, count: int, size: int | None = None) -> None:
        """So many more are done, which is so much of the total."""


@contextmanager
def shown(what: str, total: int | None, unit: str) -> Iterator[Advance]:
    """Tell how many of `what` are done. The bar fills up to `total`, counted in `unit`; None if nobody knows."""
    if not sys.stderr.isatty():
        yield _plainly(what)
        return
    with tqdm(total=total, unit=unit, unit_scale=True, dynamic_ncols=True) as bar:

        def advance(count: int, size: int | None = None) -> None:
            bar.update(count if size is None else size)

        yield advance


def _plainly(what: str) -> Advance:
    seen = 0

    def advance(count: int, size: int | None = None) -> None:
        nonlocal seen
        before, seen = seen, seen + count
        if seen // EVERY != before // EVERY:
            print(f"{seen} {what}", file=sys.stderr)  # noqa: T201 - that is where progress belongs

    return advance
