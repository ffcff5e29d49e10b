"""Keeps a desk ticket for each Zendesk ticket: opens it once, then writes what is new in Zendesk.

If the desk closes it, a follow-up takes its place (ingestion/zendesk/follow_up.py).

Every step may be done twice: the ticket and its comments have keys made of Zendesk's own ids.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.refusals import Final
from config.request_id import request_id
from ingestion.zendesk import changes, follow_up, mapping, people
from ingestion.zendesk.values import moment
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.tickets import zendesk_comment
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment, Ticket, new_comment
from ticketing.tickets.workflow import is_final

Tell = Callable[[int, int], None]


def _silent(there: int, of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Written:
    """The desk ticket as it was before the update, whether this delivery opened it, and what it did not get."""

    ticket: Ticket
    opened: bool
    left_out: str | None = None


def write(context: dict[str, Any], delivery_id: str, tell: Tell = _silent) -> Written:
    """Open the desk ticket, or update it to what Zendesk has. What a closed ticket cannot take goes to its follow-up.

    `tell` is called after each write of comments, with how many of how many are there. Raises refusals.Invalid if the
    ticket is too large, Stale and Busy if others write it (try again), and aws.AwsError.
    """
    left = mapping.comments(context)
    first = follow_up.named(mapping.draft(context, delivery_id), context)
    ticket = service.open_ticket(first, raw_tickets.ticket_key(str(context["ticket"]["id"]))).ticket
    while not _took(ticket, left, context, tell):
        left = follow_up.absent(ticket, left, context)  # now that no one can add to it any more
        following = follow_up.following(ticket, context, left, delivery_id)
        if following is None:
            return Written(ticket, _is_ours(ticket, delivery_id), follow_up.left_out(ticket, context, left))
        ticket = following
    return Written(ticket, _is_ours(ticket, delivery_id))


def _is_ours(ticket: Ticket, delivery_id: str) -> bool:
    return bool(changes.zendesk(ticket).get("delivery_id") == delivery_id)


def _took(ticket: Ticket, comments: list[dict[str, Any]], context: dict[str, Any], tell: Tell) -> bool:
    """Add the comments to the ticket and bring it up to date. False if it is closed, perhaps since a moment ago."""
    with suppress(Final):
        if not is_final(ticket.status):
            _add_comments(ticket.ticket_id, comments, context, tell)  # before a change that may close the ticket
            _bring_up_to_date(ticket.ticket_id, context)
            return True
    if ticket.arriving or not is_final(ticket.status):
        service.all_arrived(ticket.ticket_id)  # those that are on their way go to its follow-up
    return False


def _add_comments(ticket_id: str, comments: list[dict[str, Any]], context: dict[str, Any], tell: Tell) -> None:
    """Add the comments that are missing. None of them reopens the ticket, because Zendesk decides its status."""
    keyed = _keyed(str(context["ticket"]["id"]), comments)
    known = service.known_comments(ticket_id)
    missing = [(_comment(one, context), key) for one, key in keyed if key.keyed_id not in known]
    there = len(keyed) - len(missing)
    for added in service.add_comments(ticket_id, settings.DEFAULT_CUSTOMER, missing, _actor(), there=there):
        tell(there + added, len(keyed))


def _keyed(zendesk_id: str, comments: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Key]]:
    """Zendesk's comments in their order, each once, with their keys."""
    once: dict[str, tuple[dict[str, Any], Key]] = {}
    for one in comments:
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


def _bring_up_to_date(ticket_id: str, context: dict[str, Any]) -> None:
    desk = service.get_ticket(ticket_id, settings.DEFAULT_CUSTOMER)
    if changes.is_past(desk, context):
        return
    if desk.arriving:  # some were announced that Zendesk has no more
        service.all_arrived(ticket_id)
    wanted = follow_up.changed(desk, context)
    service.change_ticket(ticket_id, settings.DEFAULT_CUSTOMER, wanted, _actor(), expected_versions={desk.version})


def _actor() -> Actor:
    return Actor(name="Zendesk", door="zendesk", request_id=request_id())
