"""Celery's messages in Lambda's form: tasks are worked by Celery's own rules, and foreign messages put aside."""

import base64
import gzip
import json
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from celery.exceptions import Ignore, Reject
from django.conf import settings

from config import aws
from config.aws import sqs
from config.aws.outage import OutageFilter
from config.celery import app
from config.consumer import pulse, queue_loop
from config.consumer.celery_tasks import Foreign, handler, read
from config.consumer.sources import Source, sources

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

DEAD_LETTERS = "FoyerJobsDLQ"
TASK = "0b7b7a1c-1f0f-4a26-9a6a-0e6d5c4b3a21"  # an id as Celery makes them
_done: list[str] = []


@app.task(name="tests.note", soft_time_limit=1)
def note(what: str) -> None:
    match what:
        case "fails":
            raise RuntimeError("a bug")
        case "ignored":
            raise Ignore
        case "rejected":
            raise Reject(requeue=True)
        case "long":
            time.sleep(5)
    _done.append(what)


@pytest.fixture(autouse=True)
def done() -> Iterator[list[str]]:
    """What the task was called with and finished."""
    _done.clear()
    yield _done
    pulse.stop()


def coded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def message(body: Any = None, **headers: Any) -> str:
    """A message as Celery writes it."""
    usual = {"task": "tests.note", "id": TASK, "retries": 0, "eta": None}
    given = [["hello"], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    return coded({"body": coded(body or given), "headers": usual | headers, "properties": {}})


def event(body: str) -> Any:
    return {"Records": [{"messageId": "m-1", "receiptHandle": "r-1", "body": body}]}


def dead_letters() -> list[tuple[str, str]]:
    """The bodies in the dead-letter queue, with their causes."""
    found = sqs.receive(DEAD_LETTERS, 10, 0)
    return [(one.record["body"], one.attributes["cause"]["StringValue"]) for one in found]


def waiting(queue: str = "FoyerJobs") -> list[int]:
    """How many messages are visible, in hand, and delayed."""
    states = ["", "NotVisible", "Delayed"]
    names: Any = [f"ApproximateNumberOfMessages{state}" for state in states]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=sqs.url(queue), AttributeNames=names)["Attributes"]
    return [int(found[name]) for name in names]


def source() -> Source:
    [found] = [one for one in sources() if one.kind == "tasks"]
    return found


def test_what_celery_queues_is_worked_once(done: list[str]) -> None:
    app.send_task("tests.note", ("one",))
    assert queue_loop.work_once(source(), 0) == 1
    assert queue_loop.work_once(source(), 0) == 0
    assert done == ["one"]


@pytest.mark.parametrize("what", ["fails", "ignored"])
def test_a_task_that_ended_for_good_does_not_come_again(what: str, done: list[str]) -> None:
    assert handler(event(message([[what], {}, {}]))) == {"batchItemFailures": []}
    assert done == []


def test_a_task_that_asks_to_come_again_does(done: list[str]) -> None:
    assert handler(event(message([["rejected"], {}, {}])))["batchItemFailures"] == [{"itemIdentifier": "m-1"}]


def test_a_task_is_interrupted_at_its_soft_limit_and_no_later_one_is(done: list[str]) -> None:
    before = signal.getsignal(signal.SIGALRM)
    began = time.monotonic()
    handler(event(message([["long"], {}, {}])))
    assert time.monotonic() - began < 3
    handler(event(message()))
    assert done == ["hello"]
    assert signal.getsignal(signal.SIGALRM) == before


def test_outside_the_main_thread_a_task_runs_without_that_limit(done: list[str]) -> None:
    thread = threading.Thread(target=handler, args=(event(message()),))
    thread.start()
    thread.join()
    assert done == ["hello"]


@pytest.mark.parametrize(("times", "redelivered"), [(None, False), ("1", False), ("2", True)])
def test_a_task_is_told_whether_somebody_had_its_message_before(times: str | None, redelivered: bool) -> None:
    [record] = event(message())["Records"]
    record |= {"attributes": {"ApproximateReceiveCount": times}} if times else {}
    assert read(record).request["delivery_info"] == {"redelivered": redelivered}


def test_a_retry_waits_in_sqs_and_in_nobodys_hands() -> None:
    @app.task(name="tests.again", bind=True, max_retries=1)
    def again(self: Any) -> None:
        raise self.retry(countdown=30, DelaySeconds=30)

    app.send_task("tests.again")
    assert queue_loop.work_once(source(), 0) == 1
    assert waiting() == [0, 0, 1]


