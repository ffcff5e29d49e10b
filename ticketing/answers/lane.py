"""A ticket's lane: its answers that Zendesk has yet to get, in the order in which they were written.

It is an item of its own beside the ticket. One worker at a time holds it, for as long as its lease lasts. Every write
of the holder is on condition that it still does.

| attribute           | what it is                                                                      |
|---------------------|---------------------------------------------------------------------------------|
| `waiting`           | the comments' ids; the first is next                                            |
| `begun`             | the id of the comment whose sending has begun, so that Zendesk may have it      |
| `failures`          | how often that failed                                                           |
| `sent`              | when the last sendings began                                                    |
| `not_before`        | when the next try is due                                                        |
| `owner`, `until`    | who holds the lane, and how long                                                |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config import aws, times
from config.aws import Item, Update
from ticketing.record import items
from ticketing.record.table import TICKETS

_MINE = "#owner = :me AND #until > :now"
_FREE = "(attribute_not_exists(#until) OR #until <= :now)"


class Lost(Exception):
    """Somebody else holds the lane now."""


@dataclass(frozen=True)
class Lane:
    """The lane as it was last read or written."""

    ticket_id: str
    waiting: Sequence[str] = ()
    begun: str = ""
    failures: int = 0
    sent: Sequence[str] = ()
    not_before: str = ""
    owner: str = ""
    until: str = ""

    @property
    def held(self) -> bool:
        """Whether somebody holds it."""
        return self.until > times.now()


def join(ticket_id: str, comment_id: str, condition: str = "") -> Update:
    """The action that puts a comment at the end of the lane."""
    update = "SET waiting = list_append(if_not_exists(waiting, :none), :comment)"
    values: Item = {":none": [], ":comment": [comment_id]}
    return Update(_key(ticket_id), update, condition, values | ({":id": comment_id} if condition else {}))


def rejoin(ticket_id: str, comment_id: str) -> None:
    """Put a comment at the end of the lane, unless it is waiting there."""
    try:
        TICKETS.update(join(ticket_id, comment_id, "NOT contains(waiting, :id)"))
    except aws.Conflict:
        return


def read(ticket_id: str) -> Lane:
    """The lane as it is now. It is empty if nobody has answered yet."""
    return _lane(ticket_id, TICKETS.get(_key(ticket_id)) or {})


def claim(ticket_id: str, owner: str, until: str) -> Lane:
    """Hold the lane until then. Raises Lost if somebody else holds it, or nothing is waiting."""
    update = "SET #owner = :me, #until = :until"
    return _held(ticket_id, owner, update, f"size(waiting) > :zero AND {_FREE}", {":until": until, ":zero": 0})


def begin(lane: Lane, sent: Sequence[str]) -> Lane:
    """Note that the sending of the first comment begins now. `sent` are the last sendings, with this one."""
    values = {":id": lane.waiting[0], ":sent": list(sent)}
    return _held(lane.ticket_id, lane.owner, "SET begun = :id, sent = :sent", f"{_MINE} AND waiting[0] = :id", values)


def leave(lane: Lane) -> Lane:
    """Take the first comment off the lane: it has ended."""
    update = "REMOVE waiting[0], begun, failures, not_before"
    return _held(
        lane.ticket_id, lane.owner, update, f"{_MINE} AND waiting[0] = :id", {":id": lane.waiting[0]}, lane.waiting[0]
    )


def pause(lane: Lane, until: str, failures: int) -> None:
    """Let go of the lane. The first comment is due again then."""
    update = "SET not_before = :at, failures = :failures REMOVE #owner, #until"
    _let_go(lane, update, _MINE, {":at": until, ":failures": failures})


def let_go(lane: Lane) -> None:
    """Let go of the lane as it is."""
    _let_go(lane, "REMOVE #owner, #until", _MINE, {})


def let_go_if_empty(lane: Lane) -> Lane:
    """Let go of an empty lane. Returns it, or the lane as it is now if a comment joined meanwhile: it is held still."""
    try:
        _let_go(lane, "REMOVE #owner, #until", f"{_MINE} AND size(waiting) = :zero", {":zero": 0})
    except Lost:
        now = read(lane.ticket_id)
        if now.owner != lane.owner or not now.held:
            raise
        return now
    return lane


def _held(
    ticket_id: str, owner: str, update: str, condition: str, values: dict[str, Any], leaving: str | None = None
) -> Lane:
    """Change the lane. The answer to a write that was done may be lost, and its repeat then fails: that is no loss."""
    given = values | {":me": owner, ":now": times.now()}
    try:
        return _lane(ticket_id, TICKETS.updated(Update(_key(ticket_id), update, condition, given)))
    except aws.Conflict:
        lane = read(ticket_id)
        if lane.owner != owner or not lane.held or (leaving and leaving in lane.waiting):
            raise Lost from None
        return lane


def _let_go(lane: Lane, update: str, condition: str, values: dict[str, Any]) -> None:
    given = values | {":me": lane.owner, ":now": times.now()}
    try:
        TICKETS.update(Update(_key(lane.ticket_id), update, condition, given))
    except aws.Conflict:
        if read(lane.ticket_id).owner == lane.owner:
            raise Lost from None


def _key(ticket_id: str) -> Item:
    return {"ticket_id": ticket_id, "item": items.ANSWERS}


def _lane(ticket_id: str, values: Item) -> Lane:
    return Lane(
        ticket_id=ticket_id,
        waiting=values.get("waiting", []),
        begun=values.get("begun", ""),
        failures=int(values.get("failures", 0)),
        sent=values.get("sent", []),
        not_before=values.get("not_before", ""),
        owner=values.get("owner", ""),
        until=values.get("until", ""),
    )
