"""The transactions that change a ticket, as lists of actions for `aws.Table.transact`. Nothing here calls AWS.

`replacing` has the one that replaces a comment.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from config import json
from config.aws import Put, Update
from ticketing.record import items
from ticketing.record.items import Item
from ticketing.tickets import ids
from ticketing.tickets.edits import same
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import CHANGEABLE, Actor, Comment, Ticket
from ticketing.tickets.workflow import STATUSES, Status

_KEPT_APART = (*items.LARGE, "overflow")  # change together: `overflow` names the object that has the others
_UNTOLD = ("redacted", "leftovers", "zendesk")  # fields that no note tells
_NOTHING: dict[str, tuple[Any, ...]] = {name: ([], {}) for name in _UNTOLD}  # what is left out of an item
REDACTED = {"redacted": True}  # in a note: a value that must not be told
_NEW = "attribute_not_exists(ticket_id)"
_LONG_VALUE = 2_000  # characters; a change notes only the length and hash of a longer value


Action = Put | Update


def change(before: Ticket, after: Ticket, stored: Ticket, actor: Actor, unsaid: Collection[str] = ()) -> list[Action]:
    """The actions that take a ticket from one version to the next, and note what changed.

    `stored` is `after` as its item will hold it (`store.packed`). The condition is that the ticket still has the
    version of `before`. For the fields in `unsaid`, the note does not tell the values.
    """
    fields = differences(before, after)
    moved = before.overflow != stored.overflow
    touched = [*fields, *(name for name in _KEPT_APART if moved and name not in fields)]
    touched += [name for name in _UNTOLD if getattr(before, name) != getattr(stored, name)]
    sets: dict[str, Any] = {
        "version": after.version,
        "updated_at": after.updated_at,
        "request_id": actor.request_id,
    }
    gone = [name for name in touched if getattr(stored, name) in _NOTHING.get(name, (None,))]
    sets |= {name: items.change_values(name, getattr(stored, name)) for name in touched if name not in gone}
    # An item that another program wrote may have no version; it reads as 1.
    at_version = "(#version = :before OR (attribute_not_exists(#version) AND :before = :one))"
    condition, values = f"attribute_exists(ticket_id) AND {at_version}", {":before": before.version, ":one": 1}
    if "zendesk" in touched:
        condition, values = f"{condition} AND {_as_known(before)[0]}", values | _as_known(before)[1]
    updating = update(before.ticket_id, sets, condition, values, gone=gone)
    told = {name: pair if name not in unsaid else [REDACTED, REDACTED] for name, pair in fields.items()}
    return [updating, note(before.ticket_id, after.version, after.updated_at, actor, told)]


def noted(before: Ticket, zendesk: dict[str, Any]) -> Update:
    """The update that only notes what the Zendesk door knows of a ticket. It makes no version: nobody is told.

    The condition is that the door has noted nothing else since `before`.
    """
    condition, values = _as_known(before)
    sets = {"zendesk": items.change_values("zendesk", zendesk)}
    standing = "attribute_exists(ticket_id) AND attribute_not_exists(erased)"
    return update(before.ticket_id, sets, f"{standing} AND {condition}", values)


def _as_known(before: Ticket) -> tuple[str, dict[str, Any]]:
    """The condition that the Zendesk door has noted nothing since, and its values."""
    if not before.zendesk:
        return "attribute_not_exists(#zendesk)", {}
    return "#zendesk = :as_known", {":as_known": items.change_values("zendesk", before.zendesk)}


def creation(item: Item) -> Action:
    """The action that writes a ticket's item. If the ticket exists already, the rejection returns its item."""
    return Put(item, _NEW)


def differences(before: Ticket, after: Ticket) -> dict[str, list[Any]]:
    """The changed fields, each with its old and new value."""
    return _moved({name: [getattr(before, name), getattr(after, name)] for name in CHANGEABLE})


