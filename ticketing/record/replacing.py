"""The transaction that replaces a comment, as a list of actions for `aws.Table.transact`. Nothing here calls AWS."""

from collections.abc import Mapping

from ticketing.record import items
from ticketing.record.transactions import Action, countable, marked, note, set_at, update
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment

SAID = ("comment", "author", "visibility", "door")  # what a replacement can change of a comment


def replacement(before: Comment, after: Comment, now: str, actor: Actor, key: Key | None) -> list[Action]:
    """The actions that replace a comment, raise the ticket's version with it, and note who did it.

    The condition is that the comment still has the revision of `before`. The note tells neither the old words nor the
    new ones. With a key, its mark is noted, too.
    """
    what = {"comment_id": after.comment_id, "changed": [name for name in SAID if _differs(name, before, after)]}
    told = note(after.ticket_id, None, now, actor, {"comments": [{"comment_id": after.comment_id}, what]})
    actions = [_counted(after, now, actor), _revised(before, after), told]
    return [*actions, marked(after.ticket_id, key)] if key else actions


def revises(before: Comment, after: Comment) -> bool:
    """Whether a replacement has anything to write."""
    return any(_differs(name, before, after) for name in (*SAID, "redacted"))


def _differs(name: str, one: Comment, other: Comment) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _counted(after: Comment, now: str, actor: Actor) -> Action:
    """The update of the ticket, with one version and one replacement more."""
    conditions, limits = countable("version")
    return update(
        after.ticket_id,
        {"updated_at": now, "request_id": actor.request_id, "replaced_comment_id": after.comment_id},
        " AND ".join(["attribute_exists(ticket_id)", *conditions]),
        limits | {":one": 1},
        "#version = if_not_exists(#version, :one) + :one",
        "#replacements = if_not_exists(#replacements, :zero) + :one",
    )


def _revised(before: Comment, after: Comment) -> Action:
    said: Mapping[str, object] = items.said(after)
    sets = {name: value for name, value in said.items() if value is not None}
    at_revision = "(#revision = :before OR (attribute_not_exists(#revision) AND :before = :zero))"
    condition, values = f"attribute_exists(ticket_id) AND {at_revision}", {":before": before.revision, ":zero": 0}
    key = items.comment_key(after.ticket_id, after.comment_id)
    return set_at(key, sets, condition, values, gone=[name for name in said if name not in sets])
