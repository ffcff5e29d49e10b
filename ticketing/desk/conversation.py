"""A ticket and its comments, as the page shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import simplejson

from ticketing import clock
from ticketing.desk.staff import Staff
from ticketing.models import IndexedTicket
from ticketing.ticket import Comment, Ticket

Kind = Literal["customer", "staff", "note"]


@dataclass(frozen=True)
class Entry:
    """One thing somebody said."""

    kind: Kind
    author: str
    at: datetime | None
    text: str
    anchor: str


@dataclass(frozen=True)
class Fact:
    """A line of the panel beside the conversation."""

    label: str
    value: str | datetime | None


def opening(ticket: Ticket | IndexedTicket) -> Entry:
    """What the ticket began with."""
    return Entry("customer", _caller(ticket), _moment(ticket.created_at), ticket.issue_description, "opening")


def entries(ticket: Ticket, comments: list[Comment], staff: Staff) -> list[Entry]:
    """The comments in order; one without an author is the caller's."""
    return [
        Entry(
            kind=_kind(comment, staff),
            author=comment.author or _caller(ticket),
            at=clock.parse(comment.created_at),
            text=comment.comment,
            anchor=comment.comment_id,
        )
        for comment in comments
    ]


def facts(ticket: Ticket | IndexedTicket) -> list[Fact]:
    """Everything about the ticket that is one line."""
    requester = ticket.requester or {}
    return [
        Fact("Assignee", ticket.assignee or "Nobody"),
        Fact("Channel", "ITSM" if ticket.channel == "itsm" else ticket.channel.capitalize()),
        Fact("Customer", ticket.customer_id),
        Fact("Caller", ticket.caller_id),
        Fact("Requester", " ".join([requester.get("name", ""), requester.get("email", "")]).strip()),
        Fact("Type", ticket.type),
        Fact("Tags", ", ".join(ticket.tags)),
        Fact("Opened", _moment(ticket.created_at)),
        Fact("Changed", _moment(ticket.updated_at)),
        Fact("Version", str(ticket.version)),
        Fact("Id", ticket.ticket_id),
    ]


def pretty(attributes: dict[str, Any]) -> str:
    """The attributes as indented JSON, every digit as it was sent; nothing where there are none."""
    if not attributes:
        return ""
    return str(simplejson.dumps(attributes, use_decimal=True, indent=2, ensure_ascii=False))


def _kind(comment: Comment, staff: Staff) -> Kind:
    if comment.visibility == "internal":
        return "note"
    return "staff" if comment.author in staff.names else "customer"


def _caller(ticket: Ticket | IndexedTicket) -> str:
    return (ticket.requester or {}).get("name") or ticket.caller_id


def _moment(time: str | datetime) -> datetime | None:
    return clock.parse(time) if isinstance(time, str) else time
