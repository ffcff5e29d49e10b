"""Open, comment, change: the only way to write a ticket, for every door and for the desk (not for an import, which
brings its tickets as they are: ticketing/loading.py).

A door authenticates and validates, then calls one function here. What cannot be done comes out as a refusal
(config/refusals.py); what AWS cannot do now as aws.AwsError. Nothing here knows HTTP or SQL, and nothing is
announced here: the table's change stream does that.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from random import uniform
from typing import Any

from config import aws, json, metrics
from config.refusals import Absent, Busy, Final, Invalid, KeyReused, Stale
from config.requests import request_id
from ticketing import clock, ids, lists, overflow, store, writes
from ticketing import item as items
from ticketing.ticket import CHANGEABLE, Actor, Comment, Ticket
from ticketing.workflow import REOPENED_BY_COMMENT, STATUSES, Channel, Status, Visibility, is_final
from ticketing.writes import CommentKey

_TOO_LARGE = "The ticket is too large to be stored"
_UNREADABLE = "Description and attributes cannot be read right now: try again later, or give both anew"
_CLOSED = "Ticket is closed"
_FINAL: frozenset[Status] = frozenset(status for status in STATUSES if is_final(status))


@dataclass(frozen=True)
class Key:
    """What makes a repeat recognizable: its scope, the sender's key, and the SHA-256 of the request's JSON."""

    customer_id: str
    operation: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, customer_id: str, operation: str, key: str | None, request: Any) -> "Key | None":
        """The key of a request (its JSON), None where the sender gave none."""
        return cls(customer_id, operation, key, json.fingerprint(request)) if key else None

    @property
    def keyed_id(self) -> str:
        return ids.keyed_id(self.customer_id, self.operation, self.key)


@dataclass(frozen=True)
class Opened:
    """A ticket that stands in the record, and whether it stood there before."""

    ticket: Ticket
    replayed: bool


@dataclass(frozen=True)
class Commented:
    """A comment that stands in the record, and whether it stood there before."""

    comment: Comment
    replayed: bool


@dataclass(frozen=True)
class Conversation:
    """A ticket with some of its comments, oldest first; `next` is the last one's id if there are more."""

    ticket: Ticket
    comments: list[Comment]
    next: str | None


