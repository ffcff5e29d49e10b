"""Erases a ticket in the record. What stays is a shell without words: closed, with its id, its times and its counts.

The shell is what remembers. Every door and every tool writes a ticket on condition that its id is new, so what comes
late (a repeat, a redriven message, an old import file, a replayed document) meets the shell and is not taken in. The id
is a UUID, which is the digest of the sender's key wherever a sender gave one.

Each step may be done twice, and the first one closes the ticket, so no door can add to it meanwhile. The shell keeps
its caller, requester and Zendesk number until `end`: whoever goes on after a process died finds the ticket by them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from config import aws, json, times
from config.aws import Put, Update
from config.batched import batched
from config.refusals import Busy
from ticketing.record import items, mending, overflow
from ticketing.record.items import Item
from ticketing.record.table import TICKETS
from ticketing.record.transactions import REDACTED, note, update
from ticketing.tickets import ids
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.ticket import Actor, Comment, Ticket

ERASED = "(erased)"  # in place of a description's or a comment's words; customers read it, too
BEGUN = "erasing"  # the type of a shell that is not finished, so that the index finds it
_AT_ONCE = 50  # comments in a transaction
_OF_TICKET = "ticket_id = :id AND begins_with(#item, :beginning)"
_AT_VERSION = (
    "attribute_exists(ticket_id) AND (#version = :before OR (attribute_not_exists(#version) AND :before = :one))"
)


def find(caller_id: str = "", email: str = "") -> Iterator[Ticket]:
    """Every ticket of that caller or address, shells that are not finished too. Reads the whole table, page by page.

    The address is compared without regard to case, with the requester's and with the caller's id. Raises aws.AwsError.
    """
    for item in TICKETS.scan("#item = :ticket", {":ticket": items.TICKET}):
        ticket = items.to_ticket(item)
        if is_of(ticket, caller_id, email.casefold()):
            yield ticket


def comments_by(author: str) -> Iterator[Comment]:
    """Every comment whose author is called so, capital letters apart, on whatever ticket. Reads the whole table."""
    beginning = {":comment": items.COMMENT}
    for item in TICKETS.scan("begins_with(#item, :comment) AND attribute_exists(author)", beginning):
        comment = items.to_comment(item)
        if (comment.author or "").casefold() == author.casefold():
            yield comment


def unfinished() -> Iterator[Ticket]:
    """The tickets whose erasing was begun and not finished. Reads the whole table. Raises aws.AwsError."""
    for item in TICKETS.scan("#item = :ticket AND erasing = :true", {":ticket": items.TICKET, ":true": True}):
        yield items.to_ticket(item)


def counts(ticket_id: str) -> dict[str, int]:
    """How many comments, notes and keys the ticket has whose words are still to be taken out. Raises aws.AwsError."""
    comments = map(items.to_comment, _beside(ticket_id, items.COMMENT))
    return {
        "comments": sum(not _is_empty(one) for one in comments),
        "change notes": sum(_told(one) != one.get("changes") for one in _beside(ticket_id, items.CHANGE)),
        "keys of comments": sum("fingerprint" in one or "mark" in one for one in _beside(ticket_id, items.KEY)),
    }


def forget_key_of(ticket_id: str, comment_id: str) -> None:
    """Take the digests of a comment's words out of its key. Raises aws.AwsError."""
    for one in _beside(ticket_id, items.KEY):
        if one.get("comment_id") == comment_id:
            _empty_key(one)


def begin(ticket_id: str, actor: Actor) -> Ticket | None:
    """Make the ticket's item a shell. Returns it, or None if there is no such ticket. One that is a shell stays.

    Raises Busy if others write the ticket all the time, and aws.AwsError.
    """
    for _ in aws.while_contended():
        found = TICKETS.get(items.ticket_key(ticket_id))
        before = items.to_ticket(found) if found else None
        if before is None or before.erased:
            return before
        shell = _shell(before, actor)
        values = {":before": before.version, ":one": 1}
        told = note(ticket_id, shell.version, shell.erased, actor, {"erased": [False, True]})
        try:
            TICKETS.transact([Put(items.from_ticket(shell, None), _AT_VERSION, values=values), told], ids.new_id())
        except aws.Conflict as conflict:
            mending.mend(conflict)  # if need be; else somebody was faster: read it again
        except aws.Contended:
            break
        else:
            return shell
    raise Busy


def empty(shell: Ticket, actor: Actor) -> None:
    """Take the words out of the ticket's comments, notes and keys, and its objects out of S3. Raises as `begin`."""
    _empty_comments(shell.ticket_id, actor)
    _empty_notes(shell.ticket_id)
    _empty_keys(shell.ticket_id)
    lane = {"ticket_id": shell.ticket_id, "item": items.ANSWERS}
    _change(lane, "SET waiting = :none REMOVE begun, failures, not_before, #owner, #until", {":none": []})
    overflow.destroy_all(shell.ticket_id)


