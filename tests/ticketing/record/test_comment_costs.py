"""The ten-thousandth comment costs what the first did: in bytes written, and in units of capacity."""

import math
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings

from config import aws
from tests import record
from tests.ticketing.writing import comment
from ticketing.record import items
from ticketing.tickets.ticket import Comment, Ticket

pytestmark = [pytest.mark.usefixtures("local_aws"), pytest.mark.xdist_group("local-aws")]

MANY = 10_000
PATIENT_SECONDS = 30.0  # what the test itself asks takes long on a busy machine; the product's own calls do not


@pytest.fixture
def units(local_aws: str) -> Iterator[list[float]]:
    """The capacity that each transaction consumed, the index's included, as the local AWS counts it."""
    consumed: list[float] = []
    events: Any = aws.client("dynamodb").meta.events

    def ask(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | {"ReturnConsumedCapacity": "INDEXES"}

    def note(parsed: dict[str, Any], **_: Any) -> None:
        consumed.append(sum(one["CapacityUnits"] for one in parsed["ConsumedCapacity"]))

    events.register("provide-client-params.dynamodb.TransactWriteItems", ask)
    events.register("after-call.dynamodb.TransactWriteItems", note)
    yield consumed
    aws.forget_clients()  # nobody else's calls are to be counted


def test_the_ten_thousandth_comment_costs_what_the_first_did(units: list[float]) -> None:
    ticket = record.opened()
    first, first_bytes = _comment(ticket, "key 00001")
    _add_comments(ticket, first, MANY - 2)
    last, last_bytes = _comment(ticket, "key 10000")
    now, there = record.get(ticket.ticket_id), _stored(ticket)
    assert (now.comment_count, now.version, now.last_comment_id) == (MANY, MANY + 1, last.comment_id)
    assert sum(key.startswith(items.COMMENT) for key in there) == MANY
    assert max(there) == items.COMMENT + last.comment_id
    assert last_bytes == pytest.approx(first_bytes, rel=0.1)
    assert units[0] >= 6  # two for each begun kilobyte of the ticket, the comment and its key
    assert units == [units[0], pytest.approx(units[0], rel=0.1)]


def _comment(ticket: Ticket, key: str) -> tuple[Comment, int]:
    """A comment, and how many bytes the items have that are not as they were before it."""
    before = _stored(ticket)
    made = comment(ticket, "It still does not work", key=key).comment
    written = [one for name, one in _stored(ticket).items() if one != before.get(name)]
    assert len(written) == 3
    return made, sum(map(_bytes, written))


def _stored(ticket: Ticket) -> dict[str, Any]:
    """Every item of the ticket's partition (wire format) by its sort key."""
    pages = (
        aws.client("dynamodb", PATIENT_SECONDS)
        .get_paginator("query")
        .paginate(
            TableName=settings.TABLE_NAME,
            KeyConditionExpression="ticket_id = :id",
            ExpressionAttributeValues=aws.to_wire({":id": ticket.ticket_id}),
            ConsistentRead=True,
        )
    )
    return {one["item"]["S"]: one for page in pages for one in page["Items"]}


def _add_comments(ticket: Ticket, like: Comment, count: int) -> None:
    """So many more comments, straight into the table, and the ticket counts them."""
    item, start = items.from_comment(like), uuid.UUID(like.comment_id).int
    made = (str(uuid.UUID(int=start + n)) for n in range(1, count + 1))
    items_of = [item | {"comment_id": one, "item": items.COMMENT + one} for one in made]
    puts: Any = [{"PutRequest": {"Item": aws.to_wire(one)}} for one in items_of]
    client = aws.client("dynamodb", PATIENT_SECONDS)
    with ThreadPoolExecutor(4) as threads:
        batches = [{settings.TABLE_NAME: puts[n : n + 25]} for n in range(0, count, 25)]
        answers = threads.map(lambda batch: client.batch_write_item(RequestItems=batch), batches)
        assert not any(answer["UnprocessedItems"] for answer in answers)
    client.update_item(
        TableName=settings.TABLE_NAME,
        Key=aws.to_wire(items.ticket_key(ticket.ticket_id)),
        UpdateExpression="ADD comment_count :n, version :n",
        ExpressionAttributeValues=aws.to_wire({":n": count}),
    )


def _bytes(value: Any) -> int:
    """As DynamoDB counts: names and texts in UTF-8, two digits a byte and one more for a number."""
    [(kind, inner)] = value.items() if len(value) == 1 else [("M", value)]
    if kind == "M":
        return sum(len(name.encode()) + _bytes(one) for name, one in inner.items())
    if kind == "L":
        return sum(1 + _bytes(one) for one in inner)
    return math.ceil(len(inner) / 2) + 1 if kind == "N" else len(str(inner).encode())
