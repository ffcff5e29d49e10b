"""Deliveries: what an asynchronous door took in, and how it ended. Written down before the door answers.

A delivery is `received`, then `accepted` when its message or job is queued, then one of the ends. Those that have not
ended well have the attribute `unfinished`, and so are a short list of their own (ticketing/unfinished.py): a number,
or `aside` where somebody has said that nothing can be done about it.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings

from config import aws, json
from config.requests import request_id
from ticketing import clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

End = Literal["created", "updated", "duplicate", "ignored", "failed"]
State = Literal["received", "accepted", "created", "updated", "duplicate", "ignored", "failed"]

ENDED_WELL: frozenset[State] = frozenset({"created", "updated", "duplicate", "ignored"})
PARTITIONS = 16  # of the list. Each delivery is three writes there, and one partition takes 1,000 a second
ASIDE = "aside"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One thing that a door took in. `key` is the sender's own name for it, `fingerprint` the hash of its JSON."""

    delivery_id: str
    door: str
    customer_id: str
    key: str
    state: State = "received"
    fingerprint: str = ""
    ticket_id: str | None = None
    request_id: str = "-"
    received_at: str = ""
    ended_at: str = ""  # well, or its last try
    attempts: int = 0
    error: str | None = None
    set_aside: str | None = None  # by whom and why
    details: dict[str, Any] = field(default_factory=dict)  # what the door wants to answer again to a repeat


def table() -> "DynamoDBClient":
    """The client of the table."""
    client: DynamoDBClient = aws.client("dynamodb")
    return client


def receive(delivery: Delivery) -> Delivery | None:
    """Write down what came in, in one conditional write. None if it is new, else the delivery that has this id.

    Raises aws.AwsError if the table cannot take it: the door must then not accept.
    """
    values = {
        "delivery_id": delivery.delivery_id,
        "door": delivery.door,
        "customer_id": delivery.customer_id,
        "key": delivery.key,
        "state": delivery.state,
        "fingerprint": delivery.fingerprint,
        "ticket_id": delivery.ticket_id,
        "request_id": request_id(),
        "received_at": clock.now(),
        "attempts": delivery.attempts,
        "details": json.dumps(delivery.details),
        "unfinished": _partition(delivery.delivery_id),
    }
    try:
        aws.call(
            table().put_item,
            TableName=settings.DELIVERIES_TABLE,
            Item=aws.to_wire({name: value for name, value in values.items() if value is not None}),
            ConditionExpression="attribute_not_exists(delivery_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except aws.Conflict as conflict:
        if conflict.item is None:
            raise
        return from_item(conflict.item)
    return None


def accept(delivery_id: str, details: dict[str, Any] | None = None) -> None:
    """Its message or job is queued; `details`, if any, are what a repeat is told.

    A worker that was faster has the last word, so its end stays. One that was set aside is on the list again: now there
    is somebody who waits for it.
    """
    said, also = ({":details": json.dumps(details)}, ", details = :details") if details else ({}, "")
    values = {":accepted": "accepted", ":received": "received", ":partition": _partition(delivery_id)}
    update = f"SET #state = :accepted, unfinished = :partition{also} REMOVE set_aside"
    if not _update(delivery_id, update, "#state = :received", said | values, "state") and details:
        # It has ended already; a repeat is to get the same answer all the same.
        _update(delivery_id, "SET details = :details", "attribute_exists(delivery_id)", said)


def attempt(delivery_id: str, error: str | None = None) -> None:
    """Count a try that did not end it, with what went wrong in plain words; as in `finish`, it is on the list again.

    If there is none, none is made.
    """
    counted = "SET attempts = if_not_exists(attempts, :zero) + :one, #error = :error"
    values = {":zero": 0, ":one": 1, ":error": error or ""}
    listed = {":partition": _partition(delivery_id)}
    again = f"{counted}, unfinished = :partition REMOVE set_aside"
    if not _update(delivery_id, again, "attribute_exists(unfinished)", values | listed, "error"):
        # It has ended well, and stays off the list.
        _update(delivery_id, counted, "attribute_exists(delivery_id)", values, "error")


def finish(delivery_id: str, end: End, ticket_id: str | None = None, error: str | None = None) -> None:
    """How it ended. What ended well stays so, whatever a repeat of its message says later.

    A `duplicate` after `created` is such a repeat; a `failed` one may still end well when it is tried again. One that
    was set aside and fails again is on the list again: somebody tried it since, and should know.
    """
    values: dict[str, Any] = {":end": end, ":one": 1, ":zero": 0, ":now": clock.now()}
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
        gone.append("unfinished")
    else:
        assignments.append("unfinished = :partition")
        values[":partition"] = _partition(delivery_id)
    well = {":c": "created", ":u": "updated", ":d": "duplicate", ":i": "ignored"}
    update = f"SET {', '.join(assignments)} REMOVE {', '.join(gone)}"
    condition = "attribute_exists(delivery_id) AND NOT #state IN (:c, :u, :d, :i)"
    _update(delivery_id, update, condition, values | well, "state", "error")


def set_aside(delivery: Delivery, why: str) -> bool:
    """Nothing can be done about it, as `why` says (and who says so). False if it is not any more as it was seen."""
    update = "SET unfinished = :aside, set_aside = :why"
    as_seen = "attribute_exists(unfinished) AND attribute_not_exists(set_aside) AND #state = :seen"
    values = {":aside": ASIDE, ":why": why, ":seen": delivery.state}
    return _update(delivery.delivery_id, update, as_seen, values, "state")


def take_back(delivery_id: str) -> bool:
    """Something is to be done about it after all. False if it is not set aside, or there is none."""
    update, values = "SET unfinished = :partition REMOVE set_aside", {":partition": _partition(delivery_id)}
    return _update(delivery_id, update, "attribute_exists(set_aside)", values)


def _update(delivery_id: str, update: str, condition: str, values: dict[str, Any], *reserved: str) -> bool:
    """Change the item if the condition holds; whether it did. DynamoDB's reserved words are spelt `#state`."""
    request: dict[str, Any] = {
        "TableName": settings.DELIVERIES_TABLE,
        "Key": _key(delivery_id),
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": aws.to_wire(values),
    }
    if reserved:
        request["ExpressionAttributeNames"] = {f"#{name}": name for name in reserved}
    try:
        aws.call(table().update_item, **request)
    except aws.Conflict:
        return False
    return True


def get(delivery_id: str) -> Delivery | None:
    """The delivery with this id, None if there is none."""
    answer = aws.call(table().get_item, TableName=settings.DELIVERIES_TABLE, Key=_key(delivery_id), ConsistentRead=True)
    return from_item(answer["Item"]) if "Item" in answer else None


def scan(since: str | None = None) -> Iterator[Delivery]:
    """Every delivery, in no order, a page at a time; with `since` those received at or after it."""
    request: dict[str, Any] = {"TableName": settings.DELIVERIES_TABLE, "ConsistentRead": True}
    if since:
        values = aws.to_wire({":since": since})
        request |= {"FilterExpression": "received_at >= :since", "ExpressionAttributeValues": values}
    return map(from_item, aws.all_items(table().scan, **request))


def _partition(delivery_id: str) -> str:
    return str(zlib.crc32(delivery_id.encode()) % PARTITIONS)


def _key(delivery_id: str) -> dict[str, Any]:
    return aws.to_wire({"delivery_id": delivery_id})


def from_item(item: dict[str, Any]) -> Delivery:
    """The delivery in an item (wire format)."""
    values = aws.from_wire(item)
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
        set_aside=values.get("set_aside"),
        details=json.loads(values.get("details", "{}")),
    )
