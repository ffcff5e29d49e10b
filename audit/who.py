"""Who is doing what happens now: the person or program of the current request, or the operator of a command."""

import getpass
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from config.web.address import client_address

_request: ContextVar[HttpRequest | None] = ContextVar("audited request", default=None)


@dataclass(frozen=True)
class By:
    """Who did something, and through which door. An empty name: nobody knows."""

    name: str
    door: str


class WhoMiddleware:
    """Keeps the current request at hand, so that whoever records an act need not pass it on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def by() -> By:
    """The person of the current request. Outside any request, the operating system's user."""
    request = _request.get()
    if request is None:
        return operator()
    user = getattr(request, "user", None)
    return By(user.get_username(), "desk") if user is not None and user.is_authenticated else By("", "web")


def operator() -> By:
    """Who runs a command, by the operating system's user."""
    try:
        return By(getpass.getuser(), "command line")
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return By(f"uid {os.getuid()}", "command line")


def address() -> str:
    """The address of the current request's client; empty outside any."""
    request = _request.get()
    return client_address(request) if request is not None else ""
