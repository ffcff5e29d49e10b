"""The deepest JSON that the door takes is served, announced and, where it is also large, kept in S3 like any other."""

from typing import Any

import pytest
import simplejson
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.itsm.asking import NEW, PATH, error, post
from ticketing.tickets import announcement

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def nested(levels: int) -> Any:
    value: Any = "in here"
    for _ in range(levels):
        value = [value]
    return value


DEEPEST = nested(json.MAX_DEPTH - 1)  # the body around it is a level too


@pytest.mark.parametrize("size", [1, 500_000])
def test_the_deepest_is_served_and_announced_however_large(client: APIClient, size: int) -> None:
    answer = post(client, NEW | {"deep": DEEPEST, "long": "x" * size})
    assert answer.status_code == 201, answer.content
    stored = simplejson.loads(client.get(answer["Location"]).content)
    assert stored["attributes"]["deep"] == DEEPEST
    ticket = record.get(stored["ticket_id"])
    message, _ = announcement.to_message(ticket, "ticket.created")
    announced = announcement.from_message(message)
    assert announced.ticket in (None, ticket)
    assert announcement.about({"messageId": "m-1", "body": message}) == {ticket.ticket_id}


def test_deeper_is_refused_with_the_reason(client: APIClient) -> None:
    answer = post(client, NEW | {"deep": [DEEPEST]})
    assert error(answer) == (400, "Request body cannot be kept as it is: it is nested too deeply")
    assert client.get(f"{PATH}?caller=lea").json()["tickets"] == []
