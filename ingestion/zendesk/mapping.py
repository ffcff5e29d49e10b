"""Maps a Zendesk ticket to the desk's fields, without any calls."""

from typing import Any

from django.conf import settings

from config import json, times
from config.text import mended
from ingestion.zendesk import fate
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.ticket import draft as new_draft
from ticketing.tickets.workflow import PRIORITIES, Priority


def fields(context: dict[str, Any]) -> dict[str, Any]:
    """The desk ticket's changeable fields as Zendesk has them now, without `attributes`."""
    ticket = context["ticket"]
    subject = text(ticket.get("subject"))
    return {
        "subject": subject,
        "issue_description": text(ticket.get("description")) or subject or "(no description)",
        "type": text(ticket.get("type")),
        "status": fate.status(ticket) or "open",
        "priority": _priority(ticket.get("priority")),
        "tags": [clean(tag) for tag in ticket.get("tags") or []],
        "requester": _requester(context),
    }


def attributes(context: dict[str, Any]) -> dict[str, Any]:
    """What the desk keeps of Zendesk's own data: where the ticket is, its status and times, and where it was merged.

    The status is Zendesk's own word, also where Foyer does not know it.
    """
    ticket, merged = context["ticket"], fate.merged(context)
    values = {
        "ticket_id": str(ticket["id"]),
        "url": fate.url(str(ticket["id"])),
        "status": ticket.get("status"),
        "created_at": ticket.get("created_at"),
        "updated_at": ticket.get("updated_at"),
    }
    return values | ({"merged_into": merged} if merged else {})


def seen(context: dict[str, Any], fields: dict[str, Any]) -> dict[str, str]:
    """What shows later whether Zendesk changed a field, or the requester said more.

    It has a fingerprint of each field, and as `answer` the id of the requester's last public comment.
    """
    answers = [str(one["id"]) for one in comments(context) if _is_answer(one, context)]
    said = {name: json.fingerprint(value)[:12] for name, value in fields.items()}
    return said | {"answer": answers[-1] if answers else ""}


def _is_answer(comment: dict[str, Any], context: dict[str, Any]) -> bool:
    author_id, requester_id = comment.get("author_id"), context["ticket"].get("requester_id")
    return comment.get("public") is not False and author_id is not None and str(author_id) == str(requester_id)


def draft(context: dict[str, Any], delivery_id: str) -> Ticket:
    """The ticket to open. Its `delivery_id` shows, after a try that died, that this delivery opened it."""
    requester_id, customer_id = context["ticket"].get("requester_id"), settings.DEFAULT_CUSTOMER
    values = fields(context)
    if values["status"] == "closed":
        values["status"] = "solved"  # its comments must be added first, and a closed ticket takes none
    return new_draft(
        channel="zendesk",
        customer_id=customer_id,
        tier="general",
        caller_id=f"zendesk:{requester_id}" if requester_id else whole_customer(customer_id),
        created_at=moment(context["ticket"].get("created_at")) or "",
        attributes={"zendesk": attributes(context) | {"seen": seen(context, values), "delivery_id": delivery_id}},
        **values,
    )


def comments(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Zendesk's comments, oldest first; those of one moment in Zendesk's order, which their ids do not tell.

    The first is left out if it repeats the description.
    """
    ordered = sorted(context["comments"], key=lambda one: one.get("created_at") or "")
    if ordered and _words(ordered[0].get("body")) == _words(context["ticket"].get("description")):
        return ordered[1:]
    return ordered


def author(comment: dict[str, Any], context: dict[str, Any]) -> str | None:
    """The author's name, or Zendesk's id if the name is not known."""
    author_id = comment.get("author_id")
    name = text(_user(context, author_id).get("name"))
    return name or (f"zendesk:{author_id}" if author_id else None)


def moment(value: str | None) -> str | None:
    """Zendesk's time in the record's format, or None if it is not a time."""
    parsed = times.parse(value) if value else None
    return times.stamp(parsed) if parsed else None


def text(value: Any) -> str | None:
    """A text fit for the desk, or None if it is missing or blank."""
    return clean(value) if isinstance(value, str) and value.strip() else None


def clean(value: str) -> str:
    """The text with U+FFFD for what no database stores: NUL and lone surrogates. S3 has the original."""
    return mended(value)


def _priority(value: str | None) -> Priority:
    return next((one for one in PRIORITIES if one == value), "normal")


def _requester(context: dict[str, Any]) -> dict[str, str] | None:
    """The requester, from the comments' authors or else from the mail that opened the ticket."""
    ticket = context["ticket"]
    user = _user(context, ticket.get("requester_id"))
    sender = _inner(_inner(ticket.get("via"), "source"), "from")
    found = {"name": text(user.get("name") or sender.get("name"))}
    found["email"] = text(user.get("email") or sender.get("address"))
    return {name: value for name, value in found.items() if value} or None


def _user(context: dict[str, Any], user_id: Any) -> dict[str, Any]:
    if user_id is None:
        return {}
    return next((user for user in context.get("users", []) if str(user.get("id")) == str(user_id)), {})


def _inner(value: Any, name: str) -> dict[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _words(value: str | None) -> list[str]:
    return (value or "").split()
