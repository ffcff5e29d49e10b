"""Opens and comments on tickets, and hands on what changes, redacts and reads them.

Every door and the desk write tickets only through this module.

The one exception is an import, which keeps times, versions and counts as they are (ticketing/record/loading.py).

A door authenticates and validates, then calls one function here. If a request cannot be done, the function raises a
refusal (config/refusals.py). If AWS fails, it raises aws.AwsError. Nothing here knows HTTP or SQL. Nothing here
announces a ticket either: the table's change stream does that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config import aws, times
from config.aws import metrics
from config.refusals import Busy, Invalid, KeyReused
from config.request_id import request_id
from ticketing.changing import TOO_LARGE, change_ticket, check_seen, note_zendesk, redact_ticket
from ticketing.reading import (
    all_tickets,
    find,
    from_change,
    from_path,
    get_comment,
    get_conversation,
    get_ticket,
    list_by_caller,
    more_comments,
)
from ticketing.record import checks, items, many_comments, mending, store, transactions
from ticketing.record.many_comments import Known
from ticketing.record.table import TICKETS
from ticketing.redacting import redact_comment, replace_comment
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment, Ticket
from ticketing.tickets.workflow import REOPENED_BY_COMMENT, Status

__all__ = [
    "Commented",
    "Known",
    "Opened",
    "add_comment",
    "add_comments",
    "all_arrived",
    "all_tickets",
    "change_ticket",
    "find",
    "from_change",
    "from_path",
    "get_comment",
    "get_conversation",
    "get_ticket",
    "known_comments",
    "list_by_caller",
    "more_comments",
    "note_zendesk",
    "open_ticket",
    "redact_comment",
    "redact_ticket",
    "replace_comment",
]

Also = Callable[[Comment], Sequence[transactions.Action]]  # what is written together with the comment that it is given


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
        raise Invalid(TOO_LARGE) from None
    except aws.Contended:
        raise Busy from None
    if existing is None:
        metrics.add("Foyer", "TicketsCreated", 1, Door=ticket.channel, Tier=ticket.tier)
        return Opened(ticket, replayed=False)
    if key is None:
        return Opened(existing.ticket, replayed=False)  # the id is fresh: this very write made it, but lost its answer
    if existing.ticket.erased:  # its shell has no fingerprint any more, and nothing comes back
        return Opened(existing.ticket, replayed=True)
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
    many_comments.check_size(comment)
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
    beside, blocked_by = transactions.as_seen(adding), checks.FINAL | reopening
    for _ in aws.while_contended():
        try:
            TICKETS.transact(transactions.comment(adding, beside, blocked_by), ids.new_id())
        except aws.Conflict as conflict:
            if first := _first_time(adding, conflict):
                return Commented(first, replayed=True)
            beside, blocked_by = _decided_anew(adding, conflict, reopening)
            mending.mend(conflict)
        except aws.Contended:
            break  # `transact` has waited for the other writers already
        else:
            return Commented(adding.comment, replayed=False)
    raise Busy


def _nobody() -> None:
    """Nobody asks who else wrote some of the comments."""


def add_comments(
    ticket_id: str,
    customer_id: str,
    drafts: Iterable[tuple[Comment, Key]],
    actor: Actor,
    *,
    there: int = 0,
    met: Callable[[], object] = _nobody,
) -> Iterator[int]:
    """Add a sender's comments in this order, each with its key, as many in a transaction as AWS takes.

    Yields how many of them are in the record after each transaction; what the caller does not ask for is not written.
    A comment that is there already is left out, whatever it says, and `met` is called. None of them reopens the ticket,
    and each keeps the door that it names. `there` is how many of the sender's comments were there before: the ticket
    tells people how many of how many are there. Raises as `add_comment` does.
    """
    return many_comments.add(ticket_id, customer_id, list(drafts), actor, there, met)


def known_comments(ticket_id: str) -> dict[str, Known]:
    """The ticket's comments that have a key, by `Key.keyed_id`, whoever owns the ticket. Takes an AWS call for about
    4,000 of them, and reads no comment's text."""
    return many_comments.known(ticket_id)


def all_arrived(ticket_id: str) -> None:
    """Note that no more comments are on their way, although the last of those that were announced never came."""
    many_comments.all_arrived(ticket_id)


def _first_time(adding: transactions.CommentWrite, conflict: aws.Conflict) -> Comment | None:
    """The comment that the key was used for. The request has the same hash, so the words are the same."""
    found = conflict.reasons[transactions.KEY_ACTION].get("Item") if adding.key else None
    if not adding.key or not found or not items.fingerprint_of(found):  # an erased comment's key has none
        return None
    if items.fingerprint_of(found) != adding.key.fingerprint:
        raise KeyReused
    return replace(adding.comment, comment_id=found["comment_id"], created_at=found["created_at"])


def _decided_anew(
    adding: transactions.CommentWrite, conflict: aws.Conflict, reopening: frozenset[Status]
) -> tuple[transactions.Beside, frozenset[Status]]:
    """What the next try changes beside the comment, and which statuses block it. Raises why there is no next try."""
    found = conflict.reasons[transactions.TICKET_ACTION].get("Item", {})
    ticket = checks.own(items.to_ticket(found) if found else None, adding.customer_id)
    checks.changeable(ticket)
    check_seen(ticket, adding.changes, adding.seen)
    if ticket.status in reopening:
        return transactions.as_found(found, {**adding.changes, "status": "open"}), checks.FINAL
    return transactions.as_found(found, adding.changes), checks.FINAL | reopening