def _moved(pairs: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def mended(found: Item) -> list[Action]:
    """The actions that correct another program's item; none for any other item.

    In such an item, the owner or the counts may have a form that no condition can meet. They are set to what they read
    as, on condition that they are still as found.
    """
    ticket = items.to_ticket(found)
    meant = {name: getattr(ticket, name) for name in ("customer_id", "version", "comment_count")}
    odd = {name: value for name, value in meant.items() if name in found and not _is_as_read(found[name], value)}
    if not odd:
        return []
    as_it_was = {f":was_{name}": found[name] for name in odd}
    return [update(ticket.ticket_id, odd, " AND ".join(f"#{name} = :was_{name}" for name in odd), as_it_was)]


def _is_as_read(found: Any, value: str | int) -> bool:
    kind = str if isinstance(value, str) else Decimal
    return isinstance(found, kind) and str(found) == str(value)


# The positions of ticket and key among a comment's actions, and so among the reasons of a rejection. Of many comments,
# every second one from the first key on is a key.
TICKET_ACTION, KEY_ACTION = 0, 2


@dataclass(frozen=True, kw_only=True)
class CommentWrite:
    """A comment to add, who adds it, and what must hold: the ticket is the customer's, and the key, if any, is new.

    `changes` are fields that change with it. `seen` has their values as the writer saw them. `also` is written with it.
    """

    comment: Comment
    now: str
    actor: Actor
    customer_id: str
    key: Key | None
    changes: Mapping[str, Any]
    seen: Mapping[str, Any]
    also: Sequence[Action] = ()


@dataclass(frozen=True)
class Beside:
    """The fields that change together with a comment, each with its old and new value (`pairs`).

    `stored` is the item as far as it is known. It must still hold the same in these fields.
    """

    pairs: dict[str, list[Any]]
    stored: Item


def as_seen(adding: CommentWrite) -> Beside:
    """What to change beside the comment if the item holds what the writer saw."""
    pairs = {name: [adding.seen[name], wanted] for name, wanted in adding.changes.items()}
    return Beside(pairs, {name: adding.seen[name] for name in pairs if adding.seen[name] is not None})


def as_found(found: Item, changes: Mapping[str, Any]) -> Beside:
    """What to change beside the comment, now that the item is known."""
    ticket = items.to_ticket(found)
    return Beside({name: [getattr(ticket, name), wanted] for name, wanted in changes.items()}, found)


def comment(adding: CommentWrite, beside: Beside, blocked_by: frozenset[Status]) -> list[Action]:
    """The actions that add a comment, raise the ticket's count and version with it, and change the fields `beside` it.

    There is no condition on `version`. So comments never conflict with each other, nor with a change of other fields.
    The ticket's status must not be in `blocked_by`.
    """
    new = adding.comment
    actions = [_counted(adding, beside, blocked_by)]
    actions += keyed_comment(new, adding.key) if adding.key else [Put(items.from_comment(new))]
    if fields := _moved(beside.pairs):
        actions.append(note(new.ticket_id, None, adding.now, adding.actor, fields))
    return [*actions, *adding.also]


@dataclass(frozen=True, kw_only=True)
class CommentsWrite:
    """Comments of one ticket to add together, each with its key, who adds them, and what must hold as for one.

    `arriving` says how many of a sender's comments are there then, if more are on their way.
    """

    comments: Sequence[tuple[Comment, Key]]
    now: str
    actor: Actor
    customer_id: str
    arriving: Mapping[str, int] | None


def comments(adding: CommentsWrite, blocked_by: frozenset[Status]) -> list[Action]:
    """As `comment`, for many: one action for the ticket, then two for each comment. No other field changes."""
    last, _ = adding.comments[-1]
    about: dict[str, Any] = {"arriving": dict(adding.arriving)} if adding.arriving else {}
    about |= {"updated_at": adding.now, "request_id": adding.actor.request_id, "last_comment_id": last.comment_id}
    conditions, values = _comment_conditions(adding.customer_id, blocked_by, len(adding.comments))
    gone = () if adding.arriving else ("arriving",)
    counted = update(last.ticket_id, about, " AND ".join(conditions), values, *_COUNTED, gone=gone)
    return [counted, *(action for one, key in adding.comments for action in keyed_comment(one, key))]


_COUNTED = (  # so many versions and comments more, however many write at once
    "#version = if_not_exists(#version, :one) + :more",
    "#comment_count = if_not_exists(#comment_count, :zero) + :more",
)


def _counted(adding: CommentWrite, beside: Beside, blocked_by: frozenset[Status]) -> Action:
    """The update of the ticket, with one comment and one version more."""
    about = {
        "updated_at": adding.now,  # the ticket changes now, even if the comment was written elsewhere long ago
        "request_id": adding.actor.request_id,
        "last_comment_id": adding.comment.comment_id,
    }
    fields = {name: items.change_values(name, after) for name, (_, after) in beside.pairs.items()}
    conditions, values = _comment_conditions(adding.customer_id, blocked_by)
    as_it_was, was = _unmoved(beside)
    return update(
        adding.comment.ticket_id,
        about | {name: value for name, value in fields.items() if value is not None},
        " AND ".join(conditions + as_it_was),
        values | was,
        *_COUNTED,
        gone=[name for name, value in fields.items() if value is None],
    )


def _unmoved(beside: Beside) -> tuple[list[str], Item]:
    """The conditions that the fields still hold what the item held, and the values in them."""
    held = {name: beside.stored[name] for name in beside.pairs if name in beside.stored}
    absent = [f"attribute_not_exists(#{name})" for name in beside.pairs if name not in held]
    return [*(f"#{name} = :was_{name}" for name in held), *absent], {f":was_{name}": one for name, one in held.items()}


def _comment_conditions(
    customer_id: str, blocked_by: frozenset[Status], more: int = 1
) -> tuple[list[str], dict[str, Any]]:
    """What must hold for so many more comments, and the values in these conditions and in `_COUNTED`."""
    own = "customer_id = :customer"
    by_default = customer_id == settings.DEFAULT_CUSTOMER  # an item without a customer reads as this one's
    conditions = ["attribute_exists(ticket_id)", f"({own} OR attribute_not_exists(customer_id))" if by_default else own]
    can_count, limits = countable(*items.COUNTED_BELOW, more=more)
    conditions += can_count
    values: dict[str, Any] = {":customer": customer_id, ":one": 1, ":more": more, **limits}
    blocked = [status for status in STATUSES if status in blocked_by]
    conditions.append(f"NOT #status IN ({', '.join(f':{status}' for status in blocked)})")
    return conditions, values | {f":{status}": status for status in blocked}


def countable(*names: str, more: int = 1) -> tuple[list[str], dict[str, Any]]:
    """The conditions that so many more can be added to these numbers of the ticket, and the values in them.

    Only a number that stays below its limit can be counted up. Any other value of another program is mended first.
    """
    conditions = [
        f"(attribute_not_exists(#{n}) OR (attribute_type(#{n}, :number) AND #{n} BETWEEN :zero AND :most_{n}))"
        for n in names
    ]
    limits = {f":most_{name}": items.COUNTED_BELOW[name] - 1 - more for name in names}
    return conditions, {":number": "N", ":zero": 0} | limits


def update(ticket_id: str, sets: Item, condition: str, values: Item, *counted: str, gone: Sequence[str] = ()) -> Update:
    """An update that sets, counts and removes attributes of the ticket. `values` are those of the condition."""
    return set_at(items.ticket_key(ticket_id), sets, condition, values, *counted, gone=gone)


def set_at(key: Item, sets: Item, condition: str, values: Item, *counted: str, gone: Sequence[str] = ()) -> Update:
    """As `update`, for the item under any key."""
    assignments = ", ".join([*(f"#{name} = :{name}" for name in sets), *counted])
    remove = f"REMOVE {', '.join(f'#{name}' for name in gone)} " if gone else ""
    given = {f":{name}": value for name, value in sets.items()} | values
    return Update(key, f"{remove}SET {assignments}", condition, given)


def keyed_comment(new: Comment, key: Key) -> list[Action]:
    """What a comment with a key writes: the comment, and the `KEY#` item by which a repeat of it is recognized."""
    return [Put(items.from_comment(new)), Put(_key_item(new, key), _NEW)]


def marked(ticket_id: str, key: Key) -> Action:
    """The action that notes what the sender says now under a key of a comment (`key.mark`)."""
    place = {"ticket_id": ticket_id, "item": items.KEY + key.keyed_id}
    return Update(place, "SET mark = :mark", "attribute_exists(ticket_id)", {":mark": key.mark})


def _key_item(new: Comment, key: Key) -> Item:
    values = {
        "ticket_id": new.ticket_id,
        "item": items.KEY + key.keyed_id,
        "fingerprint": key.fingerprint,
        "comment_id": new.comment_id,
        "created_at": new.created_at,
    }
    return values | ({"mark": key.mark} if key.mark else {})


def note(ticket_id: str, version: int | None, at: str, actor: Actor, fields: dict[str, list[Any]]) -> Action:
    """The `CHANGE#` item: who, when, by which door and request, and each field's old and new value."""
    values = {
        "ticket_id": ticket_id,
        "item": items.CHANGE + ids.new_id(),
        "at": at,
        "by": actor.name,
        "door": actor.door,
        "request_id": actor.request_id,
        "changes": json.dumps({name: [_short(value) for value in pair] for name, pair in fields.items()}),
    }
    return Put(values | ({"version": version} if version else {}))


def _short(value: Any) -> Any:
    text = json.dumps(value)
    if len(text) <= _LONG_VALUE:
        return value
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
