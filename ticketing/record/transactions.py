"""The transactions that change a ticket, as lists of actions for `store.write`. Nothing here talks to AWS."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config import aws, json
from ticketing import ids, overflow
from ticketing import item as items
from ticketing.ticket import CHANGEABLE, Actor, Comment, Ticket
from ticketing.workflow import STATUSES, Status

_KEPT_APART = (*overflow.FIELDS, "overflow")  # change together: where the one is, the others are
_LONG_VALUE = 2_000  # characters; a longer one is kept in a change as its length and hash


@dataclass(frozen=True)
class CommentKey:
    """A comment's idempotency key: the id that stands for it, and the SHA-256 of its request."""

    keyed_id: str
    fingerprint: str


def change(before: Ticket, after: Ticket, stored: Ticket, actor: Actor) -> list[dict[str, Any]]:
    """From one version of a ticket to the next (`stored`: as its item is to hold it), with the note of what changed."""
    fields = differences(before, after)
    moved = before.overflow != stored.overflow
    touched = [*fields, *(name for name in _KEPT_APART if moved and name not in fields)]
    sets: dict[str, Any] = {
        "version": after.version,
        "updated_at": after.updated_at,
        "request_id": actor.request_id,
    }
    gone = [name for name in touched if getattr(stored, name) is None]
    sets |= {name: items.change_values(name, getattr(stored, name)) for name in touched if name not in gone}
    # An item that another program wrote may have no version; it reads as 1.
    at_version = "(#version = :before OR (attribute_not_exists(#version) AND :before = :one))"
    update = _update(before.ticket_id, sets, gone, f"attribute_exists(ticket_id) AND {at_version}")
    update["Update"]["ExpressionAttributeValues"] |= aws.to_wire({":before": before.version, ":one": 1})
    return [update, _note(before.ticket_id, after.version, after.updated_at, actor, fields)]


def creation(wire: dict[str, Any]) -> dict[str, Any]:
    """A ticket's item, unless one stands there; what stands there comes back with the refusal."""
    return _put(wire, unless_exists=True)


def differences(before: Ticket, after: Ticket) -> dict[str, list[Any]]:
    """What changed, field by field, from what to what; compared as JSON, where `1`, `1.0` and `true` are three."""
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in CHANGEABLE}
    return {name: pair for name, pair in pairs.items() if json.fingerprint(pair[0]) != json.fingerprint(pair[1])}


def mended(found: dict[str, Any]) -> list[dict[str, Any]]:
    """For another program's item (wire format) whose owner or counts have a form that no condition can meet:
    they become what they read as. Nothing to do for any other item.
    """
    ticket = items.to_ticket(found)
    meant = {name: getattr(ticket, name) for name in ("customer_id", "version", "comment_count")}
    odd = {
        name: value
        for name, value in meant.items()
        if name in found and aws.to_wire({name: value})[name] != found[name]
    }
    if not odd:
        return []
    action = _update(ticket.ticket_id, odd, [], " AND ".join(f"#{name} = :was_{name}" for name in odd))
    action["Update"]["ExpressionAttributeValues"] |= {f":was_{name}": found[name] for name in odd}
    return [action]


# Where the ticket and the key stand among a comment's actions, and so among the reasons of a refusal.
TICKET_ACTION, KEY_ACTION = 0, 2


@dataclass(frozen=True, kw_only=True)
class CommentWrite:
    """A comment to be added, by whom, and what must hold: the customer's ticket, perhaps a version, a fresh key."""

    comment: Comment
    now: str
    actor: Actor
    customer_id: str
    key: CommentKey | None
    expected_version: int | None


def comment(adding: CommentWrite, reopens: Status | None, blocked_by: frozenset[Status]) -> list[dict[str, Any]]:
    """A comment, and the ticket's count and version moved with it.

    No condition on `version` (unless the writer expects one): comments never conflict with each other. The ticket
    must be in none of the statuses `blocked_by`; or, where the comment opens it again, still in `reopens`.
    """
    new = adding.comment
    actions = [_counted(adding, reopens, blocked_by), _put(items.from_comment(new))]
    if adding.key:
        actions.append(_put(_key_item(new, adding.key), unless_exists=True))
    if reopens:
        actions.append(_note(new.ticket_id, None, adding.now, adding.actor, {"status": [reopens, "open"]}))
    return actions


