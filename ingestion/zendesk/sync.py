"""Keeps one desk ticket for each Zendesk ticket: opens it once, then writes what is new in Zendesk.

Every step may be done twice: the ticket and its comments have keys made of Zendesk's own ids.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings

from config.refusals import Final
from config.request_id import request_id
from ingestion.zendesk import changes, mapping, people
from ingestion.zendesk.values import moment
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.tickets import zendesk_comment
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment, Ticket, new_comment

log = logging.getLogger(__name__)

Tell = Callable[[int, int], None]


def _silent(there: int, of: int) -> None:
    """Tell nobody."""


def write(context: dict[str, Any], delivery_id: str, tell: Tell = _silent) -> tuple[Ticket, bool]:
    """Open the desk ticket, or update it to what Zendesk has.

    `tell` is called after each write of comments, with how many of how many are there. Returns the ticket as it was
    before the update, and whether this delivery opened it. A ticket that is closed at the desk stays as it is. Raises
    refusals.Invalid if it is too large, Stale and Busy if others write it (try again), and aws.AwsError.
    """
    zendesk_id = str(context["ticket"]["id"])
    key = raw_tickets.ticket_key(zendesk_id)
    ticket = service.open_ticket(mapping.draft(context, delivery_id), key).ticket
    try:
        _add_comments(ticket.ticket_id, zendesk_id, context, tell)  # before a change that may close the ticket
        _bring_up_to_date(ticket.ticket_id, context)
    except Final:
        log.info("Ticket %s is closed: what is new in Zendesk ticket %s is left out", ticket.reference, zendesk_id)
    return ticket, changes.zendesk(ticket).get("delivery_id") == delivery_id


def _add_comments(ticket_id: str, zendesk_id: str, context: dict[str, Any], tell: Tell) -> None:
    """Add the comments that are missing. None of them reopens the ticket, because Zendesk decides its status."""
    keyed = _keyed(zendesk_id, context)
    known = service.known_comments(ticket_id)
    missing = [(_comment(one, context), key) for one, key in keyed if key.keyed_id not in known]
    there = len(keyed) - len(missing)
    for added in service.add_comments(ticket_id, settings.DEFAULT_CUSTOMER, missing, _actor(), there=there):
        tell(there + added, len(keyed))


def _keyed(zendesk_id: str, context: dict[str, Any]) -> list[tuple[dict[str, Any], Key]]:
    """Zendesk's comments in their order, each once, with their keys."""
    once: dict[str, tuple[dict[str, Any], Key]] = {}
    for one in mapping.comments(context):
        key = raw_tickets.comment_key(zendesk_id, str(one["id"]), zendesk_comment.mark(one))
        once.setdefault(key.keyed_id, (one, key))
    return list(once.values())


def _comment(comment: dict[str, Any], context: dict[str, Any]) -> Comment:
    """The comment to add. The desk tells staff from customers by its door, so an agent's comment has the desk's."""
    return new_comment(
        zendesk_comment.whole(comment),
        author=people.author(comment, context),
        visibility="internal" if comment.get("public") is False else "public",
        created_at=moment(comment["created_at"]) or "",
        door="desk" if people.is_staff(comment, context) else "zendesk",
    )


def is_past(context: dict[str, Any], ticket: Ticket) -> bool:
    """Whether the desk's ticket has seen a newer state than this one. Webhooks come in any order."""
    return changes.moment(changes.zendesk(ticket)) > changes.moment(mapping.attributes(context))


def _bring_up_to_date(ticket_id: str, context: dict[str, Any]) -> None:
    desk = service.get_ticket(ticket_id, settings.DEFAULT_CUSTOMER)
    if is_past(context, desk):
        return
    if desk.arriving:  # some were announced that Zendesk has no more
        service.all_arrived(ticket_id)
    service.change_ticket(
        ticket_id, settings.DEFAULT_CUSTOMER, changes.of(desk, context), _actor(), expected_versions={desk.version}
    )


def _actor() -> Actor:
    return Actor(name="Zendesk", door="zendesk", request_id=request_id())
