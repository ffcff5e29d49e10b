"""Limits how fast an import writes, by a token bucket, so that the doors keep their capacity."""

import time
from collections.abc import Callable


class Pace:
    """So many items a second on average, plus what the last second left unused. 0 means no limit."""

    def __init__(
        self,
        per_second: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = per_second, clock, sleep
        self._left, self._at = 0.0, clock()

    def take(self, count: int) -> None:
        """Wait until `count` items may be written."""
        if not self._rate:
            return
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate) - count
        self._at = now
        if self._left < 0:
            self._sleep(-self._left / self._rate)
