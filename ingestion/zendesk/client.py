"""Zendesk's API: one ticket with all its comments and people, read whole, and lists page by page.

A request is tried three times with exponential backoff, unless Zendesk asks for a longer wait. What still fails is
raised as one of the two errors of errors.py. URLs are always built from our own ZENDESK_API_URL, and redirects are not
followed, so the credentials of sign_in.py cannot go to another host.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.util.retry import Retry

from config import json
from ingestion.zendesk import address, answers, retry_after, sign_in
from ingestion.zendesk.errors import GiveUp, NotThere, PipelineError, TryLater, Withheld

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
TRIES: Final = 3
LONGEST_WAIT_SECONDS: Final = 5  # between two tries; what asks for more is left to the task's own retries

_WRONG_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
_ID = re.compile("[0-9]{1,20}")
_FOR_NOW = (408, 409, 425, 429)
_MOST_PAGES = 1_000  # of comments; Zendesk itself lets a ticket have fifty


@dataclass(frozen=True)
class Fetched:
    """A ticket as far as it was fetched. `cursor` is where its next page of comments begins (None: nowhere, or at the
    beginning)."""

    ticket: Any
    comments: list[Any] = field(default_factory=list)
    users: dict[str, Any] = field(default_factory=dict)  # the authors, by their ids
    cursor: str | None = None
    pages: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all comments are there."""
        return self.pages > 0 and self.cursor is None


def _silent(so_far: Fetched) -> None:
    """Tell nobody."""


def fetch(zendesk_id: str, begun: Fetched | None = None, tell: Callable[[Fetched], None] = _silent) -> dict[str, Any]:
    """Fetch the ticket's full context: `{"ticket": {…}, "comments": […], "users": […]}`, numbers exact.

    `users` are the comments' authors and the requester. `organizations` has the ticket's, if Zendesk shows it. `tell`
    is called after each page of comments with what was fetched so far. If an earlier fetch ended there, give it as
    `begun`: this one goes on from it. Raises TryLater if Zendesk cannot answer now, and GiveUp if it never will.
    """
    try:
        return _fetch(zendesk_id, begun, tell)
    except Withheld:
        if begun is None:
            raise
        log.info("Zendesk does not go on with the comments of ticket %s: they are fetched anew", zendesk_id)
        return _fetch(zendesk_id, None, tell)


def _fetch(zendesk_id: str, begun: Fetched | None, tell: Callable[[Fetched], None]) -> dict[str, Any]:
    path = f"/api/v2/tickets/{zendesk_id}"
    with _session() as session:
        fetched = begun or Fetched(_get(session, f"{path}.json", {}).get("ticket"))
        while not fetched.is_whole:
            fetched = _with_a_page(session, f"{path}/comments.json", fetched)
            tell(fetched)
        context = {"ticket": fetched.ticket, "comments": fetched.comments, "users": list(fetched.users.values())}
        people = _people(session, fetched.ticket, context["users"]) if isinstance(fetched.ticket, dict) else {}
        return context | people


def _people(session: requests.Session, ticket: dict[str, Any], users: list[Any]) -> dict[str, list[Any]]:
    """The users with the requester, and the organization, each with one more request if it is not there yet."""
    known = {str(user.get("id")) for user in users}
    requester, organization = str(ticket.get("requester_id")), str(ticket.get("organization_id"))
    found = [] if requester in known else _one(session, "user", requester)
    named = _organization(organization)
    return {"users": users + found} | ({"organizations": named} if named else {})


def _organization(number: str) -> list[Any]:
    """As `_one`, by one try: a name that cannot be had now is no reason to do without the ticket."""
    try:
        with _session(tries=1) as session:
            return _one(session, "organization", number)
    except PipelineError as error:
        log.info("The organization %s cannot be read now: %s", number, error.sentence)
        return []


def _one(session: requests.Session, kind: str, number: str) -> list[Any]:
    """The user or organization with this id, in a list. It is empty if Zendesk does not show them."""
    if not _ID.fullmatch(number):  # nobody, or -1, which is Zendesk itself
        return []
    try:
        one = _get(session, f"/api/v2/{kind}s/{number}.json", {}).get(kind)
    except Withheld:
        log.info("Zendesk does not show the %s %s", kind, number)
        return []
    return [one] if isinstance(one, dict) and str(one.get("id")) == number else []


def _with_a_page(session: requests.Session, path: str, so_far: Fetched) -> Fetched:
    """What was fetched, and the next page of comments with their authors, each once."""
    query = {"page[size]": "100", "include": "users", "include_inline_images": "true"}
    page = _get(session, path, query | ({"page[after]": so_far.cursor} if so_far.cursor else {}))
    users = {str(user.get("id")): user for user in _list(page, "users") if isinstance(user, dict)}
    after = _next_cursor(page)
    if after is not None and after == so_far.cursor:
        raise TryLater("Zendesk gave the same page of comments twice")
    if after is not None and so_far.pages + 1 == _MOST_PAGES:
        raise GiveUp(f"Zendesk's list of comments has no end: it has more than {_MOST_PAGES} pages")
    return Fetched(
        so_far.ticket, so_far.comments + _list(page, "comments"), so_far.users | users, after, so_far.pages + 1
    )


