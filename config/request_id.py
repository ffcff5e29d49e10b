"""The request id: taken or made, on every answer and on every log line, and carried along into the record."""

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")
_VALID = re.compile(r"[\x21-\x7e]{1,128}")


def request_id() -> str:
    """The id of what is being worked on now; `-` outside any request or message."""
    return _current.get()


def new_request_id() -> str:
    """A fresh id, for work that nobody sent one with."""
    return str(uuid.uuid4())


def usable(given: str | None) -> str:
    """The id that somebody sent, or a new one where it is no usable text."""
    return given if given and _VALID.fullmatch(given) else new_request_id()


def begin(given: str | None) -> str:
    """From now on everything belongs to this request id (a new one if None, or no usable text), until the next one."""
    chosen = usable(given)
    _current.set(chosen)
    return chosen


@contextmanager
def working_on(given: str | None) -> Iterator[str]:
    """Everything in the block belongs to this request id (a new one if None, or no usable text)."""
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
