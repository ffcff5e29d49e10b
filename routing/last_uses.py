"""When each token was last used, and from where first. A request only notes it in memory; a thread writes it to SQL.

A token's use is written at most once an hour for each process, so the time may be an hour behind. If the database is
away, the note is kept and written later. A process that ends loses the notes of its last half minute.
"""

import ipaddress
import logging
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Q

from audit import trail, who
from audit.actions import Action
from audit.who import By
from routing.models import ApiToken

_MOST_KNOWN: Final = 10_000  # pairs of a token and an address that a process remembers
_MOST_ADDRESSES: Final = 200  # of a token that are recorded: one that moves all the time would fill the record
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
        self._known: set[tuple[int, str]] = set()  # where each token was used, as far as this process knows
        self._new: list[tuple[int, str]] = []  # of these, what is yet to be written
        self.writer: threading.Thread | None = None

    def note(self, token_id: int, address: str) -> None:
        if (token_id, address) not in self._known:
            self._note_address(token_id, address)
        now = time.monotonic()
        if now < self._due.get(token_id, now):
            return
        with self._lock:
            self._due[token_id] = now + _AGAIN_SECONDS
            self._uses[token_id] = datetime.now(UTC)
            self._start_writer()

    def _note_address(self, token_id: int, address: str) -> None:
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.add((token_id, address))
            if address and len(self._new) < _MOST_KNOWN:
                self._new.append((token_id, address))
            self._start_writer()

    def _start_writer(self) -> None:
        if self.writer is None and settings.METRICS_FLUSH_SECONDS:
            self.writer = threading.Thread(target=_write_on, name="last uses", daemon=True)
            self.writer.start()

    def take_addresses(self) -> list[tuple[int, str]]:
        with self._lock:
            taken, self._new = self._new, []
        return taken

    def put_addresses_back(self, pairs: list[tuple[int, str]]) -> None:
        with self._lock:
            self._new = (pairs + self._new)[:_MOST_KNOWN]

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
    """Note that the token is used now, and from where. Takes microseconds, and neither asks SQL nor raises."""
    _noted.note(token_id, who.address())


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
    _write_addresses()


def _write_addresses() -> None:
    """Record each token's first use from an address that nobody has seen it use."""
    pairs = _noted.take_addresses()
    try:
        while pairs:
            _first_use(*pairs[0])
            pairs.pop(0)
    except Error as error:
        _noted.put_addresses_back(pairs)
        log.warning("From where tokens were used is written later: %s", type(error).__name__)


def _first_use(token_id: int, address: str) -> None:
    where = _network(address)
    token = ApiToken.objects.filter(pk=token_id).first()
    if token is None or token.addresses.count() >= _MOST_ADDRESSES:
        return
    with transaction.atomic():
        _, new = token.addresses.get_or_create(address=where, defaults={"first_used_at": datetime.now(UTC)})
        if new:
            trail.record(
                Action.TOKEN_AT_NEW_ADDRESS, target=token.named, details={"address": where}, by=By(token.name, "token")
            )


def _network(address: str) -> str:
    """The address itself, of IPv6 its network: a program may use another address of it for each call."""
    with suppress(ValueError):
        found = ipaddress.ip_address(address)
        if found.version == 6:
            return str(ipaddress.ip_network((found, 64), strict=False))
    return address


def _write_on() -> None:
    while True:
        time.sleep(settings.METRICS_FLUSH_SECONDS)
        # After `start_anew` this thread is no longer the writer, and another may be.
        if _noted.writer is not threading.current_thread():
            return
        write()
        connection.close()  # a thread that works once an hour keeps no connection
