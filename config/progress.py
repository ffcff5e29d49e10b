"""How far a long command is: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper
from tqdm import tqdm

EVERY, SECONDS = 10_000, 10  # items, a line; and how long none may come, where items take long


def silent(_count: int) -> None:
    """Tells nobody, for who works where nobody looks."""


class _Raw:
    """A command's stream as a bar wants it: nothing is added to what is written."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(text, str, "")

    def flush(self) -> None:
        self._stream.flush()


class Progress:
    """Tells on a command's stderr how much is done, of about `total` (0: nobody knows).

    A plain line says how many items: `10000 looked at`; a bar counts in `unit`, which may be something else. `done` is
    how many items there were until now.
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
        """So many more items are done, which are so much of the total."""
        before, self.done = self.done, self.done + count
        if self._bar is not None:
            self._bar.update(count if size is None else size)
        elif self.done // EVERY != before // EVERY or (count and self._clock() - self._told_at > SECONDS):
            self._told_at = self._clock()
            self._stream.write(f"{self.done} {self._said}")

    def to(self, done: int) -> None:
        """So many are done in all; fewer than were told before are passed over."""
        self.add(max(0, done - self.done))

    def close(self) -> None:
        """Leave the bar where it is, and a line of its own for what comes next."""
        if self._bar is not None:
            self._bar.close()
