"""Opens, comments on and changes tickets. Every door and the desk write tickets only through this module.

The one exception is an import, which keeps times, versions and counts as they are (ticketing/record/loading.py).

A door authenticates and validates, then calls one function here. If a request cannot be done, the function raises a
refusal (config/refusals.py). If AWS fails, it raises aws.AwsError. Nothing here knows HTTP or SQL. Nothing here
announces a ticket either: the table's change stream does that.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from config import aws, times
from config.aws import Item, metrics
from config.refusals import Absent, Busy, Final, Invalid, KeyReused, Stale
from config.request_id import request_id
from ticketing.record import by_caller, history, items, overflow, store, transactions
from ticketing.record.table import TICKETS
from ticketing.tickets import edits, ids
from ticketing.tickets.edits import Overtaken
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import CHANGEABLE, LONGEST_KEY, Actor, Comment, Conversation, Place, Ticket
from ticketing.tickets.workflow import REOPENED_BY_COMMENT, STATUSES, Channel, Status, is_final

_TOO_LARGE = "The ticket is too large to be stored"
_UNREADABLE = "Description and attributes cannot be read right now: try again later, or give both anew"
_CLOSED = "Ticket is closed"
_ABSENT = "Ticket not found"
Also = Callable[[Comment], Sequence[transactions.Action]]  # what is written together with the comment that it is given
_FINAL: frozenset[Status] = frozenset(status for status in STATUSES if is_final(status))


@dataclass(frozen=True)
class Opened:
    """A ticket that is now in the record. `replayed` tells whether an earlier request had created it."""

    ticket: Ticket
    replayed: bool


@dataclass(frozen=True)
class Commented:
    """A comment that is now in the record. `replayed` tells whether an earlier request had added it."""

    comment: Comment
    replayed: bool


def open_ticket(draft: Ticket, key: Key | None = None) -> Opened:
    """Create a ticket from the draft. Its id, times, version and request id are set here; a `created_at` in it stays.

    With a key, the id is derived from it, so a repeat finds the first ticket. Takes one AWS call, and one more to S3 if
    the ticket is large. Raises KeyReused if the key is another request's, Invalid if the ticket is too large, and Busy.
    """
    now = times.now()
    ticket = replace(
        draft,
        ticket_id=key.keyed_id if key else draft.ticket_id or ids.new_id(),
        created_at=draft.created_at or now,
        received_at=now,
        updated_at=now,
        version=1,
        request_id=request_id(),
    )
    try:
        existing = store.put_new(ticket, key.fingerprint if key else "")
    except store.TooLarge:
        raise Invalid(_TOO_LARGE) from None
    except aws.Contended:
        raise Busy from None
    if existing is None:
        metrics.add("Foyer", "TicketsCreated", 1, Door=ticket.channel, Tier=ticket.tier)
        return Opened(ticket, replayed=False)
    if key is None:
        return Opened(existing.ticket, replayed=False)  # the id is fresh: this very write made it, but lost its answer
    # An imported ticket has no fingerprint. Its id is derived from the key, and that is enough.
    if existing.fingerprint != key.fingerprint and existing.ticket.imported_version is None:
        raise KeyReused
    return Opened(existing.ticket, replayed=True)


def add_comment(
    ticket_id: str,
    customer_id: str,
    draft: Comment,
    actor: Actor,
    *,
    reopen: bool = True,
    key: Key | None = None,
    changes: Mapping[str, Any] | None = None,
    seen: Mapping[str, Any] | None = None,
    also: Also | None = None,
) -> Commented:
    """Add a comment from the draft. Its ids, door and time are set here.

    A public comment reopens a pending or solved ticket, unless `reopen` is off (for staff). Takes one AWS call, or two
    if it reopens the ticket. If another program's item must be mended first, it takes three.

    `changes` are fields that change together with it, all or nothing: as in `change_ticket`, but none that S3 may hold.
    `seen` has the values that they had when the writer saw the ticket. `also` says what else is written with the
    comment, all or nothing.

    Raises Absent, Final (closed), KeyReused, Invalid if the comment is too large, Busy, and Overtaken if somebody else
    changed one of these fields meanwhile. Other comments and changes of other fields are no conflict.
    """
    now = times.now()
    comment = replace(
        draft,
        ticket_id=ticket_id,
        comment_id=ids.new_id(),
        created_at=draft.created_at or now,
        door=actor.door,
    )
    _check_size(comment)
    adding = transactions.CommentWrite(
        comment=comment,
        now=now,
        actor=actor,
        customer_id=customer_id,
        key=key,
        changes=changes or {},
        seen=seen or {},
        also=also(comment) if also else [],
    )
    reopens = reopen and comment.visibility == "public" and "status" not in adding.changes
    return _add(adding, REOPENED_BY_COMMENT if reopens else frozenset())


def _add(adding: transactions.CommentWrite, reopening: frozenset[Status]) -> Commented:
    """Write the comment, in one transaction with the ticket's count and version, and with the fields beside it.

    1. The first try assumes that the fields are as the writer saw them, and that the ticket needs neither reopening
       nor mending.
    2. A rejected try returns the ticket's item. If the key was used, the earlier comment is the answer. If the
       ticket is closed or another customer's, or if somebody else changed one of the fields, that is raised.
    3. If the status is one of `reopening`, the next try reopens the ticket too. If the form of another program's item
       made the conditions fail, the item is mended first.
    4. Writers that meet try again for two seconds. Then Busy is raised.
    """
    beside, blocked_by = transactions.as_seen(adding), _FINAL | reopening
    for _ in aws.while_contended():
        try:
            TICKETS.transact(transactions.comment(adding, beside, blocked_by), ids.new_id())
        except aws.Conflict as conflict:
            if first := _first_time(adding, conflict):
                return Commented(first, replayed=True)
            beside, blocked_by = _decided_anew(adding, conflict, reopening)
            _mend(conflict)
        except aws.Contended:
            break  # `transact` has waited for the other writers already
        else:
            return Commented(adding.comment, replayed=False)
    raise Busy


def change_ticket(
    ticket_id: str,
    customer_id: str | None,
    changes: dict[str, Any],
    actor: Actor,
    expected_versions: Collection[int] | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Ticket:
    """Replace the fields in `changes`, and return the ticket as it is afterwards.

    `changes` maps names of CHANGEABLE to values that the door has validated. If they change nothing, nothing is
    written. `customer_id` None is the desk, which sees all tickets. Takes two AWS calls.

    Raises Absent, Final (closed), Invalid, and Busy. A writer who saw the ticket earlier says what they saw:

    - `expected_versions`: the whole ticket must still be at one of them. Otherwise Stale is raised.
    - `seen`: the old values of the fields in `changes`. Only these must still be the same. Otherwise Overtaken is
      raised. A ticket that has all the wanted values already is returned as it is, even if it is closed.
    """
    assert set(changes) <= set(CHANGEABLE), changes  # noqa: S101 - a door that passes others is broken
    for _ in aws.while_contended():
        before = get_ticket(ticket_id, customer_id)
        if seen is not None and edits.stands(before, changes):
            return before
        _check_changeable(before, expected_versions)
        if seen is not None:
            _check_seen(before, changes, seen)
        if overflow.would_lose(before, changes):
            raise Busy(_UNREADABLE)
        after = replace(before, **changes)
        if not transactions.differences(before, after):
            return before
        after = replace(after, version=before.version + 1, updated_at=times.now(), request_id=actor.request_id)
        try:
            stored = store.packed(after, before)
            TICKETS.transact(transactions.change(before, after, stored, actor), ids.new_id())
        except store.TooLarge:
            raise Invalid(_TOO_LARGE) from None
        except aws.Conflict as conflict:
            _mend(conflict)
            continue  # somebody was faster, or the item was mended: read it again
        except aws.Contended:
            break
        return replace(after, overflow=stored.overflow)
    raise Busy


def from_path(text: str, customer_id: str) -> str:
    """The id of the customer's ticket that an address names. Raises Absent if no ticket can have such an id.

    Ids made here are UUIDs in lower case, and an address may have them in upper case. But another program's or an
    imported id may itself have upper case. So the text as it stands comes first, which takes one AWS call. A text that
    has no UUID in upper case takes none.
    """
    if not 0 < len(text.encode()) <= LONGEST_KEY:
        raise Absent(_ABSENT)
    lower = text.lower()
    if lower == text or not ids.is_id(lower):
        return text
    exact = store.get(text)
    return text if exact and exact.customer_id == customer_id else lower


def get_ticket(ticket_id: str, customer_id: str | None) -> Ticket:
    """The customer's ticket as it is now. `customer_id` None is the desk, which sees all tickets. Raises Absent."""
    return _own(store.get(ticket_id), customer_id)


