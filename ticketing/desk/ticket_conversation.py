"""A ticket and its comments, as the page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import simplejson
from django.conf import settings
from django.urls import reverse

from config import times
from ticketing import index
from ticketing.deliveries import Delivery
from ticketing.desk import related
from ticketing.desk.page import LIST
from ticketing.desk.related import Fact
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Comment, Ticket

Kind = Literal["customer", "staff", "note"]
_LONGEST_SOUGHT = 200  # characters of a name or address that is searched for
_LABELS: dict[Kind, str] = {"staff": "Staff", "note": "Internal note"}


@dataclass(frozen=True)
class Entry:
    """One thing somebody said."""

    kind: Kind
    label: str
    author: str
    at: datetime | None
    text: str
    anchor: str
    redact: str = ""  # the query of the page that redacts it; empty if staff have done so, or nobody can
    sent: "Sent | None" = None  # None if Zendesk was not promised it


@dataclass(frozen=True)
class Sent:
    """How far something is on its way to Zendesk, and whether it can be sent again."""

    kind: Literal["there", "coming", "failed", "kept"]
    said: str
    again: bool = False


def opening(ticket: Ticket | IndexedTicket) -> Entry:
    """The first entry: the ticket's description. In Zendesk, somebody else than the caller may have written it."""
    kind, author = _opened(ticket)
    return Entry(
        kind,
        _LABELS.get(kind) or door(ticket.channel),
        author,
        _moment(ticket.created_at),
        ticket.issue_description,
        "opening",
        "?" if isinstance(ticket, Ticket) and "issue_description" not in ticket.redacted else "",
    )


def entries(ticket: Ticket, comments: list[Comment], promised: Mapping[str, Delivery]) -> list[Entry]:
    """The comments, in their order. A comment without an author is shown as the caller's.

    `promised` are those that Zendesk was promised, by their ids.
    """
    return [
        Entry(
            kind=_kind(comment),
            label=_LABELS.get(_kind(comment)) or door(comment.door),
            author=comment.author or _caller(ticket),
            at=times.parse(comment.created_at),
            text=comment.comment,
            anchor=comment.comment_id,
            sent=_sent(promised.get(comment.comment_id)),
            redact="" if comment.redacted else f"?{urlencode({'comment': comment.comment_id}, errors='replace')}",
        )
        for comment in comments
    ]


def arriving(ticket: Ticket) -> str:
    """A sentence while comments are coming in, else empty."""
    if ticket.arriving is None:
        return ""
    there, of = ticket.arriving["there"], ticket.arriving["of"]
    return f"{there:,} of {of:,} comments are here so far. The others are on their way: look again in a moment."


def _sent(delivery: Delivery | None) -> Sent | None:
    if delivery is None:
        return None
    match delivery.state:
        case "updated":
            return Sent("there", "In Zendesk.")
        case "failed":
            return Sent("failed", f"Not in Zendesk. {delivery.error or 'Nobody knows why: see the log'}.", again=True)
        case "ignored":
            return Sent("kept", f"Not in Zendesk. {delivery.note}.")
    if not settings.ZENDESK_ANSWER_BACK:
        return Sent("coming", "Not in Zendesk yet: answering back is switched off (ZENDESK_ANSWER_BACK).")
    last = f" The last try: {delivery.error}." if delivery.error else ""
    return Sent("coming", f"On its way to Zendesk.{last}", again=delivery.is_late)


def facts(ticket: Ticket | IndexedTicket) -> list[Fact]:
    """Everything about the ticket that fits on a line. The page leaves out facts without a value."""
    requester = ticket.requester or {}
    return [
        Fact("Assignee", ticket.assignee or "Nobody"),
        Fact("Channel", door(ticket.channel)),
        Fact("Customer", ticket.customer_id),
        Fact("Caller", ticket.caller_id, _list(caller=index.caller(ticket.caller_id)), "All tickets of this caller"),
        Fact(
            "Requester",
            " ".join([requester.get("name", ""), requester.get("email", "")]).strip(),
            _naming(requester.get("email") or requester.get("name", "")),
            "All tickets that name this person",
        ),
        Fact("Type", ticket.type),
        Fact("Tags", ", ".join(ticket.tags)),
        *related.facts(ticket),
        Fact("Opened", _moment(ticket.created_at)),
        Fact("Received", _moment(ticket.received_at) if ticket.received_at != ticket.created_at else None),
        Fact("Changed", _moment(ticket.updated_at)),
        Fact("Version", str(ticket.version)),
        Fact("Id", ticket.ticket_id),
    ]


def _list(**query: str) -> str:
    return f"{reverse(LIST)}?{urlencode(query)}"


def _naming(person: str) -> str:
    """A search for the person. None if the name is too long for a person's, and perhaps for an address."""
    words = index.storable(person.replace('"', " "))
    return _list(q=f'"{words}"') if 0 < len(person) <= _LONGEST_SOUGHT else ""


def pretty(attributes: dict[str, Any]) -> str:
    """The attributes as indented JSON, with every digit as it was sent. Empty if there are none."""
    if not attributes:
        return ""
    return str(simplejson.dumps(attributes, use_decimal=True, indent=2, ensure_ascii=False))


def _kind(comment: Comment) -> Kind:
    """Who said it. The door decides, because a program can write any name as the author."""
    if comment.visibility == "internal":
        return "note"
    return "staff" if comment.door == "desk" else "customer"


def _opened(ticket: Ticket | IndexedTicket) -> tuple[Kind, str]:
    """Who wrote the description. Only the Zendesk door says it, so it is believed of that door's tickets alone."""
    match ticket.channel, getattr(ticket, "in_zendesk", None):
        case "zendesk", {"opening": {"author": str(author), "by": by, "visibility": visibility}}:
            kind: Kind = "staff" if by == "staff" else "customer"
            return "note" if visibility == "internal" else kind, author
    return "customer", _caller(ticket)


def door(name: str) -> str:
    """A door's name, as people read it."""
    return {"itsm": "ITSM", "": "Another program"}.get(name, name.capitalize())


def _caller(ticket: Ticket | IndexedTicket) -> str:
    return (ticket.requester or {}).get("name") or ticket.caller_id


def _moment(time: str | datetime) -> datetime | None:
    return times.parse(time) if isinstance(time, str) else time
