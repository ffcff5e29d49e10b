"""What the Zendesk stand-in does about a PUT on a ticket: it keeps the comment, and can lose its answer.

As at Zendesk, a user may update a ticket 30 times in ten minutes, a closed ticket takes nothing, and `safe_update`
refuses to write to a ticket that has changed.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

from tests.standins import zendesk_data as data

WRITTEN_THEN_CUT: Final = -1  # an entry of `bad_days`: the comment is there, and the connection ends without an answer
WRITTEN_THEN_HTML: Final = -2  # the comment is there, and a proxy answers

Answer = tuple[int, dict[str, Any]]

MOST: Final = 30  # updates of a ticket by one user in so many seconds:
_SECONDS = 600.0
_CLOSED = {
    "error": "RecordInvalid",
    "description": "Record validation errors",
    "details": {"status": [{"description": "Status: closed prevents ticket update", "error": "InvalidValue"}]},
}


class Writing:
    """The comments that were put. `bad_days` says how coming PUTs go wrong: a status, 0 (cut), or one of the above.

    `closed` tickets take no comment. Without `shows_metadata`, lists of comments have no custom metadata.
    """

    def __init__(self) -> None:
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.bad_days: list[int] = []
        self.closed: set[int] = set()
        self.shows_metadata = True
        self._updates: dict[int, list[float]] = {}

    def put(self, ticket_id: int, body: bytes) -> Answer:
        """The answer to a PUT. A 429 has its `Retry-After` in the body here; the caller makes a header of it."""
        now = time.monotonic()
        recent = [at for at in self._updates.get(ticket_id, []) if at > now - _SECONDS]
        if len(recent) >= MOST:
            return 429, {"Retry-After": int(recent[0] + _SECONDS - now) + 1}
        asked = json.loads(body)["ticket"]
        if refusal := self._refusal(ticket_id, asked):
            return refusal
        self._updates[ticket_id] = [*recent, now]
        return 200, self._written(ticket_id, asked)

    def all(self, ticket_id: int, *, inline: bool = False, count: int | None = None) -> list[dict[str, Any]]:
        """The ticket's comments, those that were put among them, oldest first."""
        put = self.comments.get(ticket_id, [])
        if not self.shows_metadata:
            put = [one | {"metadata": {"system": {}}} for one in put]
        return data.comments(ticket_id, inline=inline, count=count) + put

    def ticket(self, ticket_id: int) -> dict[str, Any]:
        """The ticket, changed by what was put."""
        put = self.comments.get(ticket_id)
        changed = {"updated_at": put[-1]["created_at"]} if put else {}
        return data.ticket(ticket_id) | changed | ({"status": "closed"} if ticket_id in self.closed else {})

    def _refusal(self, ticket_id: int, asked: dict[str, Any]) -> Answer | None:
        if ticket_id in self.closed:
            return 422, _CLOSED
        if asked.get("safe_update") and asked.get("updated_stamp") != self.ticket(ticket_id)["updated_at"]:
            return 409, {"error": "UpdateConflict"}
        return None

    def _written(self, ticket_id: int, asked: dict[str, Any]) -> dict[str, Any]:
        kept, now = self.comments.setdefault(ticket_id, []), datetime.now(UTC)
        comment = {
            "id": ticket_id * 1000 + 500 + len(kept),
            "type": "Comment",
            "author_id": data.ME["id"],
            "body": asked["comment"]["body"],
            "html_body": f'<div class="zd-comment"><p>{asked["comment"]["body"]}</p></div>',
            "plain_body": asked["comment"]["body"],
            "public": asked["comment"].get("public", True),
            "attachments": [],
        }
        about = {"metadata": {"system": {}, "custom": asked.get("metadata", {})}, "via": {"channel": "api"}}
        kept.append(comment | about | {"created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")})
        return {"ticket": self.ticket(ticket_id), "audit": about | {"id": now.microsecond, "events": [comment]}}
