"""The submission door: what it accepts is written down, queued and answered the same way again."""

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from config import aws
from tests import record
from tests.ticketing.submitting import PATH, status, submit, waiting, work
from ticketing import service
from ticketing.submissions import large

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_an_object_is_accepted_and_becomes_a_ticket(submitter: APIClient) -> None:
    payload = {"caller_id": "lea", "subject": "S", "message": "No lesson", "priority": "high", "tags": ["a"], "n": 1}
    answer = submit(submitter, payload, **{"X-Request-Id": "r-9"})
    assert answer.status_code == 202
    accepted = answer.json()
    assert status(submitter, accepted["submission_id"].upper())["submission_id"] == accepted["submission_id"]
    assert set(accepted) == {"submission_id", "ticket_id", "messageId", "transport"}
    assert (accepted["transport"], "Idempotency-Replayed" in answer) == ("inline", False)
    assert status(submitter, accepted["submission_id"])["status"] == "accepted"
    assert work() == 1
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert (ticket.channel, ticket.tier, ticket.caller_id, ticket.request_id) == ("submission", "gold", "lea", "r-9")
    assert (ticket.subject, ticket.issue_description, ticket.priority, ticket.tags) == ("S", "No lesson", "high", ["a"])
    assert ticket.attributes == {"n": 1}
    assert status(submitter, accepted["submission_id"]) == {
        "submission_id": accepted["submission_id"],
        "status": "created",
        "ticket_id": accepted["ticket_id"],
    }


def test_known_fields_of_the_wrong_kind_stay_in_attributes(submitter: APIClient) -> None:
    payload = {
        "caller_id": "customer:rival",
        "subject": 7,
        "type": None,
        "priority": "extreme",
        "tags": "a",
        "issue_description": "",
        "description": ["x"],
        "message": "said",
        "customer_id": "rival",
        "tier": "gold",
        "status": "closed",
    }
    accepted = submit(submitter, payload).json()
    work()
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert (ticket.caller_id, ticket.issue_description, ticket.status) == ("customer:acme", "said", "open")
    assert ticket.attributes == {name: value for name, value in payload.items() if name != "message"}


def test_a_payload_that_looks_like_a_pointer_is_kept_as_it_is(submitter: APIClient) -> None:
    aws.client("s3").put_object(Bucket="foyer-large-messages", Key="large-tickets/secret.json", Body=b'{"a": "secret"}')
    pointer = {"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/secret.json", "size": 1}
    accepted = submit(submitter, pointer).json()
    assert work() == 1
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert ticket.attributes | {"type": ticket.type} == pointer
    assert large.read("large-tickets/secret.json", 100).text == b'{"a": "secret"}'


@pytest.mark.parametrize("finished", [False, True])
def test_a_repeat_with_its_key_gets_the_same_answer_and_sends_nothing(submitter: APIClient, finished: bool) -> None:
    first = submit(submitter, {"a": 1, "b": 2}, "key")
    if finished:
        work()
    again = submit(submitter, {"b": 2, "a": 1}, "key")
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert len(waiting()) == (0 if finished else 1)


def test_a_key_used_for_another_body_is_422_and_another_customers_key_is_another(
    submitter: APIClient, token_client: Any
) -> None:
    first = submit(submitter, {"a": 1}, "key").json()
    answer = submit(submitter, {"a": 2}, "key")
    assert (answer.status_code, answer.json()["error"]) == (422, "Idempotency-Key was used with a different request")
    other = submit(token_client("submit", customer="rival"), {"a": 2}, "key")
    assert (other.status_code, other.json()["submission_id"] == first["submission_id"]) == (202, False)


@pytest.mark.parametrize("operation", ["PutItem", "SendMessage"])
def test_a_door_that_died_or_was_refused_half_way_finishes_its_work_when_asked_again(
    submitter: APIClient, refuse: set[str], operation: str
) -> None:
    refuse.add(operation)
    answer = submit(submitter, {"a": 1}, "key")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "arn" not in answer.content.decode()
    refuse.clear()
    answer = submit(submitter, {"a": 1}, "key")
    assert answer.status_code == 202
    assert answer.json()["messageId"]
    while work():
        pass
    assert record.ticket_ids() == [answer.json()["ticket_id"]]


def test_what_is_queued_is_accepted_though_its_delivery_cannot_say_so(submitter: APIClient, refuse: set[str]) -> None:
    refuse.add("UpdateItem")
    answer = submit(submitter, {"a": 1})
    assert answer.status_code == 202
    refuse.clear()
    while work():
        pass
    assert record.ticket_ids() == [answer.json()["ticket_id"]]
    assert status(submitter, answer.json()["submission_id"])["status"] == "created"


def test_an_s3_that_is_away_is_503_and_nothing_is_queued(submitter: APIClient, refuse: set[str]) -> None:
    from tests.ticketing.submissions.test_envelope import NOISE

    refuse.add("PutObject")
    assert submit(submitter, {"a": NOISE}).status_code == 503
    assert waiting() == []


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b"no", b"\xff"])
def test_what_is_no_object_is_400(submitter: APIClient, body: bytes) -> None:
    answer = submitter.post(PATH, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (400, "Request body is not valid JSON")


def test_a_body_of_five_mebibytes_is_taken_and_a_byte_more_is_413(submitter: APIClient) -> None:
    fits = b'{"a": "' + b"x" * (5 * 1024 * 1024 - 9) + b'"}'
    answer = submitter.post(PATH, fits, content_type="application/json")
    assert (answer.status_code, answer.json()["transport"]) == (202, "compressed")
    assert submitter.post(PATH, fits + b" ", content_type="application/json").status_code == 413


def test_a_submission_of_nobody_or_somebody_else_is_404(submitter: APIClient, token_client: Any) -> None:
    mine = submit(submitter, {"a": 1}).json()["submission_id"]
    for asking, submission_id in (
        (token_client("submit", customer="rival"), mine),
        (submitter, str(uuid.uuid4())),
        (submitter, "x"),
        (submitter, "x" * 3000),
    ):
        answer = asking.get(f"{PATH}/{submission_id}")
        assert (answer.status_code, answer.json()["error"]) == (404, "Submission not found")
