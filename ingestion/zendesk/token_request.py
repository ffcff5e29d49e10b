"""Zendesk's token endpoint: `POST /oauth/tokens`, by client credentials.

Zendesk gives no refresh token with this grant: a new token is asked for as the first was. The request contains the
client's secret and the answer the token. So no sentence quotes either, no library's error is passed on, and redirects
are not followed.
"""

import re
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from config import json
from ingestion.zendesk import address, answers, retry_after
from ingestion.zendesk.errors import GiveUp, TryLater

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
ASKED_SECONDS: Final = 7200  # Zendesk takes 300 to 172,800
UNTOLD_SECONDS: Final = 1800  # what Zendesk gives where none is asked: the shortest that it can mean

_TOKEN = re.compile(r"[\x21-\x7e]+")  # what a header can carry; a library's complaint about any other would quote it
# A POST is safe to repeat here, since a token that nobody uses just ends. A read is not repeated: it took 10 s already.
_RETRY = Retry(
    total=2,
    read=False,
    backoff_factor=0.5,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=("POST",),
    respect_retry_after_header=False,
    raise_on_status=False,
)


@dataclass(frozen=True)
class Token:
    """An access token, and when to renew it and when it ends, by the monotonic clock."""

    text: str = field(repr=False)
    renew_at: float
    ends_at: float


def ask() -> Token:
    """Ask Zendesk for a new access token. Raises TryLater if it cannot give one now, and GiveUp if it never will."""
    began = time.monotonic()
    response = _post()
    _check_status(response)
    return _token(response.content, began)


def _post() -> requests.Response:
    body = {
        "grant_type": "client_credentials",
        "client_id": settings.ZENDESK_OAUTH_CLIENT_ID,
        "client_secret": settings.ZENDESK_OAUTH_CLIENT_SECRET,
        "scope": settings.ZENDESK_OAUTH_SCOPE,
        "expires_in": ASKED_SECONDS,
    }
    address.check()
    url = settings.ZENDESK_API_URL.rstrip("/") + "/oauth/tokens"
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=_RETRY))
        session.mount("http://", HTTPAdapter(max_retries=_RETRY))
        try:
            wait = (CONNECT_SECONDS, READ_SECONDS)
            asked = session.post(url, json=body, timeout=wait, allow_redirects=False, auth=unsigned, stream=True)
            return answers.bounded(asked)
        except requests.ReadTimeout:
            raise TryLater(f"Zendesk's sign-in did not answer within {READ_SECONDS} seconds") from None
        except requests.RequestException as error:
            raise TryLater(f"Zendesk's sign-in could not be reached ({type(error).__name__})") from None


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No sign-in of its own. Without this, requests would add what it finds in a `.netrc`."""
    return request


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (408, 425, 429) or status >= 500:
        raise TryLater(_for_now(status), after=retry_after.seconds(response.headers.get("Retry-After")))
    raise GiveUp(_refused(status, _error(response.content)))


def _for_now(status: int) -> str:
    if status == 429:
        return "Zendesk allows no more sign-ins for now (status 429)"
    return f"Zendesk's sign-in could not answer (status {status})"


def _refused(status: int, error: str) -> str:
    if status == 401 or error in ("invalid_client", "unauthorized_client"):
        return (
            f"Zendesk does not accept the OAuth client (status {status}): check ZENDESK_OAUTH_CLIENT_ID and "
            "ZENDESK_OAUTH_CLIENT_SECRET, and that the client is confidential"
        )
    if error == "invalid_scope":
        return f"Zendesk refused the scope (status {status}): ZENDESK_OAUTH_SCOPE must be tickets:read users:read"
    if 300 <= status < 400 or status == 404:
        return f"Zendesk's sign-in is not at this address (status {status}): check ZENDESK_API_URL"
    return f"Zendesk refused to sign Foyer in (status {status}): run manage.py zendesk_check and read docs/zendesk.md"


def _error(content: bytes) -> str:
    """The error's code, only to be compared: Zendesk's words about it could repeat what it was sent."""
    value = _object(content)
    return str(value.get("error")) if value else ""


def _token(content: bytes, began: float) -> Token:
    answer = _object(content)
    if answer is None:
        raise TryLater("Zendesk's sign-in answered with something else than JSON: if it goes on, check ZENDESK_API_URL")
    text = answer.get("access_token")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise TryLater("Zendesk's sign-in gave no token: its answer is not as documented")
    lives = _seconds(answer.get("expires_in"))
    return Token(text, began + lives * 0.8, began + lives)


def _seconds(value: Any) -> float:
    if isinstance(value, int | Decimal) and value > 0:
        return float(min(value, 172_800))
    return UNTOLD_SECONDS


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
