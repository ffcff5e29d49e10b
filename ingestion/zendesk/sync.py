"""Keeps a desk ticket for each Zendesk ticket: opens it once, then writes what is new in Zendesk.

If the desk closes it, a follow-up takes its place (ingestion/zendesk/follow_up.py).

Every step may be done twice: the ticket and its comments have keys made of Zendesk's own ids.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.refusals import Final, Stale
from config.request_id import request_id
from ingestion.zendesk import changes, follow_up, mapping, marker, people, taken_back
from ingestion.zendesk.values import moment
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.service import Known
from ticketing.tickets import zendesk_comment
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment, Ticket, new_comment
from ticketing.tickets.workflow import is_final

Tell = Callable[[int, int], None]


class Outdated(Stale):
    """A later document was written beside this one, and did not see which comments this one replaced.

    So the ticket must be fetched anew.
    """


class Erased(Exception):
    """The ticket was erased at the desk: nothing of it is taken in."""


def _silent(there: int, of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Written:
    """The desk ticket as it was before the update, whether this delivery opened it, and what it did not get."""

    ticket: Ticket
    opened: bool
    left_out: str | None = None


def write(
    context: dict[str, Any], delivery_id: str, fetched: str, tell: Tell = _silent, first: Ticket | None = None
) -> Written:
    """Open the desk ticket, or update it to what Zendesk has. What a closed ticket cannot take goes to its follow-up.

    Only what Zendesk took back changes a closed ticket. `fetched` is when the ticket was fetched (`taken_back.as_of`).
    `tell` is called after each write of comments, with how many of how many are there. `first` is the Zendesk ticket's
    first ticket at the desk, if the caller has read it. Raises refusals.Invalid if the ticket is too large, Stale and
    Busy if others write it (try again), Outdated (try again with a new document), and aws.AwsError.
    """
    left, held = mapping.comments(context), taken_back.as_of(context, fetched)
    ticket = first or _first(context, delivery_id, held)
    while not _took(ticket, left, context, held, tell):
        left = follow_up.absent(ticket, left, context)  # now that no one can add to it any more
        following = follow_up.following(ticket, context, left, delivery_id, held)
        if following is None:
            now = service.get_ticket(ticket.ticket_id, None)
            return Written(ticket, _is_ours(ticket, delivery_id), follow_up.left_out(now, context, left))
        ticket = following
    return Written(ticket, _is_ours(ticket, delivery_id))


def _first(context: dict[str, Any], delivery_id: str, held: str) -> Ticket:
    """The Zendesk ticket's first ticket at the desk, opened if it is not there.

    It is looked up first: if a large ticket is written again, its text goes to S3, and an earlier document has old
    words.
    """
    key = raw_tickets.ticket_key(str(context["ticket"]["id"]))
    ticket = service.find(key.keyed_id)
    if ticket is None:
        new = follow_up.named(mapping.draft(context, delivery_id), context)
        ticket = service.open_ticket(changes.dated(new, held), key).ticket
    if ticket.erased:
        raise Erased
    return ticket


def _is_ours(ticket: Ticket, delivery_id: str) -> bool:
    return bool(ticket.in_zendesk.get("delivery_id") == delivery_id)


def _took(ticket: Ticket, left: list[dict[str, Any]], context: dict[str, Any], held: str, tell: Tell) -> bool:
    """Add the comments to the ticket and bring it up to date. False if it is closed, perhaps since a moment ago."""
    known, own = marker.recognized(ticket.ticket_id, left, context, service.known_comments(ticket.ticket_id))
    keyed = [(marker.unsigned(one) if key.keyed_id in own else one, key) for one, key in _keyed(left, context, held)]
    replaced = not changes.is_past(ticket, context) and _replaced(ticket, keyed, known, context, held, tell)
    with suppress(Final):
        if not is_final(ticket.status):
            if _add_comments(ticket.ticket_id, keyed, known, tell):  # before a change that may close the ticket
                known = service.known_comments(ticket.ticket_id)
                replaced = _replaced(ticket, keyed, known, context, held, tell) or replaced
            _bring_up_to_date(ticket.ticket_id, context, held, replaced)
            return True
    _settle(ticket, context, held, replaced)
    return False


def _replaced(
    ticket: Ticket,
    keyed: list[tuple[Comment, Key]],
    known: dict[str, Known],
    context: dict[str, Any],
    held: str,
    tell: Tell,
) -> bool:
    """Replace the comments of which Zendesk says something else now, the opening one too. Returns whether there were
    any."""
    said = [*_keyed(mapping.opening(context), context, held), *keyed]
    there = sum(key.keyed_id in known for _, key in keyed)
    replaced = False
    for _ in taken_back.replace_comments(ticket, said, known, held, _actor()):
        replaced = True
        tell(there, len(keyed))
    return replaced


def _settle(ticket: Ticket, context: dict[str, Any], held: str, replaced: bool) -> None:
    """What a closed ticket does get: its texts without what was taken back. None of its comments is on its way."""
    if ticket.arriving or not is_final(ticket.status):
        service.all_arrived(ticket.ticket_id)
    _take_back_texts(ticket.ticket_id, context, held, replaced)


def _add_comments(ticket_id: str, keyed: list[tuple[Comment, Key]], known: dict[str, Known], tell: Tell) -> bool:
    """Add the comments that are missing. None of them reopens the ticket, because Zendesk decides its status.

    Returns whether another run wrote some of them meanwhile. Its document may be an earlier one, with other words.
    """
    missing, met = [(one, key) for one, key in keyed if key.keyed_id not in known], list[bool]()
    there = len(keyed) - len(missing)
    adding = service.add_comments(
        ticket_id, settings.DEFAULT_CUSTOMER, missing, _actor(), there=there, met=lambda: met.append(True)
    )
    for added in adding:
        tell(there + added, len(keyed))
    return bool(met)


def _keyed(comments: list[dict[str, Any]], context: dict[str, Any], held: str) -> list[tuple[Comment, Key]]:
    """Zendesk's comments in their order, each once, with their keys."""
    zendesk_id, once = str(context["ticket"]["id"]), dict[str, tuple[Comment, Key]]()
    for one in comments:
        comment = _comment(one, context, held)
        key = raw_tickets.comment_key(zendesk_id, str(one["id"]), zendesk_comment.mark(one, comment.author or ""))
        once.setdefault(key.keyed_id, (comment, key))
    return list(once.values())


