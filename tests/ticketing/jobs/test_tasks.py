"""Jobs in the background: parts queue themselves until they are done, and what is lost is found again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from config import aws, celery
from config.refusals import Invalid
from tests.ticketing.jobs.conftest import parts
from ticketing.jobs import lifecycle, reindex, tasks
from ticketing.models import Job, JobPart

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the parts whose messages wait."""
    waiting: list[str] = []
    monkeypatch.setattr(celery, "send", lambda _, part: waiting.append(part))
    return waiting


@pytest.fixture
def job(tickets: list[str]) -> Job:
    return lifecycle.start("reindex", "ada", 2)[0]


def state(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.error


def test_two_parts_at_a_time_until_all_are_done(job: Job, queued: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "STEP_SECONDS", 1e-9)  # a page, then the next message
    tasks.enqueue(job)
    assert queued == [str(part.pk) for part in parts(job)[:2]]
    tasks.enqueue(job)
    assert len(queued) == 2
    while queued:
        tasks.work.apply((queued.pop(0),))
        assert len(queued) <= 2
    assert state(job) == ("done", "")
    assert list(reindex.differences()) == []


def test_a_message_that_comes_twice_does_no_harm(job: Job, queued: list[str]) -> None:
    tasks.enqueue(job)
    for part in queued * 2:
        tasks.work.apply((part,))
    assert state(job) == ("done", "")
    tasks.work.apply((queued[0],))
    assert state(job) == ("done", "")


def test_eager_jobs_run_to_their_end_at_once(job: Job, settings: Any) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    tasks.enqueue(job)
    assert state(job) == ("done", "")


def test_a_part_whose_message_was_lost_is_queued_again_after_three_minutes(job: Job, queued: list[str]) -> None:
    tasks.enqueue(job)
    lost = queued[:]
    queued.clear()
    tasks.look_after.apply()
    assert queued == []
    JobPart.objects.exclude(moved_at=None).update(moved_at=timezone.now() - lifecycle.STALLED - timedelta(seconds=1))
    tasks.look_after.apply()
    assert queued == lost


def test_a_job_that_nobody_ended_is_ended(job: Job, queued: list[str]) -> None:
    job.parts.update(done=True)
    tasks.look_after.apply()
    assert (state(job), queued) == (("done", ""), [])


def test_a_stopped_job_is_not_queued_again(job: Job, queued: list[str]) -> None:
    tasks.enqueue(job)
    lifecycle.stop(job)
    for part in queued[:]:
        tasks.work.apply((part,))
    tasks.look_after.apply()
    assert len(queued) == 2
    assert job.parts.filter(pages__gt=0).count() == 0


@pytest.mark.parametrize("error", [aws.Retryable("Throttling"), OperationalError("gone away")])
def test_what_may_work_later_is_told_and_tried_again(
    job: Job, queued: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reindex, "page", raising(error))
        tasks.enqueue(job)
        tasks.work.apply((queued.pop(),))
    assert state(job) == ("running", f"{type(error).__name__}: it is tried again in a few minutes")
    JobPart.objects.update(moved_at=None)
    tasks.look_after.apply()
    for part in queued:
        tasks.work.apply((part,))
    assert state(job) == ("done", "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aws.Permanent("AccessDenied", "arn:aws:secret"), "AWS refused it (AccessDenied)"),
        (Invalid("The ticket is too long"), "The ticket is too long"),
        (KeyError("bug"), "An unexpected error (KeyError): see the worker's log"),
    ],
)
def test_what_can_never_work_fails_the_job(
    job: Job, queued: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    monkeypatch.setattr(reindex, "page", raising(error))
    tasks.enqueue(job)
    tasks.work.apply((queued[0],), throw=False)
    assert state(job) == ("failed", said)


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_tasks_and_the_look_are_known_to_celery() -> None:
    assert {"ticketing.jobs.work", "ticketing.jobs.look_after"} <= set(celery.app.tasks)
    assert "ticketing.jobs.look_after" in {one["task"] for one in celery.app.conf.beat_schedule.values()}
