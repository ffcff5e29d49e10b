"""Deliveries in a table of their own. A door writes a delivery down before it answers.

Deliveries that have not ended well have the attribute `unfinished`. A sparse index makes them a short list of their own
(ticketing/deliveries/unfinished.py). The attribute is a partition's number, or `aside` if somebody has said that
nothing can be done about the delivery. Deliveries that ended well with a note are a third list in that index: their
attribute is `noted-` and the number.
"""

import time
import zlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from config import aws, json, times
from config.aws import Item
from config.request_id import request_id
from ticketing.deliveries.delivery import ENDED_WELL, Delivery, End

DELIVERIES = aws.Table("DELIVERIES_TABLE")
PARTITIONS = 16  # of that list: each delivery writes to it three times, and one partition takes 1,000 writes a second
ASIDE = "aside"
_NEW = "attribute_not_exists(delivery_id)"
NOTED = "noted-"  # before a partition's number
_ANSWERED = ("messageId", "transport", "tier")  # details that are kept of an erased one: no words of its sender's


def receive(delivery: Delivery) -> Delivery | None:
    """Write a delivery down, in one conditional write. None if it is new, else the delivery that has this id.

    Raises aws.AwsError if the table cannot take it. The door must not accept it then.
    """
    try:
        DELIVERIES.put(new_item(delivery) | {"unfinished": partition(delivery.delivery_id)}, _NEW)
    except aws.Conflict as conflict:
        if conflict.item is None:
            raise
        return from_item(conflict.item)
    return None


def put_ended(delivery: Delivery) -> None:
    """Write down what has ended well already, in place of what has this id. Raises aws.AwsError."""
    DELIVERIES.put(new_item(delivery) | {"expires_at": _expires_at()})