def _comment(comment: dict[str, Any], context: dict[str, Any], held: str) -> Comment:
    """The comment to add. The desk tells staff from customers by its door, so an agent's comment has the desk's."""
    return new_comment(
        zendesk_comment.whole(comment),
        author=people.author(comment, context),
        visibility="internal" if comment.get("public") is False else "public",
        created_at=moment(comment["created_at"]) or "",
        door="desk" if people.is_staff(comment, context) else "zendesk",
        as_of=held,
    )


def _take_back_texts(ticket_id: str, context: dict[str, Any], held: str, replaced: bool) -> None:
    """Change the texts of a closed ticket if words were taken out of them, and note as of when they hold."""
    desk = service.get_ticket(ticket_id, settings.DEFAULT_CUSTOMER)
    if _is_past(desk, context, replaced):
        return
    wanted, gone = taken_back.texts_of_closed(desk, follow_up.changed(desk, context), held)
    if gone or desk.leftovers:  # of a change that died before the old words were out of S3
        _change(desk, wanted, gone)
    elif changes.is_newer(desk, context):
        service.note_zendesk(desk, desk.in_zendesk | {"updated_at": context["ticket"]["updated_at"]})


def _is_past(desk: Ticket, context: dict[str, Any], replaced: bool) -> bool:
    """Whether a later document came before. Raises Outdated if this one has replaced comments nevertheless."""
    is_past = changes.is_past(desk, context)
    if is_past and replaced:
        raise Outdated("Zendesk's ticket changed while it was taken in")
    return is_past


def _bring_up_to_date(ticket_id: str, context: dict[str, Any], held: str, replaced: bool) -> None:
    desk = service.get_ticket(ticket_id, settings.DEFAULT_CUSTOMER)
    if _is_past(desk, context, replaced):
        return
    if desk.arriving:  # some were announced that Zendesk has no more
        service.all_arrived(ticket_id)
    _change(desk, *taken_back.texts(desk, follow_up.changed(desk, context), held))


def _change(desk: Ticket, wanted: dict[str, Any], gone: list[str]) -> None:
    service.change_ticket(
        desk.ticket_id,
        settings.DEFAULT_CUSTOMER,
        wanted,
        _actor(),
        expected_versions={desk.version},
        unsaid=gone,
    )


def _actor() -> Actor:
    return Actor(name="Zendesk", door="zendesk", request_id=request_id())
