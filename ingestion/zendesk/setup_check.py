"""Whether Foyer and Zendesk are set up to work together: address, sign-in, scopes, webhook secret, clock, answers.

It asks Zendesk what the pipeline will ask, and changes nothing. No line quotes a secret.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.auth import AuthBase

from config import json
from config.notices import CANNOT_ANSWER_BACK, NOT_SIGNED_IN, notices
from ingestion.zendesk import address, answers, posting, sign_in, signature, token_request
from ingestion.zendesk.errors import PipelineError, TryLater

CLOCK_SECONDS: Final = 60  # more than two clocks that are set by NTP ever differ
SCOPES: Final = ("tickets:read", "users:read")
PUBLIC_SECRET: Final = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - Zendesk documents it

_ANY_TICKET = "/api/v2/tickets/1.json"
_NO_TICKET = "/api/v2/tickets/0.json"  # a token that may read tickets gets a 404, whatever its user may see
_ME = "/api/v2/users/me.json"


@dataclass(frozen=True)
class Line:
    """What was looked at, how it is, and what to know or to do about it."""

    what: str
    how: Literal["right", "wrong", "not checked"]
    said: str

    def __str__(self) -> str:
        return f"{self.what}: {self.how}. {self.said}."


def lines() -> Iterator[Line]:
    """The lines in their order, each as soon as it is known: five, and one for answering back if that is switched on.

    Raises nothing that Zendesk or a setting causes.
    """
    address, answer = _address()
    yield address
    if answer is None:
        yield from (Line(what, "not checked", "Mend the address first") for what in ("sign-in", "scopes"))
    else:
        yield from _access()
    yield _webhook_secret()
    yield _clock(answer) if answer is not None else Line("clock", "not checked", "Mend the address first")
    if settings.ZENDESK_ANSWER_BACK:
        yield _answer_back() if answer is not None else Line("answer back", "not checked", "Mend the address first")


def _address() -> tuple[Line, requests.Response | None]:
    """The address's line, and Zendesk's answer to a request that is not signed in."""
    url = settings.ZENDESK_API_URL
    if fault := _misspelt(url):
        return Line("address", "wrong", fault), None
    try:
        answer = _ask(_ANY_TICKET, token_request.unsigned)
    except TryLater as error:
        said = f"{error.sentence}: check ZENDESK_DOMAIN or ZENDESK_API_URL, and whether this machine may reach {url}"
        return Line("address", "wrong", said), None
    if answer.is_redirect or (answer.status_code == 404 and not _object(answer)):
        said = f"Zendesk has no account at {url} (status {answer.status_code}): check ZENDESK_DOMAIN or ZENDESK_API_URL"
        return Line("address", "wrong", said), None
    if answer.status_code >= 500:
        return Line("address", "wrong", f"{url} cannot answer now (status {answer.status_code}): run this again"), None
    return Line("address", "right", f"Zendesk answers at {url}"), answer


def _misspelt(url: str) -> str:
    """What is wrong with the address as it is written; empty if nothing is. Not quoted: it may have a password."""
    if not url:
        return "Set ZENDESK_DOMAIN to your host at Zendesk, such as company.zendesk.com"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "ZENDESK_API_URL is no address: it must look like https://company.zendesk.com"
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        return "ZENDESK_API_URL must have a host and nothing else, such as https://company.zendesk.com"
    if parts.scheme != "https" and not address.is_loopback(parts):
        return address.OPEN
    return ""


def _access() -> Iterator[Line]:
    """The lines of the sign-in and of what it may read."""
    try:
        me = _ask(_ME, sign_in.auth())
        ticket = _ask(_NO_TICKET, sign_in.auth())
    except PipelineError as error:
        yield Line("sign-in", "wrong", error.sentence)
        yield Line("scopes", "not checked", "Mend the sign-in first")
        return
    signed_in = _signed_in(me)
    yield signed_in
    yield _scopes(me, ticket) if signed_in.how == "right" else Line("scopes", "not checked", "Mend the sign-in first")


def _signed_in(me: requests.Response) -> Line:
    if not sign_in.uses_oauth() and not (settings.ZENDESK_EMAIL and settings.ZENDESK_API_TOKEN):
        said = "Set ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET: docs/zendesk.md says where they come from"
        return Line("sign-in", "wrong", said)
    if me.status_code == 401 or (me.status_code == 200 and _user(me).get("id", 0) is None):  # nobody's: not signed in
        return Line("sign-in", "wrong", sign_in.refusal(401))
    if me.status_code == 429 or me.status_code >= 500:
        return Line("sign-in", "wrong", f"Zendesk cannot answer now (status {me.status_code}): run this again")
    if sign_in.uses_oauth():
        return Line("sign-in", "right", f"Zendesk accepts the OAuth client {settings.ZENDESK_OAUTH_CLIENT_ID}")
    return Line("sign-in", "right", " ".join(notices()).rstrip("."))


def _scopes(me: requests.Response, ticket: requests.Response) -> Line:
    asked = settings.ZENDESK_OAUTH_SCOPE.split()
    lacks = [scope for scope in SCOPES if scope not in asked and "read" not in asked]
    if sign_in.uses_oauth() and lacks:
        said = f"ZENDESK_OAUTH_SCOPE lacks {' and '.join(lacks)}: set it to {' '.join(SCOPES)}"
        return Line("scopes", "wrong", said)
    if 403 in (me.status_code, ticket.status_code):
        return Line("scopes", "wrong", sign_in.refusal(403))
    if _user(me).get("role") == "end-user":
        return Line("scopes", "wrong", "The user whom Foyer acts for is no agent: take one who may see the tickets")
    if ticket.status_code == 429 or ticket.status_code >= 500:
        return Line("scopes", "wrong", f"Zendesk cannot answer now (status {ticket.status_code}): run this again")
    return Line("scopes", "right", "Foyer may read tickets and users")


def _webhook_secret() -> Line:
    secrets = signature.secrets()
    if not secrets:
        said = "Set ZENDESK_WEBHOOK_SECRET to what Reveal secret shows at the webhook in Zendesk's Admin Center"
        return Line("webhook secret", "wrong", said)
    if PUBLIC_SECRET in secrets:
        said = "This secret is in Zendesk's documentation, for tests: set ZENDESK_WEBHOOK_SECRET to your webhook's"
        return Line("webhook secret", "wrong", said)
    if any(set(one) & set("\"' \t\n") for one in secrets):
        said = "ZENDESK_WEBHOOK_SECRET has a space or a quotation mark in it: set it to the secret and nothing else"
        return Line("webhook secret", "wrong", said)
    said = "It is set. If it is not the webhook's, Foyer answers Zendesk 401: then reveal it in Zendesk again"
    return Line("webhook secret", "right", said)


def _clock(answer: requests.Response) -> Line:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return Line("clock", "not checked", "Zendesk's answer names no time: compare `date -u` with a clock you trust")
    ahead = round((datetime.now(UTC) - theirs.replace(tzinfo=UTC)).total_seconds())
    if abs(ahead) <= min(CLOCK_SECONDS, settings.ZENDESK_SIGNATURE_TOLERANCE_SECONDS):
        return Line("clock", "right", f"It is within {abs(ahead)} s of Zendesk's")
    where = "ahead of" if ahead > 0 else "behind"
    said = f"It is {abs(ahead)} s {where} Zendesk's, and Foyer refuses signatures of another time: set it by NTP"
    return Line("clock", "wrong", said)


def _answer_back() -> Line:
    """The line of what may be written. It tries a ticket that cannot exist: a token that may write gets a 404."""
    if told := [one for one in notices() if one in (CANNOT_ANSWER_BACK, NOT_SIGNED_IN)]:
        return Line("answer back", "wrong", told[0].rstrip("."))
    try:
        answer = _ask(_NO_TICKET, sign_in.auth(), "PUT")
    except PipelineError as error:
        return Line("answer back", "wrong", error.sentence)
    if answer.status_code == 401:
        return Line("answer back", "wrong", sign_in.refusal(401))
    if answer.status_code == 403:
        return Line("answer back", "wrong", posting.FORBIDDEN)
    if answer.status_code == 429 or answer.status_code >= 500:
        return Line("answer back", "wrong", f"Zendesk cannot answer now (status {answer.status_code}): run this again")
    return Line("answer back", "right", "Foyer may post what staff write")


def _ask(path: str, auth: AuthBase | Any, method: str = "GET") -> requests.Response:
    """Zendesk's answer, whatever its status. Raises TryLater if there is none, and what signing in raises."""
    wait = (token_request.CONNECT_SECONDS, token_request.READ_SECONDS)
    url = settings.ZENDESK_API_URL.rstrip("/") + path
    try:
        body: Any = {"ticket": {}} if method == "PUT" else None
        asked = requests.request(method, url, json=body, auth=auth, timeout=wait, allow_redirects=False, stream=True)
        return answers.bounded(asked)
    except requests.RequestException as error:
        raise TryLater(f"Zendesk could not be reached ({type(error).__name__})") from None


def _user(me: requests.Response) -> dict[str, Any]:
    user = _object(me).get("user")
    return user if isinstance(user, dict) else {}


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        value = json.loads(answer.content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
