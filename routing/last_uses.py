"""When each token was last used. A request only notes it in memory; a thread writes it to the database.

A token's use is written at most once an hour for each process, so the time may be an hour behind. If the database is
away, the note is kept and written later. A process that ends loses the notes of its last half minute.
"""

import logging
import os
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection
from django.db.models import Q

from routing.models import ApiToken

_AGAIN_SECONDS: Final = 3600.0  # after so long, a process notes another use of the same token

log = logging.getLogger(__name__)


class _Noted:
    """What this process has yet to write, and when it notes each token again."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Start with nothing noted and no writer, also in a forked child: its parent writes what it had noted."""
        self._lock = threading.Lock()
        self._due: dict[int, float] = {}  # token id: until then, it is not noted again
        self._uses: dict[int, datetime] = {}
        self.writer: threading.Thread | None = None

    def note(self, token_id: int) -> None:
        now = time.monotonic()
        if now < self._due.get(token_id, now):
            return
        with self._lock:
            self._due[token_id] = now + _AGAIN_SECONDS
            self._uses[token_id] = datetime.now(UTC)
            if self.writer is None and settings.METRICS_FLUSH_SECONDS:
                self.writer = threading.Thread(target=_write_on, name="last uses", daemon=True)
                self.writer.start()

    def take(self) -> dict[int, datetime]:
        with self._lock:
            taken, self._uses = self._uses, {}
        return taken

    def put_back(self, uses: dict[int, datetime]) -> None:
        with self._lock:
            self._uses = uses | self._uses


_noted = _Noted()
os.register_at_fork(after_in_child=_noted.start_anew)


def note(token_id: int) -> None:
    """Note that the token is used now. Takes less than a microsecond, asks the database nothing, raises nothing."""
    _noted.note(token_id)


def write(**_: Any) -> None:
    """Write what was noted. If the database is away, it is kept for the next time.

    A thread calls it in every process but on Lambda, where it is the receiver of Django's `request_finished`.
    """
    uses = _noted.take()
    try:
        for token_id, at in uses.items():
            earlier = Q(last_used_at=None) | Q(last_used_at__lt=at)  # another process may know a later use
            ApiToken.objects.filter(earlier, pk=token_id).update(last_used_at=at)
    except Error as error:
        _noted.put_back(uses)
        log.warning("When tokens were last used is written later: %s", type(error).__name__)


def _write_on() -> None:
    while True:
        time.sleep(settings.METRICS_FLUSH_SECONDS)
        # After `start_anew` this thread is no longer the writer, and another may be.
        if _noted.writer is not threading.current_thread():
            return
        write()
        connection.close()  # a thread that works once an hour keeps no connection
