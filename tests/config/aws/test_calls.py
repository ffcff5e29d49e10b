"""AWS's errors as words a caller can act on, and how often a call is tried."""

import logging
import signal
import socket
from http.client import IncompleteRead
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ReadTimeoutError,
)
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse
from urllib3.exceptions import ProtocolError

from config import aws

THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"}'


class Failing:
    """An operation that fails with these errors, then answers; it counts its calls."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def error(code: str, status: int = 400, **more: Any) -> ClientError:
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | more, "Operation")  # type: ignore[arg-type]


def cancelled(*codes: str) -> ClientError:
    return error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between tries take no time; the list has their seconds."""
    slept: list[float] = []
    monkeypatch.setattr(aws.calls._retry, "sleep", slept.append)
    return slept


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (error("ResourceNotFoundException"), aws.NotFound),
        (error("NoSuchKey", 404), aws.NotFound),
        (error("404", 404), aws.NotFound),
        (error("AWS.SimpleQueueService.NonExistentQueue"), aws.NotFound),
        (error("ConditionalCheckFailedException"), aws.Conflict),
        (error("PreconditionFailed", 412), aws.Conflict),
        (cancelled("None", "ConditionalCheckFailed"), aws.Conflict),
        (cancelled("TransactionConflict", "ConditionalCheckFailed"), aws.Conflict),
        (cancelled("None", "TransactionConflict", "None"), aws.Contended),
        (error("TransactionConflictException"), aws.Contended),
        (cancelled("None", "ThrottlingError"), aws.Retryable),
        (cancelled("ProvisionedThroughputExceeded"), aws.Retryable),
        (cancelled("None", "ValidationError"), aws.Permanent),
        (cancelled("None", "None"), aws.Permanent),
        (error("ProvisionedThroughputExceededException"), aws.Retryable),
        (error("ThrottlingException"), aws.Retryable),
        (error("RequestLimitExceeded"), aws.Retryable),
        (error("TransactionInProgressException"), aws.Retryable),
        (error("SlowDown", 503), aws.Retryable),
        (error("NeverHeardOf", 500), aws.Retryable),
        (EndpointConnectionError(endpoint_url="http://nowhere"), aws.Unreachable),
        (ConnectTimeoutError(endpoint_url="http://nowhere"), aws.Unreachable),
        (ParamValidationError(report="Missing"), aws.Permanent),
        (error("AccessDeniedException", 403), aws.Permanent),
        (error("ValidationException"), aws.Permanent),
    ],
)
def test_an_error_becomes_the_word_a_caller_can_act_on(failure: Exception, kind: type[aws.AwsError]) -> None:
    with pytest.raises(aws.AwsError) as caught:
        aws.call_once(Failing(failure))
    assert type(caught.value) is kind


def test_a_conflict_says_what_stands_there_and_why_each_action_was_refused() -> None:
    with pytest.raises(aws.Conflict) as caught:
        aws.call(Failing(error("ConditionalCheckFailedException", Item={"a": {"S": "b"}})))
    assert caught.value.item == {"a": {"S": "b"}}
    with pytest.raises(aws.Conflict) as caught:
        aws.call(Failing(cancelled("None", "ConditionalCheckFailed")))
    assert [reason["Code"] for reason in caught.value.reasons] == ["None", "ConditionalCheckFailed"]


def test_throttling_is_tried_three_times_in_all_with_doubling_waits_each_logged(
    waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    throttled = Failing(*[error("ThrottlingException") for _ in range(9)])
    with caplog.at_level(logging.WARNING), pytest.raises(aws.Retryable):
        aws.call(throttled)
    assert throttled.calls == 3
    assert 0.1 <= waits[0] <= 0.15
    assert 0.2 <= waits[1] <= 0.3
    assert len(waits) == len([one for one in caplog.messages if "AWS call failed at try" in one]) == 2


def test_the_waits_have_jitter(waits: list[float]) -> None:
    for _ in range(20):
        aws.call(Failing(error("ThrottlingException")))
    assert len(set(waits)) > 10


def test_a_third_try_that_succeeds_is_a_success(waits: list[float]) -> None:
    assert aws.call(Failing(error("ThrottlingException"), error("InternalServerError", 500))) == "done"


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "ConditionalCheckFailedException", "ValidationException"]
)
def test_what_no_waiting_changes_is_tried_once(code: str, waits: list[float]) -> None:
    operation = Failing(error(code))
    with pytest.raises(aws.AwsError):
        aws.call(operation)
    assert (operation.calls, waits) == (1, [])


