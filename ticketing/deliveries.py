"""Deliveries: what an asynchronous door took in, and how it ended. Written down before the door answers.

A delivery is `received`, then `accepted` when its message or job is queued, then one of the ends. The sparse
index `UnfinishedIndex` holds those that have not ended well, so that 'accepted, but no ticket' is a short list.
"""

import heapq
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
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
_INDEX_PAGE = 100  # how many of a partition are looked at in one call
_PARTITIONS = 16  # of the sparse index. Each delivery is three writes there, and one partition takes 1,000 a second

Place = tuple[str, str]  # in the list of what has not ended well: when it was received, then its id


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
    details: dict[str, Any] = field(default_factory=dict)  # what the door wants to answer again to a repeat


def _table() -> "DynamoDBClient":
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
        "unfinished": str(zlib.crc32(delivery.delivery_id.encode()) % _PARTITIONS),
    }
    try:
        aws.call(
            _table().put_item,
            TableName=settings.DELIVERIES_TABLE,
            Item=aws.to_wire({name: value for name, value in values.items() if value is not None}),
            ConditionExpression="attribute_not_exists(delivery_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except aws.Conflict as conflict:
        if conflict.item is None:
            raise
        return _delivery(conflict.item)
    return None


def accept(delivery_id: str, details: dict[str, Any] | None = None) -> None:
    """Its message or job is queued; `details`, if any, are what a repeat is told.

    A worker that was faster has the last word, so its end stays.
    """
    said, also = ({":details": json.dumps(details)}, ", details = :details") if details else ({}, "")
    try:
        aws.call(
            _table().update_item,
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
            _table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression="SET details = :details",
            ConditionExpression="attribute_exists(delivery_id)",
            ExpressionAttributeValues=aws.to_wire(said),
        )


def attempt(delivery_id: str, error: str | None = None) -> None:
    """Count a try that did not end it, with what went wrong in plain words."""
    aws.call(
        _table().update_item,
        TableName=settings.DELIVERIES_TABLE,
        Key=_key(delivery_id),
        UpdateExpression="SET attempts = if_not_exists(attempts, :zero) + :one, #error = :error",
        ConditionExpression="attribute_exists(delivery_id)",
        ExpressionAttributeNames={"#error": "error"},
        ExpressionAttributeValues=aws.to_wire({":zero": 0, ":one": 1, ":error": error or ""}),
    )


def finish(delivery_id: str, end: End, ticket_id: str | None = None, error: str | None = None) -> None:
    """How it ended. What ended well stays so, whatever a repeat of its message says later.

    A `duplicate` after `created` is such a repeat; a `failed` one may still end well when it is tried again.
    """
    sets: dict[str, Any] = {":end": end, ":one": 1, ":zero": 0}
    names, gone = {"#state": "state", "#error": "error"}, []
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
    try:
        aws.call(
            _table().update_item,
            TableName=settings.DELIVERIES_TABLE,
            Key=_key(delivery_id),
            UpdateExpression=f"SET {', '.join(assignments)}" + (f" REMOVE {', '.join(gone)}" if gone else ""),
            ConditionExpression="attribute_exists(delivery_id) AND NOT #state IN (:c, :u, :d, :i)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=aws.to_wire(
                sets | {":now": clock.now(), ":c": "created", ":u": "updated", ":d": "duplicate", ":i": "ignored"}
            ),
        )
    except aws.Conflict:
        return


def get(delivery_id: str) -> Delivery | None:
    """The delivery with this id, None if there is none."""
    answer = aws.call(
        _table().get_item, TableName=settings.DELIVERIES_TABLE, Key=_key(delivery_id), ConsistentRead=True
    )
    return _delivery(answer["Item"]) if "Item" in answer else None


@dataclass(frozen=True)
class Page:
    """Some deliveries that have not ended well, and where the list goes on (None at its end)."""

    deliveries: list[Delivery]
    next: Place | None


def unfinished(state: State | None = None, start: Place | None = None, limit: int = 50) -> Page:
    """What has not ended well, newest first, from the sparse index; `start` is where an earlier page ended."""
    partitions = [_partition(number, state, start) for number in range(_PARTITIONS)]
    merged = heapq.merge(*partitions, key=_place, reverse=True)
    found = list(islice((one for one in merged if start is None or _place(one) < start), limit + 1))
    return Page(found[:limit], _place(found[limit - 1]) if len(found) > limit else None)


def _place(delivery: Delivery) -> Place:
    return delivery.received_at, delivery.delivery_id


def _partition(number: int, state: State | None, start: Place | None) -> Iterator[Delivery]:
    """A partition's deliveries in the order of their places, the last one first; read as they are taken.

    The index says nothing of the order of those that were received at once.
    """
    found = _read_partition(number, state, start)
    for _, at_once in groupby(found, lambda one: one.received_at):
        yield from sorted(at_once, key=_place, reverse=True)


def _read_partition(number: int, state: State | None, start: Place | None) -> Iterator[Delivery]:
    query = _unfinished_query(number, state, start)
    while True:
        answer = aws.call(_table().query, **query)
        yield from (_delivery(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def scan(since: str | None = None) -> Iterator[Delivery]:
    """Every delivery, in no order, a page at a time; with `since` those received at or after it."""
    request: dict[str, Any] = {"TableName": settings.DELIVERIES_TABLE, "ConsistentRead": True}
    if since:
        values = aws.to_wire({":since": since})
        request |= {"FilterExpression": "received_at >= :since", "ExpressionAttributeValues": values}
    while True:
        answer = aws.call(_table().scan, **request)
        yield from (_delivery(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _unfinished_query(number: int, state: State | None, start: Place | None) -> dict[str, Any]:
    query: dict[str, Any] = {
        "TableName": settings.DELIVERIES_TABLE,
        "IndexName": "UnfinishedIndex",
        "KeyConditionExpression": "unfinished = :number" + (" AND received_at <= :start" if start else ""),
        "ScanIndexForward": False,
    }
    values = {":number": str(number)} | ({":start": start[0]} if start else {})
    if state:
        query |= {"FilterExpression": "#state = :state", "ExpressionAttributeNames": {"#state": "state"}}
        values[":state"] = state
    else:  # a filter may leave out most: AWS then looks at a megabyte in one call
        query["Limit"] = _INDEX_PAGE
    return query | {"ExpressionAttributeValues": aws.to_wire(values)}


def _key(delivery_id: str) -> dict[str, Any]:
    return aws.to_wire({"delivery_id": delivery_id})


def _delivery(item: dict[str, Any]) -> Delivery:
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
        details=json.loads(values.get("details", "{}")),
    )
