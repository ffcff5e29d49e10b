"""Says in the log that something is away: a line when that begins, one a minute, and one when it ends.

Without this, every thread of a process would write a line for every try.
"""

import logging
import threading
import time
from typing import Final

from config.aws.errors import Unreachable

EVERY: Final = 60.0  # seconds between two lines
QUIET: Final = 5.0  # seconds without a failure after which it counts as over: calls that work and fail may alternate

log = logging.getLogger(__name__)


class Outage:
    """Whether something is away, and since when. Threads may share it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._since: float | None = None
        self._failed = self._told = 0.0
        self._count = 0

    def failed(self, error: Exception) -> None:
        """Count a failure, and say so if it is the first, or the first for a minute."""
        with self._lock:
            now = self._failed = time.monotonic()
            self._count += 1
            if self._since is None:
                self._since = self._told = now
                log.warning("%s fails, and is tried again until it works: %s", self._what, error)
            elif now - self._told >= EVERY:
                self._told = now
                log.warning("%s fails for %d s, %d times: %s", self._what, now - self._since, self._count, error)

    def worked(self) -> None:
        """Say that it is over, if anything had failed and nothing has failed since for some seconds."""
        if self._since is None:  # as nearly always: no lock for this
            return
        with self._lock:
            now = time.monotonic()
            if self._since is not None and now - self._failed >= QUIET:
                log.warning("%s works again, after %d s and %d failures", self._what, now - self._since, self._count)
                self._since, self._count = None, 0


class OutageFilter(logging.Filter):
    """Drops the lines that quote an `Unreachable`: `call` has told of the outage, and each of these lines only adds
    that something else waits for its end."""

    def filter(self, record: logging.LogRecord) -> bool:
        quoted = record.args if isinstance(record.args, tuple) else ()
        return record.name == __name__ or not any(isinstance(one, Unreachable) for one in quoted)
