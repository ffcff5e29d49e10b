"""A queue's loop: what went well is deleted, the rest stays and comes back."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config import aws
from config.aws import sqs
from config.aws.events import SqsRecord
from config.consumer import queue_loop
from config.consumer.batch import failed_ids
from config.consumer.sources import Source

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

NAME = "GeneralTicketsQueue"
SOURCE = Source("test", "queue", NAME, f"{__name__}.handler", batch=10)

_AWS_ERRORS: dict[str, Exception] = {
    "away": aws.Unreachable("EndpointConnectionError"),
    "throttled": aws.Retryable("ThrottlingException"),
    "contended": aws.Contended("TransactionConflict"),
    "not yet there": aws.NotFound("QueueDoesNotExist"),
    "wrong": aws.Permanent("ValidationException"),
}

_handle: list[Callable[[dict[str, Any]], Any]] = []


def handler(event: dict[str, Any], context: Any) -> Any:
    return _handle[-1](event)


@pytest.fixture
def batches() -> Any:
    """The bodies of every batch that the handler was given; those called `bad` fail, `crash` raises."""
    seen: list[list[str]] = []

    def handle(event: dict[str, Any]) -> Any:
        bodies = [record["body"] for record in event["Records"]]
        seen.append(bodies)
        if "crash" in bodies:
            raise RuntimeError("a bug")
        for body in bodies:
            if body in _AWS_ERRORS:
                raise _AWS_ERRORS[body]
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}

    _handle.append(handle)
    yield seen
    _handle.pop()


def left() -> int:
    """How many messages the queue still has, those in flight included."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=sqs.url(NAME), AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def test_an_empty_queue_calls_no_handler(batches: list[list[str]]) -> None:
    assert queue_loop.work_once(SOURCE, 0) == 0
    assert batches == []


def test_messages_that_went_well_are_deleted_in_batches_of_ten(batches: list[list[str]], calls: list[str]) -> None:
    for n in range(12):
        sqs.send(NAME, f"message {n}")
    calls.clear()
    assert queue_loop.work_once(SOURCE, 0) == 10
    assert calls == ["ReceiveMessage", "DeleteMessageBatch"]
    assert queue_loop.work_once(SOURCE, 0) == 2
    assert left() == 0
    assert sorted(map(len, batches)) == [2, 10]


def test_a_message_that_failed_stays_and_the_others_go(batches: list[list[str]]) -> None:
    for body in ("good", "bad", "good"):
        sqs.send(NAME, body)
    assert queue_loop.work_once(SOURCE, 0) == 2
    assert left() == 1


def test_a_message_that_makes_the_handler_raise_stays_and_those_beside_it_go(
    batches: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    for body in ("good", "crash", "bad"):
        sqs.send(NAME, body)
    assert queue_loop.work_once(SOURCE, 0) == 1
    assert left() == 2
    assert "The handler of test failed; its batch of 3 comes again" in caplog.text
    assert sorted(map(len, batches)) == [1, 1, 1, 3]


@pytest.mark.parametrize(
    ("body", "lines"), [("away", 0), ("throttled", 1), ("contended", 1), ("not yet there", 1)], ids=str
)
def test_an_aws_that_needs_time_costs_a_handler_a_line_and_no_traceback(
    batches: list[list[str]], caplog: pytest.LogCaptureFixture, body: str, lines: int
) -> None:
    for _ in range(10):
        sqs.send(NAME, body)
    assert queue_loop.work_once(SOURCE, 0) == 0
    assert left() == 10
    assert caplog.text.count("\n") == lines
    assert "Traceback" not in caplog.text


def test_a_request_that_aws_refuses_for_good_is_logged_whole(
    batches: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    sqs.send(NAME, "wrong")
    queue_loop.work_once(SOURCE, 0)
    assert "Traceback" in caplog.text
    assert "ValidationException" in caplog.text


_noted: list[tuple[str, str]] = []


def note(record: dict[str, Any], error: Exception) -> None:
    _noted.append((record["body"], str(error)))


def test_what_a_handler_raised_for_a_message_is_noted_for_that_message_alone(batches: list[list[str]]) -> None:
    _noted.clear()
    for body in ("good", "crash"):
        sqs.send(NAME, body)
    queue_loop.work_once(replace(SOURCE, note=f"{__name__}.note"), 0)
    assert _noted == [("crash", "a bug")]


def test_a_stream_whose_handler_raised_is_read_again_as_it_was(batches: list[list[str]]) -> None:
    records: list[SqsRecord] = [{"messageId": "1", "body": "good"}, {"messageId": "2", "body": "crash"}]
    assert failed_ids(replace(SOURCE, kind="change-stream"), records, ["1", "2"]) == {"1", "2"}
    assert len(batches) == 1


def test_a_handler_gets_messages_as_lambda_would_hand_them_over(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def handle(event: dict[str, Any]) -> Any:
        given.append(event)
        return {"batchItemFailures": []}

    _handle.append(handle)
    message_id = sqs.send(NAME, '{"a": 1}', {"request_id": "r-1", "empty": ""})
    queue_loop.work_once(SOURCE, 0)
    _handle.pop()
    [record] = given[0]["Records"]
    assert (record["messageId"], record["body"], record["eventSource"]) == (message_id, '{"a": 1}', "aws:sqs")
    assert record["messageAttributes"] == {"request_id": {"dataType": "String", "stringValue": "r-1"}}
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_the_loop_outlives_an_aws_that_is_away_and_stops_when_told(
    batches: list[list[str]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, tries = threading.Event(), []

    def work(source: Source, wait: int) -> int:
        tries.append(wait)
        if len(tries) == 1:
            raise aws.Permanent("AccessDenied")
        stop.set()
        return 0

    monkeypatch.setattr(queue_loop, "work_once", work)
    monkeypatch.setattr(queue_loop, "ERROR_SECONDS", 0.0)
    queue_loop.run(SOURCE, stop)
    assert tries == [queue_loop.WAIT_SECONDS] * 2
    assert caplog.text.count(f"Reading the queue {NAME} fails, and is tried again until it works: AccessDenied") == 1


def test_only_the_ids_that_the_handler_names_have_failed(batches: list[list[str]]) -> None:
    records: list[SqsRecord] = [{"messageId": "1", "body": "good"}, {"messageId": "2", "body": "bad"}]
    assert failed_ids(SOURCE, records, ["1", "2"]) == {"2"}
