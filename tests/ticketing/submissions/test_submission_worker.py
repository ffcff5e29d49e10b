"""The submissions' worker: one ticket each, whatever dies between, and a plain cause where there can be none."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError, ReadTimeoutError
from botocore.response import StreamingBody
from django.conf import settings
from rest_framework.test import APIClient

from config import aws, json
from tests import record
from tests.ticketing.submitting import PATH, dead_letters, failed, message, status, submit, theirs, waiting
from ticketing import deliveries, service
from ticketing.submissions import large, worker

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_a_message_delivered_twice_makes_one_ticket_and_stays_created(submitter: APIClient) -> None:
    accepted = submit(submitter, {"a": 1}).json()
    [one] = waiting()
    assert failed(one) == failed(one) == []
    assert record.ticket_ids() == [accepted["ticket_id"]]
    assert status(submitter, accepted["submission_id"])["status"] == "created"


def test_a_worker_that_died_after_the_ticket_finds_it_again(submitter: APIClient, refuse: set[str]) -> None:
    accepted = submit(submitter, {"a": 1}).json()
    [one] = waiting()
    refuse.add("UpdateItem")
    assert failed(one) == [one["messageId"]]
    refuse.clear()
    assert failed(one) == []
    assert status(submitter, accepted["submission_id"])["status"] == "created"
    assert record.ticket_ids() == [accepted["ticket_id"]]


def test_two_submissions_with_one_senders_id_make_one_ticket(submitter: APIClient, token_client: Any) -> None:
    rival = token_client("submit", customer="rival")
    first, second = (
        submit(submitter, {"ticket_id": 7, "a": 1}).json(),
        submit(submitter, {"ticket_id": "7", "a": 2}).json(),
    )
    others = submit(rival, {"ticket_id": 7}).json()
    assert first["ticket_id"] == second["ticket_id"] != others["ticket_id"]
    for one in waiting():
        assert failed(one) == failed(one) == []
    ends = sorted(status(submitter, one["submission_id"])["status"] for one in (first, second))
    assert ends == ["created", "duplicate"]
    assert len(record.ticket_ids()) == 2


@pytest.mark.parametrize(
    "written",
    [
        ["7253394974479.0", "7.253394974479E12", "7253394974479", '"7253394974479"'],
        ["-0", "0", "0.00", '"0"'],
        ["1e3", "1000", "1000.0"],
    ],
)
def test_a_senders_id_is_the_same_however_its_number_was_written(submitter: APIClient, written: list[str]) -> None:
    for one in written:
        answer = submitter.post(PATH, f'{{"ticket_id": {one}, "message": "Help"}}', content_type="application/json")
        assert answer.status_code == 202
    assert failed(*waiting()) == []
    assert len(record.ticket_ids()) == 1


def test_minus_zero_comes_back_as_it_was_sent(submitter: APIClient) -> None:
    body = b'{"n": -0, "many": [-0, 0, -0.0]}'
    accepted = submitter.post(PATH, body, content_type="application/json").json()
    assert failed(*waiting()) == []
    attributes = service.get_ticket(accepted["ticket_id"], "acme").attributes
    assert json.dumps(attributes) == '{"n":-0,"many":[-0,0,-0.0]}'


def test_an_s3_object_goes_only_after_the_ticket_is_stored(
    submitter: APIClient, refuse: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SQS_MAX_MESSAGE_BYTES", 400)
    accepted = submit(submitter, {"a": [str(uuid.uuid4()) for _ in range(100)]}).json()
    assert accepted["transport"] == "s3"
    [one] = waiting()
    key = json.loads(one["body"])["key"]
    refuse.add("PutItem")
    assert failed(one) == [one["messageId"]]
    assert large.read(key, 10**6)
    refuse.clear()
    assert failed(one) == []
    with pytest.raises(large.Gone):
        large.read(key, 10**6)
    assert failed(one) == []  # delivered once more: by now the ticket exists, and that is success
    assert status(submitter, accepted["submission_id"])["status"] == "created"


def test_a_message_that_comes_again_leaves_alone_what_another_submission_has_put_in_its_objects_place(
    submitter: APIClient, token_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SQS_MAX_MESSAGE_BYTES", 400)
    large_one = {"a": [str(uuid.uuid4()) for _ in range(100)]}
    submit(submitter, large_one, **{"X-Request-Id": "trace-1"})
    [first] = waiting()
    assert failed(first) == []
    others = submit(token_client("submit", customer="rival"), large_one, **{"X-Request-Id": "trace-1"}).json()
    [second] = [one for one in waiting() if one["messageId"] != first["messageId"]]
    assert json.loads(first["body"])["key"] == json.loads(second["body"])["key"]
    assert failed(first) == failed(second) == []
    assert len(record.ticket_ids()) == 2
    assert others["ticket_id"] in record.ticket_ids()


def test_other_programs_messages_are_the_default_customers(submitter: APIClient) -> None:
    one = message('{"caller_id": "ops", "message": "Disk full", "customer_id": "acme"}', request_id="r-5")
    assert failed(one) == failed(one) == []
    [ticket] = list(service.all_tickets())
    assert (ticket.customer_id, ticket.tier, ticket.caller_id, ticket.request_id) == (
        "default",
        "general",
        "ops",
        "r-5",
    )
    assert (theirs().state, theirs().key, theirs().request_id) == ("created", "m-1", "r-5")


def test_a_message_moved_back_from_the_dead_letter_queue_is_known_by_its_first_id() -> None:
    assert failed(message("{}", "m-1")) == []
    assert failed(message("{}", "m-2", origin_message_id="m-1")) == []
    assert len(record.ticket_ids()) == 1


def test_a_message_cannot_take_over_another_doors_delivery() -> None:
    delivery_id = str(uuid.uuid4())
    deliveries.receive(deliveries.Delivery(delivery_id=delivery_id, door="zendesk", customer_id="acme", key="1"))
    assert failed(message('{"message": "forged"}', submission_id=delivery_id)) == []
    untouched = deliveries.get(delivery_id)
    assert untouched
    assert untouched.state == "received"
    assert [one.customer_id for one in service.all_tickets()] == ["default"]


def test_an_unknown_or_absurd_submission_id_is_another_programs_message() -> None:
    for number, name in enumerate([str(uuid.uuid4()), "x" * 3000, "é"]):
        assert failed(message("{}", f"m-{number}", submission_id=name)) == []
    assert len(record.ticket_ids()) == 3


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("no JSON", "The message is not valid JSON: "),
        ("[1]", "The message is JSON, but no JSON object"),
        ('{"\\ud800": 1, "\\ud800": 2}', 'The message is not valid JSON: the name "\\ud800" is there twice'),
        ('{"type": "COMPRESSED", "data": "%"}', "The message says COMPRESSED, but its data is no base64 of gzip"),
        ('{"type": "S3_REFERENCE", "bucket": "b", "key": "k"}', "The message points to an object outside the bucket"),
        (
            '{"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/\\ud800"}',
            "The message points to an object outside the bucket",
        ),
        (
            '{"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/gone.json"}',
            "The S3 object that the message points to is not there",
        ),
    ],
)
def test_a_message_that_can_never_become_a_ticket_is_put_aside_at_once_with_a_plain_cause_and_alone(
    body: str, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert failed(message("{}", "good"), message(body, "bad"), message("{}", "also good")) == []
    assert (theirs("bad").state, theirs("bad").error.startswith(cause)) == ("failed", True), theirs("bad").error
    [(aside, said)] = dead_letters().items()
    assert (aside, theirs("bad").error.partition(":")[0]) == (body, said)
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1
    assert len(record.ticket_ids()) == 2


def test_what_cannot_be_put_aside_now_comes_again(refuse: set[str]) -> None:
    refuse.add("SendMessage")
    assert failed(message("no JSON")) == ["m-1"]
    refuse.clear()
    assert failed(message("no JSON")) == []
    assert dead_letters() == {"no JSON": "The message is not valid JSON"}


def test_a_failed_submission_tells_its_cause_and_may_still_end_well(
    submitter: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SQS_MAX_MESSAGE_BYTES", 400)
    accepted = submit(submitter, {"a": [str(uuid.uuid4()) for _ in range(100)]}).json()
    [one] = waiting()
    key = json.loads(one["body"])["key"]
    content = large.read(key, 10**6).text
    large.delete(key)
    assert failed(one) == []
    assert dead_letters() == {one["body"]: "The S3 object that the message points to is not there"}
    told = status(submitter, accepted["submission_id"])
    assert (told["status"], told["error"]) == ("failed", "The S3 object that the message points to is not there")
    aws.client("s3").put_object(Bucket="foyer-large-messages", Key=key, Body=content)
    assert failed(one) == []
    assert status(submitter, accepted["submission_id"]) == {
        "submission_id": accepted["submission_id"],
        "status": "created",
        "ticket_id": accepted["ticket_id"],
    }


def test_a_message_whose_delivery_could_not_say_so_is_accepted_as_soon_as_a_worker_meets_it(
    submitter: APIClient, refuse: set[str]
) -> None:
    refuse.add("UpdateItem")
    submission_id = submit(submitter, {"a": 1}).json()["submission_id"]
    refuse.clear()
    [one] = waiting()
    refuse.add("PutItem")
    assert failed(one) == [one["messageId"]]
    known = deliveries.get(submission_id)
    assert known
    assert (known.state, known.attempts) == ("accepted", 1)


def test_a_table_that_is_away_leaves_the_message_to_come_again(refuse: set[str]) -> None:
    refuse.add("PutItem")
    assert failed(message("{}")) == ["m-1"]
    refuse.clear()
    assert failed(message("{}")) == []


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="s3"), IncompleteReadError(actual_bytes=1, expected_bytes=2)]
)
def test_an_object_whose_reading_is_cut_off_is_read_again_then_its_message_alone_comes_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = large.store("cut", "{}")
    pointer = json.dumps({"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": key, "size": 2})
    cuts: list[Exception] = []

    def cut(*_: Any, **__: Any) -> bytes:
        cuts.append(error)
        raise error

    monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
    with monkeypatch.context() as away:
        away.setattr(StreamingBody, "read", cut)
        assert failed(message("{}", "good"), message(pointer, "cut"), message("{}", "also good")) == ["cut"]
        assert len(cuts) == aws.calls.TRIES
        assert worker.about(message(pointer, "cut")) == {theirs("cut").delivery_id}
    assert (theirs("cut").state, type(error).__name__ in theirs("cut").error) == ("accepted", True)
    assert failed(message(pointer, "cut")) == []
    assert len(record.ticket_ids()) == 3
