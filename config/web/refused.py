"""Writes what was refused as one line. Whoever is refused needs no token, and could fill the log with tracebacks.

A person or a program that is known, and may not do something, is named. The same refusal is told once a minute.
"""

import logging
import threading
import time
from typing import Any, Final

from config.caller import Caller

_LONGEST = 200  # characters of a line: it quotes what was sent
_AGAIN_SECONDS: Final = 60.0
_MOST = 1000  # refusals that are remembered


class RefusedFilter(logging.Filter):
    """Takes the traceback off what Django logs of a refused request, and shortens the line. What failed keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, but for a refusal of somebody known that was told in the last minute."""
        noted = vars(record)
        if "tell" not in noted:  # each handler asks, and all of them should do the same
            noted["tell"] = not _is_refusal(record) or _shortened(record)
        return bool(noted["tell"])


def _shortened(record: logging.LogRecord) -> bool:
    """Make the record one line. Returns whether to tell it."""
    record.exc_info = record.exc_text = None
    said, who = record.getMessage(), _who(record)
    if who:
        left_out = _told.ask(f"{who} {said}")
        if left_out is None:
            return False
        more = f" ({left_out} more in the last minutes)" if left_out else ""
        said = f"{who}{more}: {said}"
    record.msg, record.args = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…", ()
    return True


class Told:
    """Which refusals were told in the last minute, and how many were left out since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, int]] = {}

    def ask(self, refusal: str) -> int | None:
        """How many were left out since it was told last; None if this one is to be left out, too."""
        now = time.monotonic()
        with self._lock:
            until, left_out = self._known.get(refusal, (now, 0))
            if now < until:
                self._known[refusal] = (until, left_out + 1)
                return None
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[refusal] = (now + _AGAIN_SECONDS, 0)
            return left_out

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._known.clear()


_told = Told()


def _is_refusal(record: logging.LogRecord) -> bool:
    if record.name.startswith("django.security."):
        return True
    return record.name == "django.request" and int(getattr(record, "status_code", 500)) < 500


def _who(record: logging.LogRecord) -> str:
    """Who may not do it, and how it was asked for. Empty for other refusals, and for somebody unknown.

    Only what the request knows already is read. `request.user` itself may have to ask the database.
    """
    request: Any = getattr(record, "request", None)
    if getattr(record, "status_code", None) != 403 or request is None:
        return ""
    caller, person = vars(request).get("user"), getattr(request, "_cached_user", None)
    if type(caller) is Caller:  # `isinstance` would make Django load the user
        return f"The token {caller.name!r} of {caller.customer_id!r}, {request.method}"
    if person is None or not person.is_authenticated:
        return ""
    return f"The user {person.get_username()!r}, {request.method}"