def end(shell: Ticket, actor: Actor) -> Ticket:
    """Take out of the shell by whom it was found, too, once all its places are empty. Raises aws.AwsError."""
    sets = {
        "caller_id": whole_customer(shell.customer_id),
        "updated_at": times.now(),
        "request_id": actor.request_id,
    }
    counted, gone = "#version = if_not_exists(#version, :one) + :one", ("requester", "erasing", "zendesk", "type")
    with suppress(aws.Conflict):  # another process ended it
        condition, values = "erasing = :true", {":true": True, ":one": 1}
        TICKETS.update(update(shell.ticket_id, sets, condition, values, counted, gone=gone))
    found = TICKETS.get(items.ticket_key(shell.ticket_id))
    return items.to_ticket(found) if found else shell


def is_of(ticket: Ticket, caller_id: str, email: str) -> bool:
    """Whether it is that caller's or that address's, which is in lower case."""
    if caller_id and ticket.caller_id == caller_id:
        return True
    addresses = {ticket.caller_id.casefold(), (ticket.requester or {}).get("email", "").casefold()}
    return bool(email) and email in addresses


def _shell(before: Ticket, actor: Actor) -> Ticket:
    """What is kept of a ticket. Whatever is not named here goes, what another program wrote beside it, too."""
    now = times.now()
    number = before.in_zendesk.get("ticket_id")
    return Ticket(
        ticket_id=before.ticket_id,
        channel=before.channel,
        customer_id=before.customer_id,
        caller_id=before.caller_id,
        requester=before.requester,
        issue_description=ERASED,
        type=BEGUN,
        status="closed",
        priority=before.priority,
        tier=before.tier,
        comment_count=before.comment_count,
        last_comment_id=before.last_comment_id,
        created_at=before.created_at,
        received_at=before.received_at,
        updated_at=now,
        version=before.version + 1,
        request_id=actor.request_id,
        replacements=before.replacements,
        replaced_comment_id=before.replaced_comment_id,
        redacted=["issue_description", "subject"],
        zendesk={"ticket_id": number} if number else {},
        erased=now,
        erasing=True,
    )


def _empty_comments(ticket_id: str, actor: Actor) -> None:
    for _ in aws.while_contended():
        found = map(items.to_comment, _beside(ticket_id, items.COMMENT))
        left = [one for one in found if not _is_empty(one)]
        try:
            for some in batched(left, _AT_ONCE):
                TICKETS.transact(_emptied(ticket_id, some, actor), ids.new_id())
        except aws.Conflict:
            continue  # another process does the same: look what is left
        except aws.Contended:
            break
        return
    raise Busy


def _emptied(ticket_id: str, comments: list[Comment], actor: Actor) -> list[Put | Update]:
    """The actions that replace the comments, and count that as replacements, so that the index follows."""
    sets = {"updated_at": times.now(), "request_id": actor.request_id, "replaced_comment_id": comments[-1].comment_id}
    counted = update(
        ticket_id,
        sets,
        "attribute_exists(erased)",
        {":one": 1, ":zero": 0, ":more": len(comments)},
        "#version = if_not_exists(#version, :one) + :one",
        "#replacements = if_not_exists(#replacements, :zero) + :more",
    )
    return [counted, *map(_without_words, comments)]


def _without_words(before: Comment) -> Put:
    after = replace(before, comment=ERASED, author=None, as_of="", redacted=True, revision=before.revision + 1)
    at_revision = "attribute_exists(ticket_id) AND "
    at_revision += "(#revision = :before OR (attribute_not_exists(#revision) AND :before = :zero))"
    return Put(items.from_comment(after), at_revision, values={":before": before.revision, ":zero": 0})


def _is_empty(comment: Comment) -> bool:
    return comment.comment == ERASED and comment.redacted and comment.author is None


def _empty_notes(ticket_id: str) -> None:
    for one in _beside(ticket_id, items.CHANGE):
        changes = _told(one)
        if changes != one.get("changes") or one.get("request_id") != "-":
            _change(one, "SET #changes = :changes, request_id = :none", {":changes": changes, ":none": "-"})


def _told(one: Item) -> str:
    """What a note may still say."""
    return json.dumps({name: _untold(name, pair) for name, pair in _changes(one).items()})


def _untold(name: str, pair: object) -> object:
    """A note's values, unless they are no words: which comment was replaced, and that the ticket was erased."""
    return pair if name in ("comments", "erased", "status", "priority") else [REDACTED, REDACTED]


def _changes(one: Item) -> Item:
    try:
        changes = json.loads(str(one.get("changes")))
    except ValueError:  # another program's
        return {}
    return changes if isinstance(changes, dict) else {}


def _empty_keys(ticket_id: str) -> None:
    """A key's fingerprint is the digest of what was sent: it would tell who guesses the words that they are right."""
    for one in _beside(ticket_id, items.KEY):
        _empty_key(one)


def _empty_key(one: Item) -> None:
    if "fingerprint" in one or "mark" in one:
        _change(one, "REMOVE fingerprint, mark", {})


def _beside(ticket_id: str, beginning: str) -> list[Item]:
    return list(TICKETS.query(_OF_TICKET, {":id": ticket_id, ":beginning": beginning}))


def _change(one: Item, change: str, values: Item) -> None:
    key = {"ticket_id": one["ticket_id"], "item": one["item"]}
    with suppress(aws.Conflict):  # it is not there
        TICKETS.update(Update(key, change, "attribute_exists(ticket_id)", values))
