"""The desk's writes. Each does what a form says through the service, and updates the index at once."""

from contextlib import suppress

from django.conf import settings
from django.contrib.auth.models import User

from config import aws, json
from config.refusals import Absent, Busy, Final, Invalid, KeyReused, Refusal, Stale
from ticketing import index, service
from ticketing.desk import staff
from ticketing.desk.ticket_forms import NewTicketForm, TicketForm
from ticketing.record import store
from ticketing.service import Commented, Opened
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Ticket, draft, new_comment

_AWAY = "The record could not be reached, so this could not be saved now. Nothing you typed is lost: try again."
_SENTENCES: dict[type[Refusal], str] = {
    Stale: "Somebody else changed this ticket while you were writing: nothing was saved. "
    "Look at what is new and send again.",
    Final: "This ticket is closed: nothing was saved, since nothing can be added to a closed ticket.",
    Absent: "This ticket was not found in the record: nothing was saved.",
    Busy: "Many are writing this ticket right now: nothing was saved. Try again in a moment.",
    KeyReused: "What you sent before is saved already. Send again if this is to be added to it.",
}


class HalfSaved(Exception):
    """The text is saved, but the fields beside it are not, because of `cause`."""

    def __init__(self, cause: Refusal | aws.AwsError) -> None:
        super().__init__(sentence(cause))
        self.cause = cause


def save(ticket_id: str, form: TicketForm, user: User) -> None:
    """Write the text and the fields of a valid form. Takes two AWS calls, or three for a text with changed fields.

    Raises a refusal or AwsError if nothing was saved (`sentence` says it to the person), and HalfSaved if only the
    text was saved.
    """
    version: int = form.cleaned_data["version"]
    if form.visibility is None:
        index.apply([_change(ticket_id, form, user, version)])
        return
    said = _comment(ticket_id, form, user, version)
    if form.changes and not (said.replayed and _stands(ticket_id, form)):
        try:  # the comment has raised the version by one
            index.apply([_change(ticket_id, form, user, version + 1)], [said.comment])
        except (Refusal, aws.AwsError) as cause:
            raise HalfSaved(cause) from cause
        return
    with suppress(Absent, aws.AwsError):  # the comment is stored; its announcement also reaches the index
        index.apply([service.get_ticket(ticket_id, None)], [said.comment])


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
    opened = service.open_ticket(ticket, _key(ticket.customer_id, said["key"], ticket.to_json()))
    index.apply([opened.ticket])
    return opened


def sentence(error: Refusal | aws.AwsError) -> str:
    """What to tell the person about a write that failed."""
    if isinstance(error, aws.AwsError):
        return _AWAY
    if isinstance(error, Invalid):
        return f"{error.sentence}: nothing was saved."
    return _SENTENCES.get(type(error), error.sentence)


def _comment(ticket_id: str, form: TicketForm, user: User, version: int) -> Commented:
    """Add the text as a comment."""
    said, visibility = form.cleaned_data, form.visibility
    assert visibility  # noqa: S101 - `save` has checked it
    return service.add_comment(
        ticket_id,
        said["customer_id"],
        new_comment(said["text"], author=staff.author(user), visibility=visibility),
        staff.actor(user),
        reopen=False,
        key=_key(said["customer_id"], said["key"], [ticket_id, said["text"], visibility]),
        expected_version=version,
    )


def _stands(ticket_id: str, form: TicketForm) -> bool:
    """Whether the record has the form's fields. If not, the first sending died after the text and before the fields."""
    ticket = store.get(ticket_id)
    return ticket is not None and all(getattr(ticket, name) == value for name, value in form.changes.items())


def _change(ticket_id: str, form: TicketForm, user: User, version: int) -> Ticket:
    return service.change_ticket(ticket_id, None, dict(form.changes), staff.actor(user), version)


def _key(customer_id: str, key: str, request: object) -> Key:
    return Key(customer_id, "desk", key, json.fingerprint(request))
