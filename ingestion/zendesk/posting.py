"""Posts a comment to a Zendesk ticket, and looks whether an earlier try has done so.

A PUT is never repeated here: where its answer is lost, Zendesk may have the comment. The caller looks first (`find`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import requests

from config import json, times
from ingestion.zendesk import client, marker, retry_after, sign_in
from ingestion.zendesk.errors import GiveUp, TryLater
from ticketing.tickets.ticket import Comment

_CLOCKS: Final = timedelta(hours=1)  # more than Zendesk's clock and ours ever differ
_CLOSED: Final = "closed"
FORBIDDEN: Final = (
    "Zendesk does not let Foyer write to this ticket (status 403): ZENDESK_OAUTH_SCOPE must name tickets:write, and "
    "the user whom Foyer acts for must be allowed to comment on the ticket"
)
_SENTENCES = {
    403: FORBIDDEN,
    404: "Zendesk has no such ticket (status 404): it was deleted, or the user whom Foyer acts for may not see it",
    410: "Zendesk has no such ticket any more (status 410): it was deleted",
    413: "The comment is too long for Zendesk (status 413): write it again in shorter pieces",
}
_FINAL = (
    "The ticket is closed in Zendesk (status 422), and takes no more comments: "
    "write to the customer in a new ticket there"
)
_REFUSED = (
    "Zendesk refused the comment (status {0}): it takes at most 64 kB of text, and at most 5,000 comments on a ticket. "
    "Write it there by hand if it must be there"
)


class Throttled(TryLater):
    """Zendesk takes no more updates for now. It is no fault of the comment, so it counts as no try."""


@dataclass(frozen=True)
class Found:
    """The comment in Zendesk's form, None if Zendesk has it not; and the ticket's time, so that a PUT sees a change."""

    comment: dict[str, Any] | None
    updated_at: str | None = None


def post(zendesk_id: str, comment: Comment, unless_changed_since: str | None = None) -> dict[str, Any] | None:
    """Post the comment, and return it in Zendesk's form, if Zendesk tells.

    `unless_changed_since` is the time that `find` saw. Zendesk then refuses to write if the ticket has changed: an
    earlier try may have come through meanwhile.

    Raises TryLater, after which Zendesk may have the comment, Throttled, and GiveUp.
    """
    public = comment.visibility == "public"
    ticket: dict[str, Any] = {"comment": {"body": comment.comment, "public": public}}
    ticket["metadata"] = {marker.NAME: comment.comment_id}
    if unless_changed_since:
        ticket |= {"safe_update": True, "updated_stamp": unless_changed_since}
    response = client.put(f"/api/v2/tickets/{zendesk_id}.json", {"ticket": ticket})
    _check_status(response)
    return _posted(response.content)


def find(zendesk_id: str, comment: Comment, is_anothers: Callable[[dict[str, Any]], bool]) -> Found:
    """Look whether Zendesk has the comment. Reads its comments from the newest on, only as far back as it can be.

    `is_anothers` tells whether a comment of Zendesk with the same words is another one of the desk's.

    Raises TryLater and GiveUp.
    """
    ticket, _ = client.page(f"/api/v2/tickets/{zendesk_id}.json", {})
    about = ticket.get("ticket")
    about = about if isinstance(about, dict) else {}
    seen = str(about["updated_at"]) if about.get("updated_at") else None
    cursor: str | None = None
    while True:
        query = {"sort": "-created_at", "page[size]": "100"} | ({"page[after]": cursor} if cursor else {})
        page, after = client.page(f"/api/v2/tickets/{zendesk_id}/comments.json", query)
        comments = [one for one in page.get("comments") or [] if isinstance(one, dict)]
        same = (one for one in comments if marker.is_same(one, comment) and not _is_requesters(one, about))
        if ours := next((one for one in same if not is_anothers(one)), None):
            return Found(ours)
        if after is None or after == cursor or _is_before(comments, comment):
            return Found(None, seen)
        cursor = after


def _is_requesters(comment: dict[str, Any], ticket: dict[str, Any]) -> bool:
    """Whether the requester wrote it, and not by the API: they may be the user whom Foyer acts for."""
    match comment:
        case {"author_id": int(author), "via": {"channel": str(channel)}}:
            return author == ticket.get("requester_id") and channel != "api"
    return False


def _is_before(comments: list[dict[str, Any]], ours: Comment) -> bool:
    """Whether the page goes back to before the comment was written, and so do all that follow."""
    moments = [times.parse(str(one.get("created_at"))) for one in comments]
    written = times.parse(ours.created_at)
    if not moments or not written or moments[0] is None or moments[-1] is None:
        return False
    return moments[-1] <= moments[0] and moments[-1] < written - _CLOCKS


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    wait = retry_after.seconds(response.headers.get("Retry-After"))
    if status == 429:
        raise Throttled("Zendesk takes no more updates for now (status 429)", after=wait)
    if status in (408, 409, 425) or status >= 500:
        raise TryLater(f"Zendesk could not take the comment (status {status})", after=wait)
    if status == 401:
        raise GiveUp(sign_in.refusal(401))
    if 300 <= status < 400:
        raise GiveUp(f"Zendesk's API answered from another address (status {status}): check ZENDESK_API_URL")
    if status == 422 and _CLOSED in response.text.lower():
        raise GiveUp(_FINAL)
    raise GiveUp(_SENTENCES.get(status, _REFUSED.format(status)))


def _posted(content: bytes) -> dict[str, Any] | None:
    """The comment in the answer's audit. Raises TryLater if the answer is a proxy's, or was cut."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    match answer:
        case {"ticket": dict(), "audit": {"events": [*events]}}:
            found = [one for one in events if isinstance(one, dict) and one.get("type") == "Comment"]
            return found[0] if found and found[0].get("id") else None
        case {"ticket": dict()}:
            return None
    raise TryLater("Zendesk's answer to the comment is not its JSON: a proxy may have given it")