def get_conversation(ticket_id: str, customer_id: str | None, limit: int = 100) -> Conversation:
    """The customer's ticket with its first comments (`limit` at most), in one query. Raises Absent."""
    ticket, comments, more = store.get_with_comments(ticket_id, limit)
    return Conversation(_own(ticket, customer_id), comments, more)


def more_comments(ticket_id: str, after: Place, limit: int) -> tuple[list[Comment], Place | None]:
    """The comments after a place, and the place of the last one if there are more.

    The customer is not checked here, because only a reader who was given a page of the conversation has a Place.
    """
    return store.comments_after(ticket_id, after, limit)


def list_by_caller(
    caller_id: str, customer_id: str, start: dict[str, str] | None, limit: int, channel: Channel | None = None
) -> by_caller.Page:
    """A page of the customer's tickets of one caller, newest first. `start` is the `next` of an earlier page."""
    return by_caller.list_by_caller(caller_id, customer_id, channel, start, limit)


# --- For Foyer's own programs, which act for no customer: the announcer, the processors, a replay --------


def find(ticket_id: str) -> Ticket | None:
    """The ticket as it is now, whoever owns it; None if there is none."""
    return store.get(ticket_id)


def all_tickets(changed_since: str | None = None) -> Iterator[Ticket]:
    """Every ticket of the record, in no order. With `changed_since`, those changed since then or without a time."""
    return store.scan(changed_since)