def _counted(adding: CommentWrite, reopens: Status | None, blocked_by: frozenset[Status]) -> dict[str, Any]:
    """The ticket's part: one comment and one version more, however many write at once."""
    sets = {
        "updated_at": adding.now,  # it changes now, even by a comment that was written elsewhere long ago
        "request_id": adding.actor.request_id,
        "last_comment_id": adding.comment.comment_id,
    }
    conditions, values = _comment_conditions(adding, reopens, blocked_by)
    action = _update(
        adding.comment.ticket_id, sets | ({"status": "open"} if reopens else {}), [], " AND ".join(conditions)
    )
    update = action["Update"]
    update["UpdateExpression"] += (
        ", #version = if_not_exists(#version, :one) + :one"
        ", #comment_count = if_not_exists(#comment_count, :zero) + :one"
    )
    update["ExpressionAttributeNames"] |= {f"#{name}": name for name in items.COUNTED_BELOW}
    update["ExpressionAttributeValues"] |= aws.to_wire(values | {":one": 1})
    return action


def _comment_conditions(
    adding: CommentWrite, reopens: Status | None, blocked_by: frozenset[Status]
) -> tuple[list[str], dict[str, Any]]:
    own = "customer_id = :customer"
    by_default = adding.customer_id == settings.DEFAULT_CUSTOMER
    conditions = ["attribute_exists(ticket_id)", f"({own} OR attribute_not_exists(customer_id))" if by_default else own]
    # Only a count can be counted up; what else another program put there has to be mended first.
    conditions += [
        f"(attribute_not_exists(#{n}) OR (attribute_type(#{n}, :number) AND #{n} BETWEEN :zero AND :most_{n}))"
        for n in items.COUNTED_BELOW
    ]
    values: dict[str, Any] = {":customer": adding.customer_id, ":number": "N", ":zero": 0}
    values |= {f":most_{name}": below - 2 for name, below in items.COUNTED_BELOW.items()}
    if reopens:
        conditions.append("#status = :reopens")
        values[":reopens"] = reopens
    elif blocked_by:
        blocked = [status for status in STATUSES if status in blocked_by]
        conditions.append(f"NOT #status IN ({', '.join(f':{status}' for status in blocked)})")
        values |= {f":{status}": status for status in blocked}
    if adding.expected_version is not None:
        conditions.append("(#version = :expected OR (attribute_not_exists(#version) AND :expected = :one))")
        values[":expected"] = adding.expected_version
    return conditions, values


def _update(ticket_id: str, sets: dict[str, Any], gone: list[str], condition: str) -> dict[str, Any]:
    assignments = ", ".join(f"#{name} = :{name}" for name in sets)
    remove = f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    names = {f"#{name}": name for name in [*sets, *gone]}
    if "#status" in condition:
        names["#status"] = "status"
    return {
        "Update": {
            "TableName": settings.TABLE_NAME,
            "Key": items.ticket_key(ticket_id),
            # REMOVE stands first, so that more assignments can be added at the end.
            "UpdateExpression": f"{remove} SET {assignments}".strip(),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": aws.to_wire({f":{name}": value for name, value in sets.items()}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _put(wire: dict[str, Any], unless_exists: bool = False) -> dict[str, Any]:
    put: dict[str, Any] = {"TableName": settings.TABLE_NAME, "Item": wire}
    if unless_exists:
        put |= {
            "ConditionExpression": "attribute_not_exists(ticket_id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    return {"Put": put}


def _key_item(new: Comment, key: CommentKey) -> dict[str, Any]:
    return aws.to_wire(
        {
            "ticket_id": new.ticket_id,
            "item": items.KEY + key.keyed_id,
            "fingerprint": key.fingerprint,
            "comment_id": new.comment_id,
            "created_at": new.created_at,
        }
    )


def _note(ticket_id: str, version: int | None, at: str, actor: Actor, fields: dict[str, list[Any]]) -> dict[str, Any]:
    """The `CHANGE#` item: who, when, by which door and request, which fields from what to what."""
    values = {
        "ticket_id": ticket_id,
        "item": items.CHANGE + ids.new_id(),
        "at": at,
        "by": actor.name,
        "door": actor.door,
        "request_id": actor.request_id,
        "changes": json.dumps({name: [_short(value) for value in pair] for name, pair in fields.items()}),
    }
    return _put(aws.to_wire(values | ({"version": version} if version else {})))


def _short(value: Any) -> Any:
    text = json.dumps(value)
    if len(text) <= _LONG_VALUE:
        return value
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
