"""A stand-in of Zendesk's API: sign-in, tickets, their comments and people, search, its errors, and its bad days.

    with ZendeskStandIn(fail_next=[429, 500]) as zendesk:
        requests.get(f"{zendesk.url}/api/v2/tickets/12345.json", auth=zendesk.auth)

`python -m tests.standins.zendesk --port 4567` runs one until it is asked to stop.
"""

import argparse
import base64
import json
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.standins import zendesk_data as data
from tests.standins import zendesk_search as search
from tests.standins.zendesk_oauth import TokenEndpoint

ME = "/api/v2/users/me.json"
SCOPES = {ME: "users:read"} | dict.fromkeys(search.PATHS, "read")  # of other paths: tickets:read
PATH = re.compile(r"/api/v2/tickets/(\d+)(/comments)?\.json")
OTHERS = re.compile(r"/api/v2/(user|organization)s/(\d+)\.json")
NOT_FOUND = {"error": "RecordNotFound", "description": "Not found"}
INVALID_PATH = {"error": {"title": "Invalid endpoint", "message": "Not found"}}
UNAUTHENTICATED = {"error": "Couldn't authenticate you"}
HANGS_UP, STALLS = 0, 1  # beside statuses: what may happen to a request
BAD_DAY = (429, 500, 503, 200, HANGS_UP)  # a 200 that is a page for people, and no JSON


class ZendeskStandIn:
    """The stand-in as a server in a thread of its own.

    Each entry of `fail_next` is the status that one coming request gets instead of its answer (0 hangs up, 1 stalls for
    `stall` seconds); more may be appended while it runs. Of the others, `bad_share` get one of BAD_DAY. `delay` is what
    every answer takes, in seconds. `calls` lists the paths that were asked. `fail_sign_in`, `sign_in_delay` and
    `sign_ins` are the same for the token endpoint. `oauth` is the client that may sign in, and `token_lifetime` what
    its tokens get, whatever was asked. `flagged` are the tickets that can be found.
    `lengths` has how many comments a ticket has, for those that shall have another number than by themselves.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        email: str = "desk@foyer.example",
        api_token: str = "local",  # noqa: S107 - nobody's secret
        fail_next: Iterable[int] = (),
        retry_after: int | str = 1,
        delay: float = 0,
        oauth: tuple[str, str] = ("foyer", "local"),
        fail_sign_in: Iterable[int] = (),
        sign_in_delay: float = 0,
        token_lifetime: float | None = None,
        flagged: Iterable[int] = search.FLAGGED,
    ) -> None:
        self.auth = (f"{email}/token", api_token)
        self.fail_next = list(fail_next)
        self.retry_after = retry_after
        self.delay = delay
        self.bad_share = 0.0
        self.stall = 12.0  # longer than a client should wait
        self.calls: list[str] = []
        self.endpoint = TokenEndpoint(*oauth, token_lifetime)
        self.fail_sign_in = list(fail_sign_in)
        self.sign_in_delay = sign_in_delay
        self.sign_ins = 0
        self.flagged = list(flagged)
        self.lengths: dict[int, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.standin = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One request to the stand-in."""

    protocol_version = "HTTP/1.1"

    @property
    def standin(self) -> ZendeskStandIn:
        standin: ZendeskStandIn = self.server.standin  # type: ignore[attr-defined]
        return standin

    def do_GET(self) -> None:
        self.standin.calls.append(self.path)
        time.sleep(self.standin.delay)
        if (fault := self._fault()) is not None:
            self._fail(fault)
            return
        self._send_json(*self._answer())

    def _fault(self) -> int | None:
        if self.standin.fail_next:
            return self.standin.fail_next.pop(0)
        return random.choice(BAD_DAY) if random.random() < self.standin.bad_share else None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/oauth/tokens":
            self._send_json(404, INVALID_PATH)
            return
        self.standin.sign_ins += 1
        time.sleep(self.standin.sign_in_delay)
        if self.standin.fail_sign_in:
            self._fail(self.standin.fail_sign_in.pop(0))
            return
        self._send_json(*self.standin.endpoint.answer(body))

    def _fail(self, status: int) -> None:
        if status in (HANGS_UP, STALLS):
            time.sleep(self.standin.stall if status == STALLS else 0)
            self.close_connection = True
        elif status == HTTPStatus.OK:
            self._send(status, b"<html><title>Back soon</title></html>", "text/html; charset=utf-8")
        elif status == HTTPStatus.TOO_MANY_REQUESTS:  # Zendesk says this one in plain text
            self._send(status, b"Number of allowed API requests per minute exceeded", "text/plain; charset=utf-8")
        else:
            body = {"errors": [{"code": "TemporaryError", "title": HTTPStatus(status).phrase}]}
            self._send(status, json.dumps(body).encode(), "application/json; charset=utf-8")

    def _answer(self) -> tuple[int, dict[str, Any]]:
        url = urlsplit(self.path)
        query, address = parse_qs(url.query), f"{self.standin.url}{url.path}"
        other = OTHERS.fullmatch(url.path)
        if refusal := self._refusal(f"{other[1]}s:read" if other else SCOPES.get(url.path, "tickets:read")):
            return refusal
        if url.path == ME:
            return 200, {"user": data.ME}
        if other:
            return _other(other[1], int(other[2]))
        if url.path in search.PATHS:
            return search.answer(address, query, self.standin.flagged)
        if match := PATH.fullmatch(url.path):
            return self._of_ticket(int(match[1]), bool(match[2]), address, query)
        return 404, INVALID_PATH

    def _of_ticket(self, number: int, comments: bool, url: str, query: search.Query) -> tuple[int, dict[str, Any]]:
        """The ticket, or a page of its comments."""
        if not 0 < number < data.FIRST_UNKNOWN_ID:
            return 404, NOT_FOUND
        return self._page(url, number, query) if comments else (200, {"ticket": data.ticket(number)})

    def _page(self, url: str, number: int, query: search.Query) -> tuple[int, dict[str, Any]]:
        """One page of a ticket's comments, by cursor; the users beside it where they were asked for."""
        inline, count = query.get("include_inline_images") == ["true"], self.standin.lengths.get(number)
        body = search.page("comments", data.comments(number, inline=inline, count=count), url, query, most=100)
        if "users" in query.get("include", [""])[0].split(","):
            authors = {comment["author_id"] for comment in body["comments"]}
            body["users"] = [user for user in data.users(number) if user["id"] in authors]
        return 200, body

    def _refusal(self, scope: str) -> tuple[int, dict[str, Any]] | None:
        """The answer to a request that is not signed in, or may not read what has this scope."""
        given = self.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            return self.standin.endpoint.refusal(given, scope)
        expected = base64.b64encode(":".join(self.standin.auth).encode()).decode()
        return None if given == f"Basic {expected}" else (401, UNAUTHENTICATED)

    def _send_json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            self.send_header("Retry-After", str(self.standin.retry_after))
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _other(kind: str, number: int) -> tuple[int, dict[str, Any]]:
    found = data.user(number) if kind == "user" else data.organization(number)
    return (200, {kind: found}) if found else (404, NOT_FOUND)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, with the credentials that the environment gives the product."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, required=True)
    email = os.environ.get("ZENDESK_EMAIL") or "desk@foyer.example"
    token = os.environ.get("ZENDESK_API_TOKEN") or "local"
    oauth = (os.environ.get("ZENDESK_OAUTH_CLIENT_ID", ""), os.environ.get("ZENDESK_OAUTH_CLIENT_SECRET", ""))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ZendeskStandIn(parser.parse_args().port, email=email, api_token=token, oauth=oauth):
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
