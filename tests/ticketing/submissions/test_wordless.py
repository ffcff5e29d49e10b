"""A payload without a text opens no empty ticket: the ticket says what came, and its delivery has a note."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.ticketing.submitting import event, failed, message, published, status, submit, theirs, work
from ticketing import deliveries, service
from ticketing.submissions import wordless
from ticketing.submissions.payload import has_text

S3_NOTICE = {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a.pdf"}}}]}
DESTINATION = {
    "version": "1.0",
    "requestContext": {"condition": "RetriesExhausted"},
    "requestPayload": {"order": 7},
    "responsePayload": {"errorMessage": "no"},
}
CONFIRMATION = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/", "Message": "You have"}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("payload", "kind", "shown"),
    [
        ({"a": 1}, "A JSON object", '"a": 1'),
        ({}, "A JSON object", "{}"),
        ({"message": " ", "subject": "\n"}, "A JSON object", '"subject": "\\n"'),
        ({"message": ["not a text"]}, "A JSON object", '"not a text"'),
        (event({"level": 7}), "An EventBridge event (crm, Ticket)", '"level": 7'),
        (S3_NOTICE, "An event notification of S3", '"key": "a.pdf"'),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "An event notification of S3", "s3:TestEvent"),
        (DESTINATION, "The record of a Lambda function's call", '"order": 7'),
        (CONFIRMATION, "An SNS message about a subscription", "https://sns.example/"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_ticket_says_what_came_and_the_delivery_has_a_note(
    payload: dict[str, Any], kind: str, shown: str, wrapped: bool
) -> None:
    body = json.dumps(payload)
    assert failed(message(published(body) if wrapped else body)) == []
    [ticket] = service.all_tickets()
    assert ticket.issue_description.startswith(f"{kind} came, and no text was recognised in it.")
    assert shown in ticket.issue_description
    assert ticket.title != "(no subject)"
    assert json.fingerprint(ticket.attributes | ({"subject": ticket.subject} if ticket.subject else {})) == (
        json.fingerprint(payload)
    )
    assert (theirs().state, theirs().note) == ("created", wordless.NOTE)


@pytest.mark.django_db
@pytest.mark.usefixtures("aws")
def test_so_does_that_of_a_submission(submitter: APIClient) -> None:
    accepted = submit(submitter, json.loads('{"ü": [1.50, "é"]}')).json()
    work()
    ticket = record.get(accepted["ticket_id"])
    assert ticket.issue_description.endswith('{\n  "ü": [\n    1.50,\n    "é"\n  ]\n}')
    assert ticket.attributes == json.loads('{"ü": [1.50, "é"]}')
    assert status(submitter, accepted["submission_id"])["status"] == "created"
    found = deliveries.get(accepted["submission_id"])
    assert found
    assert found.note == wordless.NOTE


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("payload", [{"subject": "Printer"}, {"description": "It burns"}, {"message": "x", "a": 1}])
def test_a_payload_with_a_text_has_none_added_and_no_note(payload: dict[str, Any]) -> None:
    assert failed(message(json.dumps(payload))) == []
    [ticket] = service.all_tickets()
    assert ticket.issue_description == payload.get("description", payload.get("message", ""))
    assert theirs().note is None
    assert has_text(payload)


def test_long_and_deep_json_is_cut_and_cheap() -> None:
    deep: Any = 1
    for _ in range(195):
        deep = [deep, "x" * 10]
    for payload in ({"a": "é" * 5_000_000}, {"a": deep}, {str(n): n for n in range(100_000)}):
        text = wordless.description(payload)
        assert text.endswith("… (cut here; the attributes have all of it)")
        assert len(text) < 4_500


@pytest.mark.usefixtures("aws")
def test_what_no_database_stores_is_shown_mended_and_kept_as_it_came() -> None:
    body = '{"lone \\ud800": "nul \\u0000", "Records": [{"eventSource": "aws:s3"}]}'
    assert failed(message(body)) == []
    [ticket] = service.all_tickets()
    assert '"lone ?"' in ticket.issue_description
    assert json.dumps(ticket.attributes) == json.dumps(json.loads(body))