def test_writers_that_meet_try_again_for_up_to_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(aws.calls._meet, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    held = Failing(*[cancelled("TransactionConflict") for _ in range(1000)])
    with pytest.raises(aws.Contended):
        aws.call(held)
    assert 2.0 < now[0] - 100 < 2.2
    assert held.calls > 10  # many short waits, not three long ones


def test_an_answer_that_came_late_takes_nothing_from_the_time_to_meet(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(aws.calls._meet, "sleep", lambda _: None)
    answers = Failing(ReadTimeoutError(endpoint_url="http://nowhere"), cancelled("TransactionConflict"))

    def slow() -> str:
        now[0] += 2.5
        return answers()

    assert aws.call(slow) == "done"
    assert answers.calls == 3


def test_who_met_another_writer_has_all_tries_left(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    monkeypatch.setattr(aws.calls._meet, "sleep", lambda _: None)
    met = [cancelled("TransactionConflict") for _ in range(aws.calls.TRIES)]
    operation = Failing(*met, *[error("ThrottlingException") for _ in range(aws.calls.TRIES - 1)])
    aws.call(operation)
    assert len(waits) == aws.calls.TRIES - 1


@pytest.mark.usefixtures("own_clients")
def test_botocore_does_not_try_again_by_itself(calls: list[str], waits: list[float]) -> None:
    sent: list[Any] = []

    def refused(request: Any, **_: Any) -> Any:
        sent.append(request)
        return AWSResponse("http://nowhere", 400, HTTPHeaders(), MockRawResponse(THROTTLED))

    with mock_aws():
        dynamodb = aws.client("dynamodb")
        dynamodb.meta.events.register("before-send.dynamodb", refused)
        with pytest.raises(aws.Retryable):
            aws.call_once(dynamodb.list_tables)
        assert len(sent) == 1
        with pytest.raises(aws.Retryable):
            aws.call(dynamodb.list_tables)
    assert len(sent) == 1 + 3


def test_every_client_connects_within_a_second_and_answers_within_two() -> None:
    for service in ("dynamodb", "sqs", "sns", "kinesis", "s3"):
        config: Any = aws.client(service).meta.config
        assert (config.connect_timeout, config.read_timeout) == (1, 2.0), service
        assert config.retries["total_max_attempts"] == 1
    patient: Any = aws.client("sqs", 25.0).meta.config
    assert patient.read_timeout == 25.0


def test_the_wire_format_comes_back_as_it_went() -> None:
    from decimal import Decimal

    values = {"a": "text", "n": Decimal("1.10"), "l": ["x", True, None], "m": {"k": Decimal(1)}}
    assert aws.from_wire(aws.to_wire(values)) == values


class TimeIsUp(Exception):
    """What a signal's handler raises, wherever the program is."""


@pytest.mark.parametrize("error", [TimeIsUp(), ValueError("a signal's"), RuntimeError("shut down")])
def test_what_comes_up_inside_a_call_is_itself_again_and_not_tried_again(error: Exception, waits: list[float]) -> None:
    """botocore wraps whatever its connection raises."""
    operation = Failing(HTTPClientError(error=error))
    with pytest.raises(type(error)) as caught:
        aws.call(operation)
    assert caught.value is error
    assert (operation.calls, waits) == (1, [])


@pytest.mark.parametrize("error", [OSError("reset"), ProtocolError("cut"), IncompleteRead(b"")])
def test_a_broken_connection_is_tried_again_however_it_is_wrapped(error: Exception, waits: list[float]) -> None:
    operation = Failing(HTTPClientError(error=error))
    assert aws.call(operation) == "done"
    assert operation.calls == 2


def test_a_time_limit_that_a_signal_raises_inside_a_call_leaves_it_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def time_is_up(*_: Any) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, time_is_up)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes the connection, and never answers
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{server.getsockname()[1]}")
        aws.forget_clients()
        operation = aws.client("sqs").list_queues
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(TimeIsUp):
            aws.call(operation)
    signal.signal(signal.SIGALRM, before)
    aws.forget_clients()
