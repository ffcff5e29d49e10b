"""A ticket and its comments, as the page shows them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import simplejson
from django.conf import settings
from django.urls import reverse

from config import times
from ticketing import index
from ticketing.deliveries import raw_tickets
from ticketing.desk.page import LIST, ticket_url
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Comment, Ticket

Kind = Literal["customer", "staff", "note"]
_ZENDESK_ID = re.compile(r"[0-9]{1,20}")
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


@dataclass(frozen=True)
class Fact:
    """A line of the panel beside the conversation."""

    label: str
    value: str | datetime | None
    link: str = ""
    leads_to: str = ""


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


def entries(ticket: Ticket, comments: list[Comment]) -> list[Entry]:
    """The comments, in their order. A comment without an author is shown as the caller's."""
    return [
        Entry(
            kind=_kind(comment),
            label=_LABELS.get(_kind(comment)) or door(comment.door),
            author=comment.author or _caller(ticket),
            at=times.parse(comment.created_at),
            text=comment.comment,
            anchor=comment.comment_id,
            redact="" if comment.redacted else f"?{urlencode({'comment': comment.comment_id}, errors='replace')}",
        )
        for comment in comments
    ]


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
        _merged(ticket),
        Fact("Opened", _moment(ticket.created_at)),
        Fact("Received", _moment(ticket.received_at) if ticket.received_at != ticket.created_at else None),
        Fact("Changed", _moment(ticket.updated_at)),
        Fact("Version", str(ticket.version)),
        Fact("Id", ticket.ticket_id),
    ]


def _merged(ticket: Ticket | IndexedTicket) -> Fact:
    """The ticket into which Zendesk merged this one: at the desk if it is there, else in Zendesk.

    The address is not taken from the attributes, since other programs can write them.
    """
    match getattr(ticket, "attributes", None):
        case {"zendesk": {"merged_into": {"ticket_id": str(number)}}} if _ZENDESK_ID.fullmatch(number):
            here = IndexedTicket.objects.filter(pk=raw_tickets.ticket_key(number).keyed_id).first()
            if here:
                return Fact("Merged into", here.reference, ticket_url(here.pk), here.title)
            there = f"{settings.ZENDESK_API_URL.rstrip('/')}/agent/tickets/{number}"
            return Fact("Merged into", f"Zendesk ticket {number}", there, "The ticket in Zendesk")
    return Fact("Merged into", None)


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
    match ticket.channel, getattr(ticket, "attributes", None):
        case "zendesk", {"zendesk": {"opening": {"author": str(author), "by": by, "visibility": visibility}}}:
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
