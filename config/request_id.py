"""The request id: taken or made, on every answer and on every log line, and carried along into the record."""

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

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


@contextmanager
def working_on(given: str | None) -> Iterator[str]:
    """Everything in the block belongs to this request id (a new one if None, or no usable text)."""
    chosen = usable(given)
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)


class RequestIdMiddleware:
    """Takes `X-Request-Id`, or makes one, and returns it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not reset afterwards: Django logs a refused request when this is over. The next request sets its own.
        current = usable(request.headers.get("X-Request-Id"))
        _current.set(current)
        response = self.get_response(request)
        response["X-Request-Id"] = current
        return response


class RequestIdFilter(logging.Filter):
    """Puts the current request id on a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True
