"""How far a long command is: a bar on a terminal, a plain line now and then elsewhere."""

from django.core.management.base import OutputWrapper
from tqdm import tqdm

EVERY = 10_000  # items, a line


class _Raw:
    """A command's stream as a bar wants it: nothing is added to what is written."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(text, str, "")

    def flush(self) -> None:
        self._stream.flush()


class Progress:
    """Tells on a command's stderr how many items are done, of about `total` (0: nobody knows)."""

    def __init__(self, stream: OutputWrapper, total: int = 0) -> None:
        self._stream, self._done = stream, 0
        terminal = stream.isatty()
        self._bar = tqdm(total=total or None, file=_Raw(stream), unit=" items", unit_scale=True) if terminal else None

    def add(self, count: int) -> None:
        """So many more are done."""
        self.to(self._done + count)

    def to(self, done: int) -> None:
        """So many are done in all; fewer than were told before are passed over."""
        before, self._done = self._done, max(self._done, done)
        if self._bar is not None:
            self._bar.update(self._done - before)
        elif self._done // EVERY != before // EVERY:
            self._stream.write(f"{self._done} looked at")

    def close(self) -> None:
        """Leave the bar where it is, and a line of its own for what comes next."""
        if self._bar is not None:
            self._bar.close()
