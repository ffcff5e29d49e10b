"""Queueing our own jobs: tried as every AWS call is tried, and in time."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from kombu import pools
from kombu.exceptions import OperationalError

from config import aws as config_aws
from config import celery, deadline
from config.aws import sqs


@pytest.fixture
def queued(aws: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was queued; each try before the third fails."""
    tries: list[Any] = []

    def send(*what: Any, retry: bool) -> None:
        assert not retry
        tries.append(what)
        if len(tries) < 3:
            raise OperationalError("connection reset")

    monkeypatch.setattr(celery.app, "send_task", send)
    return tries


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)


def test_a_job_is_tried_three_times(queued: list[Any]) -> None:
    celery.send("some.job", "1")
    assert queued == [("some.job", ("1",))] * 3


def test_a_job_that_cannot_be_queued_in_time_is_told(queued: list[Any]) -> None:
    with deadline.within(-1), pytest.raises(config_aws.Retryable, match="NotQueued"):
        celery.send("some.job", "1")
    assert len(queued) == 1


def test_who_takes_jobs_polls_for_longer_than_who_queues_them_waits() -> None:
    ways = {
        "taking": celery.app.connection_for_read(),
        "queueing": celery.app.connection_for_write(),
        "any": celery.app.connection(),  # as the worker's banner asks for it
    }
    waits = {name: one.transport_options["client-config"]["read_timeout"] for name, one in ways.items()}
    assert waits == {"taking": 7, "queueing": 2, "any": 2}
    assert all(one.transport_options["visibility_timeout"] == 120 for one in ways.values())


@pytest.fixture
def own_connections() -> Iterator[None]:
    """Celery keeps its connections, and each of them the place of AWS."""
    _forget_connections()
    yield
    _forget_connections()


def _forget_connections() -> None:
    app: Any = celery.app
    pools.reset()
    app.amqp._producer_pool = app._pool = None


def test_a_queue_that_never_answers_is_waited_for_as_long_as_any_other(
    aws: None, own_connections: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.url(settings.JOBS_QUEUE)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, deadline.within(-1):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(config_aws.Retryable):
            celery.send("some.job", "1")
    assert time.monotonic() - began < 6.5  # the wait for work, which this is not, is 7 s or more


def test_beat_says_in_one_line_that_a_task_could_not_be_queued(
    aws: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: Any, retry: bool) -> None:
        raise OperationalError("connection reset")

    beat = celery.Scheduler(celery.app, lazy=True)
    monkeypatch.setattr(celery.app, "send_task", refused)
    beat.apply_entry(beat.Entry(name="a", task="ticketing.jobs.look_after", app=celery.app))
    assert [one.message.partition(";")[0] for one in caplog.records if one.name == "config.celery"] == [
        "ticketing.jobs.look_after could not be queued"
    ]
    assert len(caplog.text.splitlines()) == 2  # the other says that AWS is away


def test_beat_queues_what_is_due(aws: None, queued: list[Any]) -> None:
    beat = celery.Scheduler(celery.app, lazy=True)
    beat.apply_entry(beat.Entry(name="a", task="ticketing.jobs.look_after", app=celery.app))
    assert queued[-1] == ("ticketing.jobs.look_after", ())


def test_beat_is_started_with_that_scheduler() -> None:
    beat: Any = celery.app.Beat()
    assert beat.scheduler_cls == "config.celery:Scheduler"
