"""Signing in to Zendesk: by OAuth, or, where it is not set, by an API token until Zendesk ends those.

The process has one access token, which all its threads share. It is renewed at four fifths of its life, and once more
if Zendesk refuses it. Credentials go to the host of ZENDESK_API_URL alone.
"""

import logging
import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.auth import AuthBase, HTTPBasicAuth

from ingestion.zendesk import answers, token_request
from ingestion.zendesk.errors import PipelineError, TryLater
from ingestion.zendesk.token_request import Token

QUIET_SECONDS: Final = 30.0  # before the next try to renew a token that still works
LONGEST_SECONDS: Final = 300.0  # without asking, whatever Retry-After says: it may be a proxy's mistake

_OAUTH = {
    401: "Zendesk refused a token that it had just given (status 401): look in Zendesk's Admin Center whether the "
    "OAuth client and the user whom it acts for are active",
    403: "Zendesk does not let Foyer read this (status 403): ZENDESK_OAUTH_SCOPE must name tickets:read and "
    "users:read, and the OAuth client's user must be allowed to see the ticket",
}
_API_TOKEN = {
    401: "Zendesk refused the credentials (status 401): set up OAuth as docs/zendesk.md says, or check ZENDESK_EMAIL "
    "and ZENDESK_API_TOKEN. Zendesk deactivates an API token that was not used for 30 days",
    403: "Zendesk does not let Foyer read this (status 403): the agent in ZENDESK_EMAIL must be allowed to see the "
    "ticket, and ZENDESK_API_TOKEN to sign in",
}

log = logging.getLogger(__name__)


def uses_oauth() -> bool:
    """Whether Foyer signs in by OAuth. Otherwise it uses the e-mail address and the API token."""
    return bool(settings.ZENDESK_OAUTH_CLIENT_ID)


def auth() -> AuthBase:
    """What signs a request to Zendesk in, for `requests`. With OAuth, sending it may raise TryLater or GiveUp."""
    return Bearer() if uses_oauth() else ApiToken()


def refusal(status: int) -> str:
    """What a 401 or a 403 of Zendesk's API means, and what to do."""
    return (_OAUTH if uses_oauth() else _API_TOKEN)[status]


class ApiToken(AuthBase):
    """Signs a request in with the agent's e-mail address and API token."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _is_zendesks(request):
            basic = HTTPBasicAuth(f"{settings.ZENDESK_EMAIL}/token".encode(), settings.ZENDESK_API_TOKEN.encode())
            basic(request)
        return request


class Bearer(AuthBase):
    """Signs a request in with the process's access token, and repeats it once with a new one after a 401."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _is_zendesks(request):
            request.headers["Authorization"] = f"Bearer {tokens.current()}"
            request.register_hook("response", _once_more)  # type: ignore[no-untyped-call]
        return request


def _once_more(response: requests.Response, **how: Any) -> requests.Response:
    """The answer; if it is a 401, that to the same request with a new token. Hooks are not called for the second."""
    if response.status_code != 401:
        return response
    log.warning("Zendesk no longer accepts the access token: asking for a new one")
    answers.bounded(response)  # read to its end, so that the connection serves the second request too
    request = response.request.copy()
    new = tokens.instead_of(request.headers["Authorization"].removeprefix("Bearer "))
    request.headers["Authorization"] = f"Bearer {new}"
    return response.connection.send(request, **how)


def _is_zendesks(request: requests.PreparedRequest) -> bool:
    asked, ours = urlsplit(request.url or ""), urlsplit(settings.ZENDESK_API_URL)
    return (asked.scheme, asked.hostname, asked.port) == (ours.scheme, ours.hostname, ours.port)


class Tokens:
    """The access token of a process. One thread asks for it; others wait, or go on with the old one while it lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failure: PipelineError | None = None
        self._quiet_until = 0.0

    def current(self) -> str:
        """The token to use now; a new one is asked for if that is due. Raises TryLater and GiveUp."""
        began, old = time.monotonic(), self._token
        if old and began < old.renew_at:
            return old.text
        if not old or began >= old.ends_at:
            with self._lock:
                return self._renewed(old, began)
        if self._lock.acquire(blocking=False):
            try:
                return self._renewed(old, began)
            except PipelineError:
                return old.text
            finally:
                self._lock.release()
        return old.text

    def instead_of(self, refused: str) -> str:
        """The token to use after Zendesk refused this one: a new one, or that which another thread has got meanwhile.

        Raises TryLater and GiveUp.
        """
        with self._lock:
            if self._token and self._token.text == refused:
                self._token = None
        return self.current()

    def _renewed(self, old: Token | None, began: float) -> str:
        """A new token, unless another thread got one since `old` was read. The caller holds the lock."""
        token = self._token
        if token is None or token is old:
            self._token = token = self._asked(began, still_one=token is not None and began < token.ends_at)
        return token.text

    def _asked(self, began: float, *, still_one: bool) -> Token:
        """Ask. If that failed since `began`, or Zendesk wants to be left alone, fail as then without asking."""
        if self._failure and began <= self._quiet_until:
            raise self._failure.with_traceback(None)
        try:
            token = token_request.ask()
        except PipelineError as error:
            asked = (error.after or 0) if isinstance(error, TryLater) else 0
            quiet = max(min(asked, LONGEST_SECONDS), QUIET_SECONDS if still_one else 0)
            self._failure, self._quiet_until = error, time.monotonic() + quiet
            if still_one:
                log.warning("Zendesk's access token could not be renewed; the old one still works: %s", error.sentence)
            raise
        self._failure = None
        return token


tokens = Tokens()
