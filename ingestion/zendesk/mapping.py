"""Maps a Zendesk ticket to the desk's fields, without any calls."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config import json
from ingestion.zendesk import fate, people
from ingestion.zendesk.values import clean, moment, text
from ticketing.tickets import zendesk_comment
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.ticket import draft as new_draft
from ticketing.tickets.workflow import PRIORITIES, Priority

_LONGEST_WORD = 40


def fields(context: dict[str, Any]) -> dict[str, Any]:
    """What Zendesk says now of the desk ticket's changeable fields, without `attributes`."""
    ticket = context["ticket"]
    subject, said = text(ticket.get("subject")), zendesk_comment.description(ticket, _opening(context))
    return {
        "subject": subject,
        "issue_description": text(said) or subject or "(no description)",
        "type": text(ticket.get("type")),
        "status": fate.status(ticket) or "open",
        "priority": _priority(ticket.get("priority")),
        "tags": [clean(tag) for tag in ticket.get("tags") or []],
        "requester": people.requester(context),
    }


def shown(context: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as the desk shows them: the description has files and call of the comment that repeats it."""
    return fields | {"issue_description": zendesk_comment.opening(fields["issue_description"], _opening(context))}


def attributes(context: dict[str, Any]) -> dict[str, Any]:
    """What the desk keeps of Zendesk's own data: where the ticket is, status, times, people, and where it was merged,
    and which ticket it follows in Zendesk.

    The status is Zendesk's own word, also where Foyer does not know it. `opening` is there if the description is not
    the requester's own words, or is internal.
    """
    ticket = context["ticket"]
    values = {
        "ticket_id": str(ticket["id"]),
        "url": fate.url(str(ticket["id"])),
        "status": ticket.get("status"),
        "created_at": ticket.get("created_at"),
        "updated_at": ticket.get("updated_at"),
    }
    more = {
        "requester_id": people.requester_id(ticket),
        "organization": people.organization(context),
        "opening": people.opening(_opening(context), context),
        "merged_into": fate.merged(context),
        "follows": fate.followed(ticket),
    }
    return values | {name: value for name, value in more.items() if value}


def note(context: dict[str, Any]) -> str | None:
    """What staff should know of a word that the desk does not have, in a sentence without its stop. Mostly None."""
    ticket = context["ticket"]
    said = ticket.get("priority")
    if not said or said in PRIORITIES:
        return None
    word = clean(said)[:_LONGEST_WORD]
    return f"Zendesk ticket {ticket['id']} has the priority `{word}`, which Foyer does not know: it is `normal` here"


def seen(context: dict[str, Any], fields: dict[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What shows later whether Zendesk changed a field, whether staff did, or whether a customer said more.

    It has a fingerprint of what Zendesk says of each field, so that another way to show it is no change of Zendesk's.
    `opening` is that of the description as shown, `files` that of the files beside it, if there are any, and `answer`
    the id of a customer's last public comment. `before` is what was seen of this requester earlier.
    """
    answers = [str(one["id"]) for one in comments(context) if people.is_told_answer(one, context)]
    said = {name: mark(value) for name, value in fields.items()}
    more = {"opening": mark(shown(context, fields)["issue_description"]), "answer": answers[-1] if answers else ""}
    if files := zendesk_comment.files_mark(_opening(context)):
        more["files"] = files
    return said | people.marks(fields["requester"], before or {}) | more


def mark(value: Any) -> str:
    """The fingerprint of a field's value."""
    return json.fingerprint(value)[:12]


def draft(context: dict[str, Any], delivery_id: str) -> Ticket:
    """The ticket to open. Its `delivery_id` shows, after a try that died, that this delivery opened it."""
    requester_id, customer_id = people.requester_id(context["ticket"]), settings.DEFAULT_CUSTOMER
    values = fields(context)
    if values["status"] == "closed":
        values["status"] = "solved"  # its comments must be added first, and a closed ticket takes none
    zendesk = attributes(context) | {"seen": seen(context, values), "delivery_id": delivery_id}
    return new_draft(
        channel="zendesk",
        customer_id=customer_id,
        tier="general",
        caller_id=f"zendesk:{requester_id}" if requester_id else whole_customer(customer_id),
        created_at=moment(context["ticket"].get("created_at")) or "",
        attributes={"zendesk": zendesk},
        zendesk=zendesk,
        **shown(context, values),
    )


def comments(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Zendesk's comments, oldest first, without the one that repeats the description."""
    return zendesk_comment.split(context["ticket"], context["comments"])[1]


def opening(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The comment that repeats the description, if one does. An earlier version of Foyer may have added it."""
    return [one for one in [_opening(context)] if one]


def _opening(context: dict[str, Any]) -> dict[str, Any] | None:
    return zendesk_comment.split(context["ticket"], context["comments"])[0]


def _priority(value: str | None) -> Priority:
    return next((one for one in PRIORITIES if one == value), "normal")
