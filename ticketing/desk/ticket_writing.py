"""The desk's writes. Each does what a form says through the service, and updates the index at once."""

from contextlib import suppress

from django.conf import settings
from django.contrib.auth.models import User

from audit import trail
from audit.actions import Action
from config import aws, json
from config.refusals import Absent, Busy, Final, Invalid, KeyReused, Refusal
from ticketing import index, service
from ticketing.answers import promises
from ticketing.desk import staff
from ticketing.desk.staff import Staff
from ticketing.desk.ticket_conversation import door
from ticketing.desk.ticket_forms import NewTicketForm, TicketForm
from ticketing.service import Commented, Opened
from ticketing.tickets.edits import Overtaken, Theirs
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Ticket, draft, new_comment

_AWAY = "The record could not be reached, so this could not be saved now. Nothing you typed is lost: try again."
_SENTENCES: dict[type[Refusal], str] = {
    Final: "This ticket is closed: nothing was saved, since nothing can be added to a closed ticket.",
    Absent: "This ticket was not found in the record: nothing was saved.",
    Busy: "Many are writing this ticket right now: nothing was saved. Try again in a moment.",
    KeyReused: "What you sent before is saved already. Send again if this is to be added to it.",
}


def save(ticket_id: str, form: TicketForm, user: User) -> int:
    """Write the text and the fields of a valid form, all or nothing. Takes two AWS calls.

    Returns how many comments came in since the person opened the page. Raises a refusal or AwsError if nothing was
    saved (`sentence` says it to the person).
    """
    details = {"fields": list(form.changes)} | ({"visibility": form.visibility} if form.visibility else {})
    action = Action.TICKET_COMMENTED if form.visibility else Action.TICKET_CHANGED
    trail.record(action, target=f"ticket {ticket_id}", details=details)
    if form.visibility is None:
        ticket = service.change_ticket(ticket_id, None, form.changes, staff.actor(user), seen=form.cleaned_data["seen"])
        index.apply([ticket])
        return _came_in(ticket, form)
    said = _comment(ticket_id, form, user)
    with suppress(Absent, aws.AwsError):  # the comment is stored; its announcement also reaches the index
        ticket = service.get_ticket(ticket_id, None)
        index.apply([ticket], [said.comment])
        return _came_in(ticket, form, own=1)
    return 0


def _came_in(ticket: Ticket, form: TicketForm, own: int = 0) -> int:
    seen: int = form.cleaned_data["comments"]
    return max(ticket.comment_count - seen - own, 0)


def open_ticket(form: NewTicketForm, user: User) -> Opened:
    """Open the ticket that a valid form describes. The same form sent twice opens one ticket. Raises as the service."""
    said = form.cleaned_data
    ticket = draft(
        channel="desk",
        customer_id=settings.DEFAULT_CUSTOMER,
        tier=said["tier"],
        caller_id=said["caller"],
        issue_description=said["description"],
        subject=said["subject"] or None,
        priority=said["priority"],
    )
    key = _key(ticket.customer_id, said["key"], ticket.to_json())
    trail.record(Action.TICKET_OPENED, target=f"ticket {key.keyed_id}")
    opened = service.open_ticket(ticket, key)
    index.apply([opened.ticket])
    return opened


def sentence(error: Refusal | aws.AwsError) -> str:
    """What to tell the person about a write that failed."""
    if isinstance(error, aws.AwsError):
        return _AWAY
    if isinstance(error, Invalid):
        return f"{error.sentence}: nothing was saved."
    return _SENTENCES.get(type(error), error.sentence)


def overtaken(error: Overtaken, people: Staff, user: User) -> str:
    """What to tell the person whose fields somebody else has changed meanwhile."""
    changed = " ".join(_theirs(name, theirs, people, user) for name, theirs in error.fields.items())
    return f"{changed} Nothing was saved. What you typed and chose is still here: to replace this, send it again."


def _theirs(name: str, theirs: Theirs, people: Staff, user: User) -> str:
    value = (people.label(theirs.value) if theirs.value else "Nobody") if name == "assignee" else theirs.value.title()
    return f"{_who(theirs, people, user)} changed the field {name.title()} to “{value}” while you were writing."


def _who(theirs: Theirs, people: Staff, user: User) -> str:
    if theirs.door != "desk":
        return f"{theirs.by} (through {door(theirs.door)})" if theirs.by else "Somebody else"
    return "You yourself, in another window," if theirs.by == user.get_username() else people.label(theirs.by)


def _comment(ticket_id: str, form: TicketForm, user: User) -> Commented:
    """Add the text as a comment, and change the fields with it. On a Zendesk ticket, Zendesk may be promised it."""
    said, visibility = form.cleaned_data, form.visibility
    assert visibility  # noqa: S101 - `save` has checked it
    also = promises.of(service.get_ticket(ticket_id, None)) if settings.ZENDESK_ANSWER_BACK else None
    done = service.add_comment(
        ticket_id,
        said["customer_id"],
        new_comment(said["text"], author=staff.author(user), visibility=visibility),
        staff.actor(user),
        reopen=False,
        key=_key(said["customer_id"], said["key"], [ticket_id, said["text"], visibility, form.changes]),
        changes=form.changes,
        seen=said["seen"],
        also=also,
    )
    if also:
        promises.send(done.comment.comment_id)
    return done


def _key(customer_id: str, key: str, request: object) -> Key:
    return Key(customer_id, "desk", key, json.fingerprint(request))
