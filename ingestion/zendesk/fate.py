"""A ticket's place among the others in Zendesk: deleted, merged into another, following a closed one. And words of
Zendesk's that Foyer does not know."""

import re
from typing import Any

from django.conf import settings

from config.text import mended
from ingestion.zendesk.values import inner
from ticketing.tickets.workflow import ZENDESK_STATUS, Status

_MERGED_TAG = "closed_by_merge"  # Zendesk's own, on the ticket that was closed by a merge
_MERGED_INTO = re.compile(r"request was closed and merged into request #([0-9]{1,20})", re.IGNORECASE)
_NUMBER = re.compile("[0-9]{1,20}")
_LONGEST_WORD = 40


def status(ticket: dict[str, Any]) -> Status | None:
    """Its status at the desk. None if Zendesk says none, or a word that Foyer does not know.

    A deleted ticket is no work, but not closed here: Zendesk can restore it, and nothing may follow `closed`.
    """
    return "solved" if is_deleted(ticket) else ZENDESK_STATUS.get(ticket.get("status") or "")


def is_deleted(ticket: dict[str, Any]) -> bool:
    """Whether it was deleted in Zendesk. Zendesk still shows such a ticket for some time."""
    return ticket.get("status") == "deleted"


def merged(context: dict[str, Any]) -> dict[str, str] | None:
    """If it was closed by a merge, the other ticket's `ticket_id` and `url` as far as a comment names it. Else None."""
    ticket = context["ticket"]
    if ticket.get("status") != "closed" or _MERGED_TAG not in (ticket.get("tags") or []):
        return None
    found = [match[1] for one in context["comments"] if (match := _MERGED_INTO.search(one.get("body") or ""))]
    return {"ticket_id": found[-1], "url": url(found[-1])} if found else {}


def followed(ticket: dict[str, Any]) -> dict[str, str] | None:
    """The closed ticket that it follows in Zendesk, as `ticket_id` and `url`. None if it follows none."""
    source = inner(ticket.get("via"), "source")
    number = str(inner(source, "from").get("ticket_id"))
    if source.get("rel") != "follow_up" or not _NUMBER.fullmatch(number):
        return None
    return {"ticket_id": number, "url": url(number)}


def note(context: dict[str, Any]) -> str | None:
    """What staff should know about it, in a sentence without its stop. None for an ordinary ticket."""
    ticket, other = context["ticket"], merged(context)
    if is_deleted(ticket):
        return f"Zendesk ticket {ticket['id']} is deleted, so there is no work to do on it"
    if other is not None:
        into = f"ticket {other['ticket_id']}: {other['url']}" if other else "another ticket, which it does not name"
        return f"Zendesk merged ticket {ticket['id']} into {into}"
    if ticket.get("status") and status(ticket) is None:
        word = mended(ticket["status"])[:_LONGEST_WORD]
        return (
            f"Zendesk ticket {ticket['id']} has the status `{word}`, which Foyer does not know: a new ticket is `open` "
            "here, and one that was here keeps its status. Look at it in Zendesk"
        )
    return None


def url(zendesk_id: str) -> str:
    """The page of a ticket in Zendesk."""
    return f"{settings.ZENDESK_API_URL.rstrip('/')}/agent/tickets/{zendesk_id}"
