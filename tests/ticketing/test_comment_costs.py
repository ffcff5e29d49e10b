"""The ten-thousandth comment costs what the first did: in bytes sent, and in units of capacity."""

import math
from typing import Any

import pytest
from django.conf import settings

from config import aws as config_aws
from config import json
from tests import record
from tests.ticketing.writing import comment
from ticketing import ids, item
from ticketing.ticket import Comment, Ticket

pytestmark = pytest.mark.usefixtures("own_clients", "aws")

MANY = 10_000
SOME = 500


@pytest.fixture
def sent(aws: None) -> list[bytes]:
    """The body of each transaction's request, as it goes out."""
    bodies: list[bytes] = []
    events = config_aws.client("dynamodb").meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", lambda request, **_: bodies.append(request.body))
    return bodies


def test_the_ten_thousandth_comment_costs_what_the_first_did(sent: list[bytes]) -> None:
    ticket = record.opened()
    first = comment(ticket, "It still does not work", key="key 00001").comment
    first_units = _units(sent[0])
    _add_comments(ticket, first, MANY - 2)
    last = comment(ticket, "It still does not work", key="key 10000").comment
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version, now.last_comment_id) == (MANY, MANY + 1, last.comment_id)
    assert len(sent) == 2
    assert len(sent[1]) == pytest.approx(len(sent[0]), rel=0.1)
    assert _units(sent[1]) == pytest.approx(first_units, rel=0.1)


def _add_comments(ticket: Ticket, like: Comment, count: int) -> None:
    """The ticket counts so many more; some of them are really there."""
    wire = item.from_comment(like)
    puts = []
    for _ in range(SOME):
        comment_id = ids.new_id()
        new = {"comment_id": {"S": comment_id}, "item": {"S": item.COMMENT + comment_id}}
        puts.append({"PutRequest": {"Item": wire | new}})
    client = config_aws.client("dynamodb")
    for start in range(0, SOME, 25):
        client.batch_write_item(RequestItems={settings.TABLE_NAME: puts[start : start + 25]})
    client.update_item(
        TableName=settings.TABLE_NAME,
        Key=item.ticket_key(ticket.ticket_id),
        UpdateExpression="ADD comment_count :n, version :n",
        ExpressionAttributeValues=config_aws.to_wire({":n": count}),
    )


def _units(body: bytes) -> int:
    """The capacity that the transaction consumed (the fake does not count it): two units for each begun kilobyte of
    each item that it wrote."""
    actions = json.loads(body)["TransactItems"]
    assert [next(iter(action)) for action in actions] == ["Update", "Put", "Put"]  # ticket, comment, key
    key = actions[0]["Update"]["Key"]
    stored = config_aws.client("dynamodb").get_item(TableName=settings.TABLE_NAME, Key=key)["Item"]
    written = [stored, *(action["Put"]["Item"] for action in actions[1:])]
    return sum(2 * math.ceil(_bytes(config_aws.from_wire(one)) / 1024) for one in written)


def _bytes(values: Any) -> int:
    if isinstance(values, dict):
        return sum(_bytes(name) + _bytes(value) for name, value in values.items())
    if isinstance(values, list):
        return sum(map(_bytes, values))
    return len(str(values).encode())
