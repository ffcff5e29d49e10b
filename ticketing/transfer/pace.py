"""How fast an import writes: a token bucket, so that the doors' own traffic has room beside it."""

import time
from collections.abc import Callable


class Pace:
    """So many items a second on average, and what was not used in the last second besides; 0 is no limit."""

    def __init__(
        self,
        per_second: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = per_second, clock, sleep
        self._left, self._at = 0.0, clock()

    def take(self, count: int) -> None:
        """Wait until so many may be written."""
        if not self._rate:
            return
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate) - count
        self._at = now
        if self._left < 0:
            self._sleep(-self._left / self._rate)
