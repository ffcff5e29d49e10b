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

    A worker that was faster has the last word, so its end stays.
    """
    said, also = ({":details": json.dumps(details)}, ", details = :details") if details else ({}, "")
    try:
        aws.call(
            table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression=f"SET #state = :accepted{also}",
            ConditionExpression="#state = :received",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=aws.to_wire(said | {":accepted": "accepted", ":received": "received"}),
        )
    except aws.Conflict:
        if not details:
            return
        aws.call(  # it has ended already; a repeat is to get the same answer all the same
            table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression="SET details = :details",
            ConditionExpression="attribute_exists(delivery_id)",
            ExpressionAttributeValues=aws.to_wire(said),
        )


def attempt(delivery_id: str, error: str | None = None) -> None:
    """Count a try that did not end it, with what went wrong in plain words."""
    aws.call(
        table().update_item,
        TableName=settings.DELIVERIES_TABLE,
        Key=_key(delivery_id),
        UpdateExpression="SET attempts = if_not_exists(attempts, :zero) + :one, #error = :error",
        ConditionExpression="attribute_exists(delivery_id)",
        ExpressionAttributeNames={"#error": "error"},
        ExpressionAttributeValues=aws.to_wire({":zero": 0, ":one": 1, ":error": error or ""}),
    )


def finish(delivery_id: str, end: End, ticket_id: str | None = None, error: str | None = None) -> None:
    """How it ended. What ended well stays so, whatever a repeat of its message says later.

    A `duplicate` after `created` is such a repeat; a `failed` one may still end well when it is tried again. One that
    was set aside and fails again is on the list again: somebody tried it since, and should know.
    """
    sets: dict[str, Any] = {":end": end, ":one": 1, ":zero": 0}
    names, gone = {"#state": "state", "#error": "error"}, ["set_aside"]
    assignments = ["#state = :end", "attempts = if_not_exists(attempts, :zero) + :one", "ended_at = :now"]
    if ticket_id:
        assignments.append("ticket_id = :ticket")
        sets[":ticket"] = ticket_id
    if error:
        assignments.append("#error = :error")
        sets[":error"] = error
    else:
        gone.append("#error")
    if end in ENDED_WELL:
        gone.append("unfinished")
    else:
        assignments.append("unfinished = :partition")
        sets[":partition"] = _partition(delivery_id)
    try:
        aws.call(
            table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression=f"SET {', '.join(assignments)} REMOVE {', '.join(gone)}",
            ConditionExpression="attribute_exists(delivery_id) AND NOT #state IN (:c, :u, :d, :i)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=aws.to_wire(
                sets | {":now": clock.now(), ":c": "created", ":u": "updated", ":d": "duplicate", ":i": "ignored"}
            ),
        )
    except aws.Conflict:
        return


def set_aside(delivery_id: str, why: str) -> bool:
    """Nothing can be done about it, as `why` says (and who says so). False if it has ended well, or there is none."""
    return _list("SET unfinished = :partition, set_aside = :why", delivery_id, {":partition": ASIDE, ":why": why})


def take_back(delivery_id: str) -> bool:
    """Something is to be done about it after all. False if it has ended well, or there is none."""
    partition = {":partition": _partition(delivery_id)}
    return _list("SET unfinished = :partition REMOVE set_aside", delivery_id, partition)


def _list(update: str, delivery_id: str, values: dict[str, Any]) -> bool:
    try:
        aws.call(
            table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression=update,
            ConditionExpression="attribute_exists(unfinished)",
            ExpressionAttributeValues=aws.to_wire(values),
        )
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
        attempts=int(values.get("attempts", 0)),
        error=values.get("error") or None,
        set_aside=values.get("set_aside"),
        details=json.loads(values.get("details", "{}")),
    )
