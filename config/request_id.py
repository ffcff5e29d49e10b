"""The request id: taken from the request or made, put on every answer and every log line, and stored in the record."""

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")
_VALID = re.compile(r"[\x21-\x7e]{1,128}")


def request_id() -> str:
    """The id of the request or message that is being worked on; `-` outside any."""
    return _current.get()


def new_request_id() -> str:
    """A new id, for work that came without one."""
    return str(uuid.uuid4())


def usable(given: str | None) -> str:
    """The id that somebody sent, or a new one if it is missing or not usable."""
    return given if given and _VALID.fullmatch(given) else new_request_id()


def begin(given: str | None) -> str:
    """Set the request id until the next one is set: the given one, or a new one if it is missing or not usable."""
    chosen = usable(given)
    _current.set(chosen)
    return chosen


@contextmanager
def working_on(given: str | None) -> Iterator[str]:
    """Set the request id for the block: the given one, or a new one if it is missing or not usable."""
    chosen = usable(given)
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts the current request id on a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True
