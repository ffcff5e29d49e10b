"""Keeps one desk ticket for each Zendesk ticket: opens it once, then writes what is new in Zendesk.

Every step may be done twice: the ticket and its comments have keys made of Zendesk's own ids.
"""

import logging
from typing import Any

from django.conf import settings

from config.refusals import Final
from config.request_id import request_id
from ingestion.zendesk import fate, mapping
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.tickets.ticket import Actor, Comment, Ticket, new_comment
from ticketing.tickets.workflow import REOPENED_BY_COMMENT, Status

log = logging.getLogger(__name__)


def write(context: dict[str, Any], delivery_id: str) -> tuple[Ticket, bool]:
    """Open the desk ticket, or update it to what Zendesk has.

    Returns the ticket as it was before the update, and whether this delivery opened it. A ticket that is closed at the
    desk stays as it is. Raises refusals.Invalid if it is too large, Stale and Busy if others write it (try again), and
    aws.AwsError.
    """
    zendesk_id = str(context["ticket"]["id"])
    key = raw_tickets.ticket_key(zendesk_id)
    ticket = service.open_ticket(mapping.draft(context, delivery_id), key).ticket
    try:
        _add_comments(ticket.ticket_id, zendesk_id, context)  # before a change that may close the ticket
        _bring_up_to_date(ticket.ticket_id, context)
    except Final:
        log.info("Ticket %s is closed: what is new in Zendesk ticket %s is left out", ticket.reference, zendesk_id)
    return ticket, _zendesk(ticket).get("delivery_id") == delivery_id


def _add_comments(ticket_id: str, zendesk_id: str, context: dict[str, Any]) -> None:
    """Add the comments that are missing. None of them reopens the ticket, because Zendesk decides its status."""
    for comment in mapping.comments(context):
        service.add_comment(
            ticket_id,
            settings.DEFAULT_CUSTOMER,
            _comment(comment, context),
            _actor(),
            reopen=False,
            key=raw_tickets.comment_key(zendesk_id, str(comment["id"])),
        )


def _comment(comment: dict[str, Any], context: dict[str, Any]) -> Comment:
    return new_comment(
        mapping.text(comment.get("body")) or "(no text)",
        author=mapping.author(comment, context),
        visibility="internal" if comment.get("public") is False else "public",
        created_at=mapping.moment(comment.get("created_at")) or "",
    )


def is_past(context: dict[str, Any], ticket: Ticket) -> bool:
    """Whether the desk's ticket has seen a newer state than this one. Webhooks come in any order."""
    return _moment(_zendesk(ticket)) > _moment(mapping.attributes(context))


def _bring_up_to_date(ticket_id: str, context: dict[str, Any]) -> None:
    """Write the fields that changed in Zendesk. What Zendesk did not change stays as staff left it.

    An exception: a new answer of the requester brings Zendesk's status back, so that nobody overlooks it as solved.
    A status that Foyer does not know changes nothing.
    """
    desk = service.get_ticket(ticket_id, settings.DEFAULT_CUSTOMER)
    if is_past(context, desk):
        return
    known, fetched, fields = _zendesk(desk), mapping.attributes(context), mapping.fields(context)
    there = fields["status"]
    if fate.status(context["ticket"]) is None:
        fields["status"] = desk.status
    now, before = mapping.seen(context, fields), _dict(known.get("seen"))
    changes = {name: value for name, value in fields.items() if now[name] != before.get(name)}
    if not before and _moment(known) == _moment(fetched) != "":
        changes = {}  # opened before Foyer recorded what it had seen
    if now["answer"] != before.get("answer", "") and _overlooked(desk.status, there):
        changes["status"] = there
    changes["attributes"] = desk.attributes | {"zendesk": known | fetched | {"seen": now}}
    service.change_ticket(ticket_id, settings.DEFAULT_CUSTOMER, changes, _actor(), expected_versions={desk.version})


def _overlooked(here: Status, there: Status) -> bool:
    """Whether the ticket waits for nobody at the desk, but is to be worked in Zendesk."""
    return here in REOPENED_BY_COMMENT and there not in ("solved", "closed")


def _moment(zendesk: dict[str, Any]) -> str:
    """When the ticket changed in Zendesk; empty if unknown."""
    moment = zendesk.get("updated_at")
    return moment if isinstance(moment, str) else ""


def _zendesk(ticket: Ticket) -> dict[str, Any]:
    return _dict(ticket.attributes.get("zendesk"))


def _dict(value: Any) -> dict[str, Any]:
    """What we wrote, or nothing if somebody else wrote there."""
    return value if isinstance(value, dict) else {}


def _actor() -> Actor:
    return Actor(name="Zendesk", door="zendesk", request_id=request_id())