def test_a_task_whose_retry_cannot_be_queued_comes_again_and_costs_a_line(
    own_clients: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(**_: Any) -> None:
        raise ConnectionClosedError(endpoint_url="http://sqs")

    @app.task(name="tests.once_more", bind=True, max_retries=1)
    def once_more(self: Any) -> None:
        raise self.retry(countdown=30, DelaySeconds=30)

    monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
    aws.client("sqs").meta.events.register("before-send.sqs.SendMessage", cut)
    answer = handler(event(message([[], {}, {}], task="tests.once_more")))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert [one.name for one in caplog.records if one.exc_info] == []
    assert len([one for one in caplog.records if OutageFilter().filter(one)]) == 2  # the other says that AWS is away


def test_a_task_before_its_time_is_hidden_until_then(done: list[str]) -> None:
    app.send_task("tests.note", ("later",), eta=datetime.now(UTC) + timedelta(hours=1))
    assert queue_loop.work_once(source(), 0) == 0
    assert (done, waiting()) == ([], [0, 1, 0])


def test_a_task_whose_time_has_come_is_worked(done: list[str]) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert handler(event(message(eta=past))) == {"batchItemFailures": []}
    assert done == ["hello"]


GOOD = json.loads(base64.b64decode(message()))
FOREIGN = {
    "a text": "hello",
    "blank": " ",
    "JSON": '{"a": 1}',
    "a number": "5",
    "a list": "[]",
    "null": "null",
    "a notice of S3": '{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]}',
    "an envelope of SNS": '{"Type": "Notification", "Message": "hello"}',
    "no ASCII": "größer",
    "base64 of a text": base64.b64encode(b"hello").decode(),
    "base64 of bytes": base64.b64encode(bytes(range(256))).decode(),
    "base64 of a number": coded(5),
    "base64 of null": coded(None),
    "base64 of a list": coded([1, 2]),
    "base64 of an empty object": coded({}),
    "base64 of gzip": base64.b64encode(gzip.compress(b"{}", mtime=0)).decode(),
    "base64 of deep JSON": base64.b64encode(b"[" * 5000 + b"]" * 5000).decode(),
    "a cut message": message()[:-7],
    "no headers": coded({"body": GOOD["body"], "properties": {}}),
    "headers as a list": coded(GOOD | {"headers": []}),
    "headers as a text": coded(GOOD | {"headers": "task"}),
    "no task": coded(GOOD | {"headers": {"id": TASK}}),
    "an unknown task": message(task="somebody.elses"),
    "a task that is a list": message(task=["tests.note"]),
    "no id": message(id=None),
    "an id that is a number": message(id=7),
    "retries as a text": message(retries="many"),
    "retries below zero": message(retries=-1),
    "a time that is none": message(eta="tomorrow"),
    "a time that is a number": message(eta=1),
    "no body": coded({"headers": GOOD["headers"], "properties": {}}),
    "a body that is an object": coded(GOOD | {"body": {"a": 1}}),
    "a body that is no base64": coded(GOOD | {"body": "hello!"}),
    "a body that is a pickle": coded(GOOD | {"body": base64.b64encode(b"\x80\x04N.").decode()}),
    "a body that is a number": coded(GOOD | {"body": coded(5)}),
    "a body of two parts": coded(GOOD | {"body": coded([["hello"], {}])}),
    "arguments as an object": message([{"what": "hello"}, {}, {}]),
    "keywords as a list": message([["hello"], ["x"], {}]),
    "options as null": message([["hello"], {}, None]),
    "too many arguments": message([["hello", "there"], {}, {}]),
    "too few arguments": message([[], {}, {}]),
    "an unknown keyword": message([["hello"], {"who": "me"}, {}]),
    "an argument that is a number": message([[7], {}, {}]),
    "an argument that is null": message([[None], {}, {}]),
    "an id that is no id of a task": message(id="hello\n"),
    "an argument by its name": message([[], {"what": "hello"}, {}]),
    "a task of Celery's own": message([["hello"], {}, {}], task="celery.accumulate"),
    "a job's part that is none": message([["hello"], {}, {}], task="ticketing.jobs.work"),
    "a job's part beyond all numbers": message([["9" * 40], {}, {}], task="ticketing.jobs.work"),
    "a delivery that is none": message([["hello"], {}, {}], task="ingestion.zendesk.ingest"),
}


@pytest.mark.parametrize("name", ["callbacks", "errbacks", "chain", "chord", "group", "get", "ignore_result"])
@pytest.mark.parametrize("value", ["hello", 7, [1], [{"task": "tests.note", "args": ["more"]}], "z" * 1000])
def test_what_a_stranger_wants_called_besides_is_not_called(name: str, value: object, done: list[str]) -> None:
    in_body, in_headers = message([["hello"], {}, {name: value}]), message(**{name: value})
    for body in (in_body, in_headers):
        assert handler(event(body)) == {"batchItemFailures": []}
    assert done == ["hello", "hello"]
    assert waiting() == [0, 0, 0]


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_message_is_put_aside_with_a_cause_and_what_stands_beside_it_is_worked(
    kind: str, done: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    sqs.send(settings.JOBS_QUEUE, FOREIGN[kind])
    app.send_task("tests.note", ("beside",))
    assert sum(queue_loop.work_once(source(), 0) for _ in range(2)) == 2
    assert done == ["beside"]
    assert waiting() == [0, 0, 0]
    [(body, cause)] = dead_letters()
    assert body == FOREIGN[kind]
    assert cause[0].isupper()
    assert len(FOREIGN[kind]) < 9 or FOREIGN[kind] not in caplog.text


@pytest.mark.parametrize("kind", FOREIGN)
def test_the_cause_quotes_nothing_of_the_message(kind: str) -> None:
    with pytest.raises(Foreign) as caught:
        read({"messageId": "m-1", "body": FOREIGN[kind]})
    assert not {"hello", "somebody", "tomorrow", "many"} & set(str(caught.value).split())


def test_a_message_that_cannot_be_put_aside_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise aws.Retryable("EndpointConnectionError")

    monkeypatch.setattr(sqs, "send_again", away)
    assert handler(event("hello"))["batchItemFailures"] == [{"itemIdentifier": "m-1"}]
