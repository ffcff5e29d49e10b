"""What each request costs: AWS calls by name, and no SQL once its token was seen. A repeat costs no more."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.ticketing.writing import change
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

Ask = Callable[[APIClient, Ticket], Any]


def post(path: str, **body: Any) -> Ask:
    return lambda client, ticket: send(client, "post", path, ticket, body)


def patch(path: str, **body: Any) -> Ask:
    return lambda client, ticket: send(client, "patch", path, ticket, body)


def get(path: str) -> Ask:
    return lambda client, ticket: client.get(path.format(ticket.ticket_id))


def send(client: APIClient, method: str, path: str, ticket: Ticket, body: Any) -> Any:
    content = json.dumps(body).encode()
    return getattr(client, method)(
        path.format(ticket.ticket_id), content, content_type="application/json", headers={"Idempotency-Key": "key"}
    )


ITSM, ROUTING, SUBMISSIONS = "/itsm/tickets", "/routing/tickets", "/ticketing/submissions"
NOISE = random.Random(0).randbytes(settings.SQS_MAX_MESSAGE_BYTES).hex()
CHANGE = ["GetItem", "TransactWriteItems"]
COMMENT = ["TransactWriteItems"]
SUBMIT = ["PutItem", "SendMessage", "UpdateItem"]  # delivery, message, acceptance


@pytest.mark.parametrize(
    ("ask", "first", "again"),
    [
        pytest.param(post(ITSM, caller_id="lea", issue_description="Help"), ["PutItem"], ["PutItem"], id="create"),
        pytest.param(get(f"{ITSM}/{{}}"), ["Query"], ["Query"], id="get"),
        pytest.param(get(f"{ITSM}?caller=lea"), ["Query"], ["Query"], id="list"),
        pytest.param(post(f"{ITSM}/{{}}/comments", comment="Help"), COMMENT, COMMENT, id="comment"),
        pytest.param(get(f"{ITSM}/{{}}/comments"), ["Query"], ["Query"], id="list comments"),
        pytest.param(patch(f"{ITSM}/{{}}", subject="New"), CHANGE, ["GetItem"], id="change"),
        pytest.param(post(ROUTING, type="question", message="Help"), ["PutItem"], ["PutItem"], id="create by routing"),
        pytest.param(get(f"{ROUTING}/{{}}"), ["Query"], ["Query"], id="get by routing"),
        pytest.param(get(ROUTING), ["Query"], ["Query"], id="list by routing"),
        pytest.param(post(f"{ROUTING}/{{}}/comments", comment="Help"), CHANGE, CHANGE, id="comment by routing"),
        pytest.param(post(SUBMISSIONS, message="Help"), SUBMIT, ["PutItem"], id="submit"),
        pytest.param(
            post(SUBMISSIONS, message=NOISE), ["PutItem", "PutObject", *SUBMIT[1:]], ["PutItem"], id="submit by S3"
        ),
    ],
)
def test_calls_of_a_request_and_of_its_repeat(
    token_client: Any, calls: list[str], django_assert_num_queries: Any, ask: Ask, first: list[str], again: list[str]
) -> None:
    client = seen(token_client("itsm", "route", "submit"))
    ticket = record.opened(channel="routing", caller_id="lea")
    for made in (first, again):
        calls.clear()
        with django_assert_num_queries(0):
            answer = ask(client, ticket)
        assert answer.status_code in (200, 201, 202), answer.content
        assert calls == made


def test_a_comment_that_opens_its_ticket_again_takes_three_calls_at_most(token_client: Any, calls: list[str]) -> None:
    client = seen(token_client("itsm", "submit"))
    ticket = change(record.opened(), status="solved")
    comment = post(f"{ITSM}/{{}}/comments", comment="Still broken")
    calls.clear()
    assert comment(client, ticket).status_code == 201
    assert calls == ["TransactWriteItems"] * 2
    assert record.get(ticket.ticket_id).status == "open"
    calls.clear()
    assert comment(client, ticket)["Idempotency-Replayed"] == "true"
    assert calls == ["TransactWriteItems"]


def seen(client: APIClient) -> APIClient:
    """A client whose token was seen lately, in a process that knows where its queue is."""
    assert client.post(SUBMISSIONS, b"{}", content_type="application/json").status_code == 202
    return client
