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
STAYS: Final = 0.5  # seconds of waiting after which a request has to go if another needs its place
_LOOK: Final = 0.1  # seconds between two looks whether it has to
GAPS: Final = 0.03  # seconds a request may wait in all when the others have all places


class TooSlow(ConnectionResetError):
    """The rest of the request is not waited for. gunicorn takes it for a client that went away, and only closes."""

    def __init__(self) -> None:
        super().__init__(ECONNRESET, "The request came too slowly")


class Places:
    """Where threads wait. If all places are taken, whoever waited longest for its request has to go."""

    def __init__(self, threads: int) -> None:
        self._lock = threading.Lock()
        self._most = max(threads - FREE, 1)
        self._waiting: list[Patient] = []

    def take(self, one: "Patient") -> bool:
        """Whether there was a place, or somebody who had to go."""
        with self._lock:
            if len(self._waiting) >= self._most:
                longest = max(self._waiting, key=lambda other: other.waited)
                if longest.waited < STAYS:
                    return False
                self._waiting.remove(longest)
            self._waiting.append(one)
            return True

    def keeps(self, one: "Patient") -> bool:
        """Whether it still has its place."""
        return one in self._waiting

    def leave(self, one: "Patient") -> None:
        """Give the place back, if it still has one."""
        with self._lock:
            if one in self._waiting:
                self._waiting.remove(one)


class Patient:
    """A connection's socket, for gunicorn's parser: `recv` waits, but not for ever, and not everybody at once."""

    def __init__(self, connection: socket.socket, places: Places, without_place: float = GAPS) -> None:
        self._connection, self._places, self._without_place = connection, places, without_place
        self.gave_up = False
        self.waited = 0.0  # seconds, in all
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
        if time.monotonic() >= self._end:
            return False
        if _readable(self._connection, 0):
            return True
        if not self._places.take(self):
            before, self._without_place = self._without_place, 0.0  # once, in all
            return self._wait(before)
        try:
            while not (came := self._wait(_LOOK)) and self._places.keeps(self) and time.monotonic() < self._end:
                pass
        finally:
            self._places.leave(self)
        return came

    def _wait(self, seconds: float) -> bool:
        began = time.monotonic()
        came = _readable(self._connection, min(seconds, max(self._end - began, 0.0)))
        self.waited += time.monotonic() - began
        return came


def _readable(connection: socket.socket, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))