def _list(page: dict[str, Any], name: str) -> list[Any]:
    value = page.get(name, [])
    if not isinstance(value, list):
        raise GiveUp(f"Zendesk's answer is not as documented: {name} is not a list")
    return value


def _next_cursor(page: dict[str, Any]) -> str | None:
    """The cursor of the next page, None at the end. Only the cursor is taken from `links.next`, never the address."""
    meta, links = page.get("meta"), page.get("links")
    if not isinstance(meta, dict) or not meta.get("has_more"):
        return None
    if after := meta.get("after_cursor"):
        return str(after)
    following = links.get("next") if isinstance(links, dict) else None
    cursors = parse_qs(urlsplit(str(following)).query).get("page[after]")
    if not cursors:
        raise TryLater("Zendesk says that there is more, but not where")
    return cursors[0]


def page(path: str, query: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    """Get one page of a list, and the cursor of the next (None at the end). Raises as `fetch` does."""
    with _session() as session:
        answer = _get(session, path, query)
    return answer, _next_cursor(answer)


def put(path: str, body: dict[str, Any]) -> requests.Response:
    """Send a change once, and return Zendesk's answer, whatever its status. What may have been done is not repeated.

    Raises TryLater if there is no answer, and GiveUp.
    """
    with _session() as session:
        return _ask(session, "PUT", path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


class _Backoff(Retry):
    """Waits 0.5 s, then 1 s, or as long as Zendesk asks for. It raises TryLater if that is too long.

    urllib3's own backoff is exponential too, but does not wait before the second try. It raises an error if it cannot
    read `Retry-After`.
    """

    def get_backoff_time(self) -> float:
        return float(self.backoff_factor * 2.0 ** (len(self.history) - 1))

    def get_retry_after(self, response: BaseHTTPResponse) -> int | None:
        return retry_after.seconds(response.headers.get("Retry-After"))

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        wait = self.get_retry_after(response) or 0
        if wait > LONGEST_WAIT_SECONDS:
            raise _later(response.status, wait)
        return super().sleep_for_retry(response)


def _session(tries: int = TRIES) -> requests.Session:
    session = requests.Session()
    session.auth = sign_in.auth()
    retry = _Backoff(
        total=tries - 1,
        backoff_factor=0.5,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
        raise_on_status=False,
        retry_after_max=LONGEST_WAIT_SECONDS,
    )
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def _get(session: requests.Session, path: str, query: dict[str, str]) -> dict[str, Any]:
    """Get one answer as JSON. Raises TryLater or GiveUp, which tell the caller what to do."""
    response = _ask(session, "GET", path, params=query)
    _check_status(response)
    return _object(response.content)


def _ask(session: requests.Session, method: str, path: str, **what: Any) -> requests.Response:
    if not settings.ZENDESK_API_URL:
        raise GiveUp("Zendesk's address is not known: set ZENDESK_DOMAIN or ZENDESK_API_URL")
    address.check()
    try:
        asked = session.request(
            method,
            settings.ZENDESK_API_URL.rstrip("/") + path,
            **what,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        return answers.bounded(asked)
    except _WRONG_ADDRESS:
        raise GiveUp("ZENDESK_API_URL is not an address: it must look like https://company.zendesk.com") from None
    except requests.RequestException as error:
        raise TryLater(f"Zendesk could not be reached ({type(error).__name__})") from error


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in _FOR_NOW or status >= 500:
        raise _later(status, retry_after.seconds(response.headers.get("Retry-After")))
    if status in (401, 403):
        raise (GiveUp if status == 401 else Withheld)(sign_in.refusal(status))
    if status == 404:
        raise NotThere("Zendesk has no such ticket (status 404): it may have been deleted")
    if status == 410:
        raise Withheld("Zendesk has no such ticket any more (status 410): it was deleted")
    if 300 <= status < 400:
        raise GiveUp(f"Zendesk's API answered from another address (status {status}): check ZENDESK_API_URL")
    raise Withheld(f"Zendesk refused the request (status {status})")


def _later(status: int, wait: int | None) -> TryLater:
    asked = f" and asks to wait {wait} seconds" if wait else ""
    return TryLater(f"Zendesk could not answer (status {status}){asked}", after=wait)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:  # a proxy's page, or an answer that was cut off
        raise TryLater("Zendesk's answer is not JSON") from None
    if not isinstance(value, dict):
        raise TryLater("Zendesk's answer is not a JSON object")
    return value