def from_change(image: Item | None) -> Ticket | None:
    """The ticket in a change record's image (wire format). None if the item is not a ticket or was deleted."""
    return store.of_image(image)


# --- Inside -------------------------------------------------------------------------------------------


def _check_size(comment: Comment) -> None:
    try:
        store.fitting(items.from_comment(comment))
    except store.TooLarge:
        raise Invalid("The comment is too large to be stored") from None


def _own(ticket: Ticket | None, customer_id: str | None) -> Ticket:
    if ticket is None or customer_id not in (None, ticket.customer_id):
        raise Absent(_ABSENT)
    return ticket


def _check_changeable(ticket: Ticket, expected_versions: Collection[int] | None = None) -> None:
    if expected_versions is not None and ticket.version not in expected_versions:
        raise Stale(f"The ticket was changed meanwhile: it is at version {ticket.version}")
    if is_final(ticket.status):
        raise Final(_CLOSED)


def _check_seen(ticket: Ticket, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    if fields := edits.overtaken(ticket, changes, seen):
        with suppress(aws.AwsError):  # then nobody is named
            fields = history.named(ticket.ticket_id, fields)
        raise Overtaken(fields)


def _first_time(adding: transactions.CommentWrite, conflict: aws.Conflict) -> Comment | None:
    """The comment that the key was used for. The request has the same hash, so the words are the same."""
    found = conflict.reasons[transactions.KEY_ACTION].get("Item") if adding.key else None
    if not adding.key or not found:
        return None
    if items.fingerprint_of(found) != adding.key.fingerprint:
        raise KeyReused
    return replace(adding.comment, comment_id=found["comment_id"], created_at=found["created_at"])


def _decided_anew(
    adding: transactions.CommentWrite, conflict: aws.Conflict, reopening: frozenset[Status]
) -> tuple[transactions.Beside, frozenset[Status]]:
    """What the next try changes beside the comment, and which statuses block it. Raises why there is no next try."""
    found = conflict.reasons[transactions.TICKET_ACTION].get("Item", {})
    ticket = _own(items.to_ticket(found) if found else None, adding.customer_id)
    _check_changeable(ticket)
    _check_seen(ticket, adding.changes, adding.seen)
    if ticket.status in reopening:
        return transactions.as_found(found, {**adding.changes, "status": "open"}), _FINAL
    return transactions.as_found(found, adding.changes), _FINAL | reopening


def _mend(conflict: aws.Conflict) -> None:
    """Correct another program's item if its form made the conditions fail."""
    found = conflict.reasons[transactions.TICKET_ACTION].get("Item")
    if actions := transactions.mended(found) if found else []:
        with suppress(aws.Conflict):  # somebody else corrected it meanwhile
            TICKETS.transact(actions, ids.new_id())
