"""Queueing our own jobs: tried as every AWS call is tried, and in time."""

import base64
import json
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from django.conf import settings

from config import aws as config_aws
from config import celery, deadline
from config.aws import sqs


@pytest.fixture
def queued(aws: None, own_clients: None) -> list[Any]:
    """What was queued; each try before the third fails."""
    tries: list[Any] = []

    def send(params: dict[str, Any], **_: Any) -> None:
        tries.append(json.loads(base64.b64decode(params["MessageBody"]))["headers"])
        if len(tries) < 3:
            raise ConnectionClosedError(endpoint_url="http://sqs")

    config_aws.client("sqs").meta.events.register("provide-client-params.sqs.SendMessage", send)
    return tries


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)


def test_a_job_is_tried_three_times(queued: list[Any]) -> None:
    celery.send("some.job", "1")
    assert [(one["task"], one["argsrepr"]) for one in queued] == [("some.job", "('1',)")] * 3
    assert len({one["id"] for one in queued}) == 1


def test_a_job_that_cannot_be_queued_in_time_is_told(queued: list[Any]) -> None:
    with deadline.within(-1), pytest.raises(config_aws.Retryable, match="ConnectionClosedError"):
        celery.send("some.job", "1")
    assert len(queued) == 1


def test_a_queue_that_never_answers_is_waited_for_as_long_as_any_other(
    aws: None, own_clients: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.url(settings.JOBS_QUEUE)
    config_aws.forget_clients()
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, deadline.within(-1):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(config_aws.Retryable):
            celery.send("some.job", "1")
    assert time.monotonic() - began < 6.5  # the wait for work, which this is not, is 7 s or more


def test_after_a_failure_jobs_are_queued_again(aws: None, own_clients: None) -> None:
    def cut(**_: Any) -> None:
        raise ConnectionClosedError(endpoint_url="http://sqs")

    events = config_aws.client("sqs").meta.events
    events.register("before-send.sqs.SendMessage", cut)
    for _ in range(20):  # more than the producers that Celery keeps
        with pytest.raises(config_aws.Retryable):
            celery.send("some.job", "1")
    events.unregister("before-send.sqs.SendMessage", cut)
    celery.send("some.job", "2")
    assert sqs.count(settings.JOBS_QUEUE) == 1


def test_beat_says_in_one_line_that_a_task_could_not_be_queued(
    aws: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: Any) -> None:
        raise config_aws.Unreachable("ConnectionClosedError")

    beat = celery.Scheduler(celery.app, lazy=True)
    monkeypatch.setattr(celery.app, "send_task", refused)
    beat.apply_entry(beat.Entry(name="a", task="ticketing.jobs.look_after", app=celery.app))
    assert [one.message.partition(";")[0] for one in caplog.records if one.name == "config.celery"] == [
        "ticketing.jobs.look_after could not be queued"
    ]
    assert len(caplog.text.splitlines()) == 1


def test_beat_queues_what_is_due(aws: None, queued: list[Any]) -> None:
    beat = celery.Scheduler(celery.app, lazy=True)
    beat.apply_entry(beat.Entry(name="a", task="ticketing.jobs.look_after", app=celery.app))
    assert queued[-1]["task"] == "ticketing.jobs.look_after"


def test_beat_goes_on_if_aws_is_away_before_it_has_queued_anything(
    aws: None, own_clients: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def cut(**_: Any) -> None:
        raise ConnectionClosedError(endpoint_url="http://sqs")

    sqs.url.cache_clear()
    events = config_aws.client("sqs").meta.events
    events.register("before-send.sqs", cut)
    beat: Any = celery.Scheduler(celery.app, schedule_filename=str(tmp_path / "beat"))
    for entry in beat.schedule.values():
        entry.last_run_at -= timedelta(minutes=2)
    try:
        assert beat.tick() == 0  # it looks at once for what else is due
        assert [one.levelname for one in caplog.records if one.name == "config.celery"] == ["WARNING"]
        events.unregister("before-send.sqs", cut)
        for entry in beat.schedule.values():
            entry.last_run_at -= timedelta(minutes=2)
        beat.populate_heap()
        beat.tick()
        assert sqs.count(settings.JOBS_QUEUE) == 1  # a tick queues one task
    finally:
        beat.close()


def test_beat_is_started_with_that_scheduler() -> None:
    beat: Any = celery.app.Beat()
    assert beat.scheduler_cls == "config.celery:Scheduler"