def new_item(delivery: Delivery) -> Item:
    """The item of a delivery that comes in now."""
    values = {
        "delivery_id": delivery.delivery_id,
        "door": delivery.door,
        "customer_id": delivery.customer_id,
        "key": delivery.key,
        "state": delivery.state,
        "fingerprint": delivery.fingerprint,
        "ticket_id": delivery.ticket_id,
        "request_id": request_id(),
        "received_at": times.now(),
        "attempts": delivery.attempts,
        "error": delivery.error,
        "ended_at": delivery.ended_at or None,
        "details": json.dumps(delivery.details),
        "sender": delivery.sender,
        "sending_since": times.now() if delivery.sender else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def claim(seen: Delivery, sender: str) -> bool:
    """Make `sender` the one request that queues its message, in place of the one that was seen there.

    False if another request was faster. As with any write, False may also mean that this one was done and its answer
    lost: the delivery then names this very sender.
    """
    as_seen = "sender = :seen" if seen.sender else "attribute_not_exists(sender)"
    values = {":me": sender, ":now": times.now()} | ({":seen": seen.sender} if seen.sender else {})
    update = "SET sender = :me, sending_since = :now"
    return _update(seen.delivery_id, update, f"attribute_exists(delivery_id) AND {as_seen}", values)


def release(delivery_id: str, sender: str) -> None:
    """Give the turn back, so that the next request need not wait. Does nothing if another request has it."""
    _update(delivery_id, "REMOVE sender, sending_since", "sender = :me", {":me": sender})


def accept(delivery_id: str, details: dict[str, Any] | None = None) -> None:
    """Note that its message or job is queued. If `details` are given, a repeat is answered with them.

    If a worker was faster, the end that it noted stays, and so do the details. If the delivery was set aside, it
    returns to the list, since somebody waits for it now.
    """
    said, also = ({":details": json.dumps(details)}, ", details = :details") if details else ({}, "")
    values = {":accepted": "accepted", ":received": "received", ":partition": partition(delivery_id)}
    update = f"SET #state = :accepted, unfinished = :partition{also} REMOVE set_aside, sender, sending_since"
    if not _update(delivery_id, update, "#state = :received", said | values) and details:
        # It has ended already. A repeat must get the same answer all the same, unless somebody has noted one.
        _update(delivery_id, "SET details = :details REMOVE sender, sending_since", "attribute_exists(sender)", said)


def attempt(delivery_id: str, error: str | None = None, *, said: str = "") -> None:
    """Count a try that did not end it, with what went wrong in plain words. As with `finish`, it returns to the list.

    If there is no such delivery, none is created. Nor does anything happen if its details do not contain `said`, a
    piece of their JSON: a message may name a delivery that is not its own.
    """
    counted = "SET attempts = if_not_exists(attempts, :zero) + :one, #error = :error"
    values = {":zero": 0, ":one": 1, ":error": error or ""} | ({":said": said} if said else {})
    own = " AND contains(details, :said)" if said else ""
    listed = {":partition": partition(delivery_id)}
    again = f"{counted}, unfinished = :partition REMOVE set_aside"
    unfinished = "attribute_exists(unfinished) AND attribute_not_exists(note)"
    if not _update(delivery_id, again, unfinished + own, values | listed):
        # It has ended well, so it stays off the list.
        _update(delivery_id, counted, "attribute_exists(delivery_id)" + own, values)


def progressed(delivery_id: str, progress: dict[str, Any]) -> None:
    """Note how far a run has come that goes on, unless the delivery has ended well. See `Delivery.progress`."""
    unfinished = "attribute_exists(unfinished) AND attribute_not_exists(note)"
    _update(delivery_id, "SET progress = :progress", unfinished, {":progress": json.dumps(progress)})


def finish(
    delivery_id: str, end: End, ticket_id: str | None = None, error: str | None = None, note: str | None = None
) -> bool:
    """Note how it ended. `note` is what staff should know although it ended well.

    If it has ended well, that stays, whatever a repeat of its message says later. Returns whether this end was noted.

    A `duplicate` after `created` is such a repeat. A `failed` delivery may still end well if it is tried again. If one
    that was set aside fails again, it returns to the list: somebody tried it since, and should know.
    """
    values: dict[str, Any] = {":end": end, ":one": 1, ":zero": 0, ":now": times.now()}
    gone = ["set_aside"]
    assignments = ["#state = :end", "attempts = if_not_exists(attempts, :zero) + :one", "ended_at = :now"]
    if ticket_id:
        assignments.append("ticket_id = :ticket")
        values[":ticket"] = ticket_id
    if error:
        assignments.append("#error = :error")
        values[":error"] = error
    else:
        gone.append("#error")
    if end in ENDED_WELL:
        gone.append("progress")
    if end in ENDED_WELL and not note:
        gone.append("unfinished")
        assignments.append("expires_at = :expires")
        values[":expires"] = _expires_at()
    else:
        assignments.append("unfinished = :partition")
        values[":partition"] = (NOTED if note else "") + partition(delivery_id)
    if note:
        assignments.append("note = :note")
        values[":note"] = note
    well = {":c": "created", ":u": "updated", ":d": "duplicate", ":i": "ignored"}
    update = f"SET {', '.join(assignments)} REMOVE {', '.join(gone)}"
    condition = "attribute_exists(delivery_id) AND NOT #state IN (:c, :u, :d, :i)"
    return _update(delivery_id, update, condition, values | well)


def erase(delivery: Delivery) -> None:
    """Take out of it what its sender and programs said. What a repeat is answered stays. Nothing works it from now on.

    It ends as `ignored`, unless it ended well before and its ticket's shell says all that `reconcile` asks for. The
    Zendesk ticket's number stays as its key, since it is no word of anybody's.
    """
    answered = {name: value for name, value in delivery.details.items() if name in _ANSWERED}
    values = {
        ":state": delivery.state if delivery.ended_well and delivery.door != "zendesk" else "ignored",
        ":key": delivery.key if delivery.door == "zendesk" and delivery.key.isdecimal() else "erased",
        ":details": json.dumps(answered),
        ":true": True,
        ":now": times.now(),
        ":none": "-",
        ":expires": _expires_at(),
    }
    update = (
        "SET #state = :state, #key = :key, details = :details, erased = :true, request_id = :none, "
        "expires_at = if_not_exists(expires_at, :expires), ended_at = if_not_exists(ended_at, :now) REMOVE #error, "
        "note, set_aside, unfinished, progress, sender, sending_since, fingerprint"
    )
    _update(delivery.delivery_id, update, "attribute_exists(delivery_id)", values)


def _expires_at() -> int:
    """When DynamoDB may remove what has ended well now, in seconds since 1970."""
    return int(time.time()) + settings.DELIVERY_DAYS * 24 * 60 * 60


def set_aside(delivery: Delivery, why: str) -> bool:
    """Take it off the list: nothing can be done about it, as `why` says (and who says so).

    Returns False, and does nothing, if the delivery is no longer as it was seen.
    """
    update = "SET unfinished = :aside, set_aside = :why"
    as_seen = "attribute_exists(unfinished) AND attribute_not_exists(set_aside) AND attribute_not_exists(note)"
    as_seen += " AND #state = :seen"
    values = {":aside": ASIDE, ":why": why, ":seen": delivery.state}
    return _update(delivery.delivery_id, update, as_seen, values)


def take_back(delivery_id: str) -> bool:
    """Return it to the list. False if it is not set aside, or does not exist."""
    update, values = "SET unfinished = :partition REMOVE set_aside", {":partition": partition(delivery_id)}
    return _update(delivery_id, update, "attribute_exists(set_aside)", values)


def _update(delivery_id: str, update: str, condition: str, values: dict[str, Any]) -> bool:
    """Change the item if the condition holds. Returns whether it did."""
    try:
        DELIVERIES.update(aws.Update({"delivery_id": delivery_id}, update, condition, values))
    except aws.Conflict:
        return False
    return True


def get(delivery_id: str) -> Delivery | None:
    """The delivery with this id, None if there is none."""
    found = DELIVERIES.get({"delivery_id": delivery_id})
    return from_item(found) if found else None


def scan(since: str | None = None) -> Iterator[Delivery]:
    """Every delivery, in no order. With `since`, those received at or after it. Pages are read as they are needed."""
    found = DELIVERIES.scan("received_at >= :since", {":since": since}) if since else DELIVERIES.scan()
    return map(from_item, found)


def partition(delivery_id: str) -> str:
    """Its part of the list of what has not ended well."""
    return str(zlib.crc32(delivery_id.encode()) % PARTITIONS)


def from_item(values: Item) -> Delivery:
    """The delivery in an item."""
    return Delivery(
        delivery_id=values["delivery_id"],
        door=values["door"],
        customer_id=values["customer_id"],
        key=values.get("key", ""),
        state=values["state"],
        fingerprint=values.get("fingerprint", ""),
        ticket_id=values.get("ticket_id"),
        request_id=values.get("request_id", "-"),
        received_at=values.get("received_at", ""),
        ended_at=values.get("ended_at", ""),
        attempts=int(values.get("attempts", 0)),
        error=values.get("error") or None,
        note=values.get("note"),
        set_aside=values.get("set_aside"),
        sender=values.get("sender"),
        sending_since=values.get("sending_since", ""),
        erased=values.get("erased") is True,
        details=json.loads(values.get("details", "{}")),
        progress=json.loads(values.get("progress", "{}")),
    )
