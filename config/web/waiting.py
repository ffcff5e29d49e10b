"""Waits for what a client has yet to send, and keeps threads free for the others meanwhile.

gunicorn's parser reads a request from its socket in the thread that answers it. So forty clients that send a byte now
and then would hold every thread. Here only some threads may wait at a time, and none for longer than a request may
take.
"""

import select
import socket
import threading
import time
from errno import ECONNRESET
from typing import Final

SECONDS: Final = 10.0  # for a request to arrive, from its first byte to its last
FREE: Final = 3  # threads of a process that never wait for a client
GAPS: Final = 0.03  # seconds a request may wait in all when the others have all places


class TooSlow(ConnectionResetError):
    """The rest of the request is not waited for. gunicorn takes it for a client that went away, and only closes."""

    def __init__(self) -> None:
        super().__init__(ECONNRESET, "The request came too slowly")


class Places:
    """How many threads may wait at a time."""

    def __init__(self, threads: int) -> None:
        self._free = threading.BoundedSemaphore(max(threads - FREE, 1))

    def readable(self, connection: socket.socket, seconds: float, without_place: float) -> bool:
        """Wait until there is something to read. If no place is free, wait for `without_place` seconds only."""
        if not self._free.acquire(blocking=False):
            return _readable(connection, min(seconds, without_place))
        try:
            return _readable(connection, seconds)
        finally:
            self._free.release()


class Patient:
    """A connection's socket, for gunicorn's parser: `recv` waits, but not for ever, and not everybody at once."""

    def __init__(self, connection: socket.socket, places: Places, without_place: float = GAPS) -> None:
        self._connection, self._places, self._without_place = connection, places, without_place
        self.gave_up = False
        self.begin(SECONDS)

    def begin(self, seconds: float) -> None:
        """From now on, wait for so many seconds at most, all in all."""
        self._end = time.monotonic() + seconds

    def recv(self, size: int) -> bytes:
        """What came, b"" at the end. Raises TooSlow."""
        if self.gave_up or not self._came():
            self.gave_up = True
            raise TooSlow
        return self._connection.recv(size)

    def _came(self) -> bool:
        began = time.monotonic()
        if began >= self._end:
            return False
        if _readable(self._connection, 0):
            return True
        came = self._places.readable(self._connection, self._end - began, self._without_place)
        self._without_place = max(self._without_place - (time.monotonic() - began), 0.0)
        return came


def _readable(connection: socket.socket, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))
