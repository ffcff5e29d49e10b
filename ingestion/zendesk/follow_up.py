"""What comes from Zendesk after the desk closed its ticket. Nothing can be added to a closed ticket.

A customer's answer opens a follow-up, which gets every comment that is not at the desk yet. If that is closed too, the
next answer opens a follow-up of it. So one Zendesk ticket has a chain of tickets, of which only the last can be open.
What an agent or Zendesk itself writes opens no work: it waits for the customer's next answer, and the delivery says so.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingestion.zendesk import changes, fate, mapping, people
from ingestion.zendesk.values import moment
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.tickets import zendesk_comment
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import is_final

Comments = list[dict[str, Any]]

_BY_FOYER = {"author": "Foyer", "by": "staff", "visibility": "internal"}  # who wrote a follow-up's description
_FOLLOWS = "follow_up_of"
_NEXT = "No customer wrote, so there is no follow-up: a customer's next answer opens one, which gets all comments. "


def chain(zendesk_id: str) -> Iterator[Ticket]:
    """The desk's tickets for a Zendesk ticket, the first one first. Takes an AWS call for each, and one for the end."""
    ticket = service.find(raw_tickets.ticket_key(zendesk_id).keyed_id)
    while ticket:
        yield ticket
        ticket = _after(ticket) if is_final(ticket.status) else None


def last(context: dict[str, Any]) -> tuple[Ticket | None, Comments]:
    """The end of the chain, and those of Zendesk's comments that the closed tickets do not have."""
    ticket, left = None, mapping.comments(context)
    for ticket in chain(str(context["ticket"]["id"])):
        left = absent(ticket, left, context) if is_final(ticket.status) else left
    return ticket, left


def absent(closed: Ticket, comments: Comments, context: dict[str, Any]) -> Comments:
    """Those of Zendesk's comments that a closed ticket does not have. No one can add them to it any more.

    The one that opened the ticket is the first ticket's description, also if Zendesk words one of the two anew.
    """
    zendesk_id, opener = str(context["ticket"]["id"]), _opener(context)
    known = service.known_comments(closed.ticket_id).keys() if comments else ()
    keys = [raw_tickets.comment_key(zendesk_id, str(one["id"])).keyed_id for one in comments]
    return [one for one, key in zip(comments, keys, strict=True) if key not in known and one["id"] != opener]


def is_due(context: dict[str, Any], left: Comments) -> bool:
    """Whether a customer wrote one of these comments, which the desk has not got, so that somebody has to look."""
    return not fate.is_deleted(context["ticket"]) and any(_answers(context, left))


def following(closed: Ticket, context: dict[str, Any], left: Comments, delivery_id: str, held: str) -> Ticket | None:
    """The ticket that follows a closed one, opened if it is due. None if it is not. `held` is `taken_back.as_of`.

    Raises as `service.open_ticket`.
    """
    if not is_due(context, left):
        return _after(closed)
    new = changes.dated(_draft(closed, context, left, delivery_id), held)
    return service.open_ticket(new, raw_tickets.follow_up_key(closed.ticket_id)).ticket


def _after(closed: Ticket) -> Ticket | None:
    """The ticket that follows a closed one, if there is one already."""
    return service.find(raw_tickets.follow_up_key(closed.ticket_id).keyed_id)


def _draft(closed: Ticket, context: dict[str, Any], left: Comments, delivery_id: str) -> Ticket:
    """The follow-up as it is opened. It was created when the customer wrote, as far as Zendesk tells.

    A subject that staff redacted in the closed ticket stays so.
    """
    new = mapping.draft(context, delivery_id)
    answer = next(_answers(context, left))
    known = closed.requester if new.caller_id == closed.caller_id else None  # Zendesk may say less this time
    redacted = [name for name in closed.redacted if name == "subject"]
    return replace(
        new,
        subject=closed.subject if redacted else new.subject,
        redacted=redacted,
        issue_description=_description(closed, context),
        created_at=moment(answer["created_at"]) or "",
        requester={**(known or {}), **(new.requester or {})} or None,
        **changes.kept(new, new.in_zendesk | {_FOLLOWS: closed.ticket_id, "opening": _BY_FOYER}),
    )


def _description(closed: Ticket, context: dict[str, Any]) -> str:
    return (
        f"This follows {closed.reference}, which was closed when the customer wrote again in Zendesk ticket "
        f"{context['ticket']['id']}."
    )


def changed(desk: Ticket, context: dict[str, Any]) -> dict[str, Any]:
    """What has to change so that the ticket, perhaps a follow-up, is as Zendesk has it (see `changes.of`).

    A follow-up's description is Foyer's own, so Zendesk's is not written over it.
    """
    wanted = changes.of(desk, context)
    if desk.ticket_id == raw_tickets.ticket_key(str(context["ticket"]["id"])).keyed_id:
        return wanted
    wanted.pop("issue_description", None)
    return wanted | changes.kept(desk, wanted["zendesk"] | {"opening": _BY_FOYER})


def named(new: Ticket, context: dict[str, Any]) -> Ticket:
    """The draft of a Zendesk ticket's first ticket. If that follows another one in Zendesk, it names the desk's."""
    other = fate.followed(context["ticket"])
    before = [one.ticket_id for one in chain(other["ticket_id"])] if other else []
    if not before:
        return new
    return replace(new, **changes.kept(new, new.in_zendesk | {_FOLLOWS: before[-1]}))


def left_out(closed: Ticket, context: dict[str, Any], left: Comments) -> str | None:
    """What is new in Zendesk but not at the desk, in a sentence without its stop. None if nothing is."""
    fields = [] if changes.is_past(closed, context) else _changed(closed, context)
    comments = [f"{len(left)} comment{'s' * (len(left) > 1)}"] if left else []
    if not fields and not comments:
        return None
    number, new = context["ticket"]["id"], ", ".join(comments + fields)
    follow_up = "" if fate.is_deleted(context["ticket"]) else _NEXT
    return (
        f"{closed.reference} is closed, so it did not get what is new in Zendesk ticket {number}: {new}. "
        f"{follow_up}Look at it in Zendesk: {fate.url(str(number))}"
    )


def _changed(closed: Ticket, context: dict[str, Any]) -> list[str]:
    """The fields of which Zendesk says something else than what the desk has seen, in words.

    That Zendesk solved or closed its ticket as well is nothing new.
    """
    said, before = mapping.fields(context), closed.in_zendesk.get("seen")
    if not isinstance(before, dict):
        return []  # opened before Foyer recorded what it had seen
    if said["status"] in ("solved", "closed") or fate.status(context["ticket"]) is None:
        del said["status"]
    now = mapping.seen(context, mapping.fields(context), before)
    changed = (name for name in said if now[name] != before.get(name) and said[name] != getattr(closed, name))
    return [name.removeprefix("issue_") for name in changed]


def _answers(context: dict[str, Any], left: Comments) -> Iterator[dict[str, Any]]:
    """Those of the comments in which a customer says something."""
    return (one for one in left if people.is_answer(one, context))


def _opener(context: dict[str, Any]) -> Any:
    """The id of the comment that opened the ticket: the first one, if it is as old as the ticket itself."""
    opening, others = zendesk_comment.split(context["ticket"], context["comments"])
    first = opening or next(iter(others), None)
    opened_at = moment(context["ticket"].get("created_at"))
    return first["id"] if first and opened_at and moment(first["created_at"]) == opened_at else None
