"""Changes and redacts fields of a ticket. The doors call it through `ticketing.service`."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from config import aws, times
from config.refusals import Busy, Final, Invalid, Stale
from ticketing.reading import get_ticket
from ticketing.record import checks, history, mending, overflow, redaction, store, transactions
from ticketing.record.table import TICKETS
from ticketing.tickets import edits, ids
from ticketing.tickets.edits import Overtaken
from ticketing.tickets.ticket import CHANGEABLE, REDACTED, Actor, Ticket

TEXTS = ("subject", "issue_description")  # fields that can be redacted
_OF_CLOSED = {*TEXTS, "attributes", "zendesk"}  # what may change of a closed ticket
TOO_LARGE = "The ticket is too large to be stored"
_UNREADABLE = "Description and attributes cannot be read right now: try again later, or give both anew"


def change_ticket(
    ticket_id: str,
    customer_id: str | None,
    changes: dict[str, Any],
    actor: Actor,
    expected_versions: Collection[int] | None = None,
    seen: Mapping[str, Any] | None = None,
    unsaid: Collection[str] = (),
    *,
    for_good: bool = False,
) -> Ticket:
    """Replace the fields in `changes`, and return the ticket as it is afterwards.

    `changes` maps names of CHANGEABLE to values that the door has validated. The Zendesk door gives `zendesk` as well,
    what it knows (`Ticket.in_zendesk`). If they change nothing, nothing is written.

    `customer_id` None is the desk, which sees all tickets. Takes two AWS calls.

    Raises Absent, Final (closed), Invalid, and Busy. A writer who saw the ticket earlier says what they saw:

    - `expected_versions`: the whole ticket must still be at one of them. Otherwise Stale is raised.
    - `seen`: the old values of the fields in `changes`. Only these must still be the same. Otherwise Overtaken is
      raised. A ticket that has all the wanted values already is returned as it is, even if it is closed.

    `unsaid` names fields of TEXTS whose old words must be nowhere afterwards: not in a note of this or an earlier
    change, and not in S3. `for_good` has the ticket remember that they were redacted. It takes some AWS calls more.
    What is redacted, and what the Zendesk door knows, may change of a closed ticket.
    """
    assert set(changes) <= {*CHANGEABLE, "zendesk"}, changes  # noqa: S101 - a door that passes others is broken
    for _ in aws.while_contended():
        before = get_ticket(ticket_id, customer_id)
        if before.leftovers:
            redaction.finish(before)
            before = replace(before, leftovers=[])
        if seen is not None and edits.stands(before, changes):
            return before
        closed = (bool(unsaid) or "zendesk" in changes) and set(changes) <= _OF_CLOSED
        _check(before, changes, expected_versions, seen, closed=closed)
        after = replace(before, **changes, redacted=sorted({*before.redacted, *(unsaid if for_good else ())}))
        if not transactions.differences(before, after) and _untold(after) == _untold(before):
            return before
        after = replace(after, version=before.version + 1, updated_at=times.now(), request_id=actor.request_id)
        try:
            stored = _write(before, after, actor, unsaid)
        except store.TooLarge:
            raise Invalid(TOO_LARGE) from None
        except aws.Conflict as conflict:
            mending.mend(conflict)
            continue  # somebody was faster, or the item was mended: read it again
        except aws.Contended:
            break
        return replace(after, overflow=stored.overflow)
    raise Busy


def redact_ticket(ticket_id: str, fields: Collection[str], actor: Actor) -> Ticket:
    """Take the words out of these fields of TEXTS, for good, and return the ticket. For staff. Raises as
    `change_ticket`, but not Final."""
    fields = [name for name in TEXTS if name in fields]
    return change_ticket(ticket_id, None, dict.fromkeys(fields, REDACTED), actor, unsaid=fields, for_good=True)


def note_zendesk(before: Ticket, zendesk: dict[str, Any]) -> None:
    """Note what the Zendesk door knows now (`Ticket.in_zendesk`). The ticket keeps its version, and may be closed.

    Raises Stale if the door has noted something else since `before` was read, and aws.AwsError.
    """
    try:
        TICKETS.update(transactions.noted(before, zendesk))
    except aws.Conflict:
        raise Stale("Something newer came from Zendesk meanwhile") from None


def _write(before: Ticket, after: Ticket, actor: Actor, unsaid: Collection[str]) -> Ticket:
    """Write the ticket, and remove the old words of the fields in `unsaid`. Returns it as its item holds it."""
    stored = store.packed(after, before)
    gone = {*transactions.differences(before, after), *(set(after.redacted) - set(before.redacted))}
    if gone.intersection(unsaid):
        stored = redaction.prepare(stored, unsaid)
    TICKETS.transact(transactions.change(before, after, stored, actor, unsaid), ids.new_id())
    if stored.leftovers:
        redaction.finish(stored)
    return stored


def _untold(ticket: Ticket) -> tuple[Any, ...]:
    return ticket.redacted, ticket.zendesk


def _check(
    before: Ticket,
    changes: dict[str, Any],
    expected_versions: Collection[int] | None,
    seen: Mapping[str, Any] | None,
    *,
    closed: bool,
) -> None:
    """Raises why the ticket cannot be changed. `closed` says whether a closed one can. An erased one never can."""
    if before.erased:
        raise Final("Ticket was erased")
    with suppress(*[Final] if closed else []):
        checks.changeable(before, expected_versions)
    if seen is not None:
        check_seen(before, changes, seen)
    if overflow.would_lose(before, changes):
        raise Busy(_UNREADABLE)


def check_seen(ticket: Ticket, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    """Raises Overtaken if somebody else changed one of the fields since the writer saw them."""
    if fields := edits.overtaken(ticket, changes, seen):
        with suppress(aws.AwsError):  # then nobody is named
            fields = history.named(ticket.ticket_id, fields)
        raise Overtaken(fields)
