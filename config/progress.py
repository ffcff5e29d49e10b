"""The progress of a long command: a bar on a terminal, elsewhere a plain line now and then."""

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper
from tqdm import tqdm

EVERY, SECONDS = 10_000, 10  # a line after so many items, and if items take long, after so many seconds


def silent(_count: int) -> None:
    """Reports nothing, for work that nobody watches."""


class _Raw:
    """A command's stream as tqdm needs it: nothing is added to what is written."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(text, str, "")

    def flush(self) -> None:
        self._stream.flush()


class Progress:
    """Reports on a command's stderr how much is done, of about `total` (0: unknown).

    A plain line counts items: `10000 looked at`. A bar counts in `unit`, which may be something else. `done` is the
    number of items so far.
    """

    def __init__(
        self,
        stream: OutputWrapper,
        total: int = 0,
        said: str = "looked at",
        unit: str = " items",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._said, self.done = stream, said, 0
        self._clock, self._told_at = clock, clock()
        terminal = stream.isatty()
        self._bar = tqdm(total=total or None, file=_Raw(stream), unit=unit, unit_scale=True) if terminal else None

    def add(self, count: int, size: int | None = None) -> None:
        """Report `count` more items as done; `size` is how much of the total that is, if the bar counts no items."""
        before, self.done = self.done, self.done + count
        if self._bar is not None:
            self._bar.update(count if size is None else size)
        elif self.done // EVERY != before // EVERY or (count and self._clock() - self._told_at > SECONDS):
            self._told_at = self._clock()
            self._stream.write(f"{self.done} {self._said}")

    def to(self, done: int) -> None:
        """Report that `done` items are done in all. A number lower than before is ignored."""
        self.add(max(0, done - self.done))

    def close(self) -> None:
        """Leave the bar as it is, and begin a new line."""
        if self._bar is not None:
            self._bar.close()