def open_ticket(draft: Ticket, key: Key | None = None) -> Opened:
    """Create the ticket that the draft describes (its id, times, version and request id are set here).

    With a key its id is the key's, so a repeat finds the first. One AWS call, and one more if the ticket is too large
    for an item. Raises KeyReused if the key stands for another request, Invalid if it cannot be stored, Busy.
    """
    now = clock.now()
    ticket = replace(
        draft,
        ticket_id=key.keyed_id if key else draft.ticket_id or ids.new_id(),
        created_at=draft.created_at or now,
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
        return Opened(existing.ticket, replayed=False)  # a fresh id: it is this write, whose answer was lost
    # With an imported ticket came no fingerprint: its id alone says that it is this key's.
    if existing.fingerprint != key.fingerprint and existing.ticket.imported_version is None:
        raise KeyReused
    return Opened(existing.ticket, replayed=True)


def add_comment(
    ticket_id: str,
    customer_id: str,
    text: str,
    actor: Actor,
    *,
    author: str | None = None,
    visibility: Visibility = "public",
    reopen: bool = True,
    key: Key | None = None,
    created_at: str | None = None,
    expected_version: int | None = None,
) -> Commented:
    """Add a comment. A public one opens a pending or solved ticket again, unless `reopen` is off (staff).

    One AWS call, three at most where it opens the ticket again. Raises Absent, Final (closed), KeyReused, Stale (if
    `expected_version` is given and is not the ticket's), Busy.
    """
    now = clock.now()
    adding = writes.CommentWrite(
        comment=Comment(
            ticket_id=ticket_id,
            comment_id=ids.new_id(),
            comment=text,
            author=author,
            visibility=visibility,
            created_at=created_at or now,
            door=actor.door,
        ),
        now=now,
        actor=actor,
        customer_id=customer_id,
        key=CommentKey(key.keyed_id, key.fingerprint) if key else None,
        expected_version=expected_version,
    )
    _check_size(adding.comment)
    return _add(adding, REOPENED_BY_COMMENT if reopen and visibility == "public" else frozenset())


def _add(adding: writes.CommentWrite, reopening: frozenset[Status]) -> Commented:
    """Add the comment; where the ticket's status is one of `reopening`, open it again in the same transaction."""
    reopens: Status | None = None
    for _ in _patiently():
        try:
            store.write(writes.comment(adding, reopens, _FINAL | reopening), token=ids.new_id())
        except aws.Conflict as conflict:
            if first := _first_time(adding, conflict):
                return Commented(first, replayed=True)
            reopens = _why_not(adding, conflict, reopening)
            _mend(conflict)
        except aws.Contended:
            break
        else:
            return Commented(adding.comment, replayed=False)
    raise Busy


def change_ticket(
    ticket_id: str,
    customer_id: str | None,
    changes: dict[str, Any],
    actor: Actor,
    expected_version: int | None = None,
) -> Ticket:
    """Replace the fields in `changes` (names of CHANGEABLE, values validated by the door); the ticket afterwards.

    A change that changes nothing writes nothing. `customer_id` None is the desk, which sees all. Two AWS calls. Raises
    Absent, Final (closed), Stale (if `expected_version` is given and is not the ticket's), Invalid, Busy.
    """
    assert set(changes) <= set(CHANGEABLE), changes  # noqa: S101 - a door that passes others is broken
    for _ in _patiently():
        before = get_ticket(ticket_id, customer_id)
        _check_changeable(before, expected_version)
        if overflow.would_lose(before, changes):
            raise Busy(_UNREADABLE)
        after = replace(before, **changes)
        if not writes.differences(before, after):
            return before
        after = replace(after, version=before.version + 1, updated_at=clock.now(), request_id=actor.request_id)
        try:
            stored = store.packed(after, before)
            store.write(writes.change(before, after, stored, actor), token=ids.new_id())
        except store.TooLarge:
            raise Invalid(_TOO_LARGE) from None
        except aws.Conflict as conflict:
            _mend(conflict)
            continue  # somebody was faster, or the item is mended: look again
        except aws.Contended:
            break
        return replace(after, overflow=stored.overflow)
    raise Busy


def get_ticket(ticket_id: str, customer_id: str | None) -> Ticket:
    """The customer's ticket as it stands. `customer_id` None is the desk, which sees all. Raises Absent."""
    return _own(store.get(ticket_id), customer_id)


def find(ticket_id: str) -> Ticket | None:
    """The ticket as it stands, whoever's it is; None if there is none. For the house's own work, not for doors."""
    return store.get(ticket_id)


def get_conversation(ticket_id: str, customer_id: str | None, limit: int = 100) -> Conversation:
    """The customer's ticket with its first comments, in one query. Raises Absent."""
    ticket, comments, more = store.get_with_comments(ticket_id, limit)
    return Conversation(_own(ticket, customer_id), comments, more)


def more_comments(ticket_id: str, after: str, limit: int) -> tuple[list[Comment], str | None]:
    """The comments behind the one with id `after`, and the last one's id if there are more.

    It does not look at whose ticket it is: `after` comes from a page that the caller was given.
    """
    return store.comments_after(ticket_id, after, limit)


def all_comments(ticket_id: str) -> Iterator[Comment]:
    """Every comment of the ticket, oldest first, read as they are taken."""
    after: str | None = ""
    while after is not None:
        page, after = store.comments_after(ticket_id, after, 1000)
        yield from page


def last_comments(ticket_id: str, limit: int) -> list[Comment]:
    """The ticket's newest comments, newest first: `limit` at most, and fewer if they are large."""
    return store.last_comments(ticket_id, limit)


def list_by_caller(
    caller_id: str, customer_id: str, start: dict[str, str] | None, limit: int, channel: Channel | None = None
) -> lists.Page:
    """The customer's tickets of one caller, newest first, from where an earlier page ended."""
    return lists.list_by_caller(caller_id, customer_id, channel, start, limit)


def all_tickets(changed_since: str | None = None) -> Iterator[Ticket]:
    """Every ticket of the record, in no order; or those changed since then, and those without a time."""
    return store.scan(changed_since)


def from_change(image: dict[str, Any] | None) -> Ticket | None:
    """The ticket in a change record's image (wire format); None for an item that is no ticket, or that is gone."""
    if image is None or image.get("item", {}).get("S") != items.TICKET:
        return None
    return items.to_ticket(image)


def _check_size(comment: Comment) -> None:
    try:
        store.fitting(items.from_comment(comment))
    except store.TooLarge:
        raise Invalid("The comment is too large to be stored") from None


def _own(ticket: Ticket | None, customer_id: str | None) -> Ticket:
    if ticket is None or customer_id not in (None, ticket.customer_id):
        raise Absent("Ticket not found")
    return ticket


def _check_changeable(ticket: Ticket, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != ticket.version:
        raise Stale(f"The ticket was changed meanwhile: it is at version {ticket.version}")
    if is_final(ticket.status):
        raise Final(_CLOSED)


def _first_time(adding: writes.CommentWrite, conflict: aws.Conflict) -> Comment | None:
    """The comment that the key already stands for: same words, since the request has the same hash."""
    found = conflict.reasons[writes.KEY_ACTION].get("Item") if adding.key else None
    if not adding.key or not found:
        return None
    if items.fingerprint_of(found) != adding.key.fingerprint:
        raise KeyReused
    values = aws.from_wire(found)
    return replace(adding.comment, comment_id=values["comment_id"], created_at=values["created_at"])


def _why_not(adding: writes.CommentWrite, conflict: aws.Conflict, reopening: frozenset[Status]) -> Status | None:
    """Why the comment's transaction was refused: raises it, or gives the status to open the ticket from."""
    found = conflict.reasons[writes.TICKET_ACTION].get("Item")
    ticket = _own(items.to_ticket(found) if found else None, adding.customer_id)
    _check_changeable(ticket, adding.expected_version)
    return ticket.status if ticket.status in reopening else None


def _mend(conflict: aws.Conflict) -> None:
    """Put another program's item right, where its form is what the conditions stumbled on."""
    found = conflict.reasons[writes.TICKET_ACTION].get("Item")
    if actions := writes.mended(found) if found else []:
        with suppress(aws.Conflict):  # somebody else did, meanwhile
            store.write(actions, token=ids.new_id())


def _patiently(seconds: float = 2.0) -> Iterator[None]:
    """Rounds of trying again, for two seconds after the first, with a random wait so that writers who met part."""
    yield
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(uniform(0.01, 0.1))  # noqa: S311 - not a secret
        yield
