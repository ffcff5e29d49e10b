"""Jobs in the background: a Celery task works a part for some seconds, then queues itself again.

If a worker dies, another one receives its message. If a message is lost after all, beat finds the part that does not
move: it looks once a minute.
"""

import logging
import time
from typing import Any

from celery import Task
from django.db import OperationalError

from config import aws, celery
from config.celery import app
from config.refusals import Busy, Invalid
from ticketing.jobs import erasure_request, lifecycle
from ticketing.models import Job, JobPart

SEGMENTS = 4  # of a job that is started at the desk
AT_ONCE = 2  # parts worked side by side; the doors' tasks wait behind them on the same queue
STEP_SECONDS = 10.0  # and wait no longer than this
_WORK = "ticketing.jobs.work"
_LONGEST_ID = 19  # digits: a database's integers end there

log = logging.getLogger(__name__)


class PartTask(Task[[str], None]):
    """A step of a job. An unexpected error ends the job, and the job shows it."""

    takes = staticmethod(lambda part_id: part_id.isdecimal() and len(part_id) < _LONGEST_ID)

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any], einfo: Any
    ) -> None:
        if part := JobPart.objects.filter(pk=args[0]).first():
            lifecycle.fail(part.job_id, f"An unexpected error ({type(exc).__name__}): see the worker's log")


@app.task(base=PartTask, name=_WORK)
def work(part_id: str) -> None:
    """Work a part for some seconds. When it is done, continue with another part that nobody works."""
    part = JobPart.objects.select_related("job").filter(pk=part_id, job__state="running").first()
    if part is None:
        return
    try:
        _work(part)
    except (aws.Permanent, aws.NotFound) as error:
        lifecycle.fail(part.job_id, f"AWS refused it ({error.code})")
    except Invalid as refusal:
        lifecycle.fail(part.job_id, refusal.sentence)
    except Busy as busy:
        lifecycle.trouble(part.job_id, f"{busy.sentence}: it is tried again in a few minutes")
    except (aws.AwsError, OperationalError) as error:
        log.warning("Job %s does not get on for now: %s", part.job_id, error)
        lifecycle.trouble(part.job_id, f"{type(error).__name__}: it is tried again in a few minutes")


@app.task(name="ticketing.jobs.look_after")
def look_after() -> None:
    """Queue the parts of running jobs that nobody works, and end the erasings that nobody confirmed in time."""
    erasure_request.expire()
    for job in Job.objects.filter(state="running"):
        enqueue(job)


def enqueue(job: Job) -> None:
    """Queue parts of a job until AT_ONCE are being worked. Raises aws.AwsError; `look_after` then queues them later."""
    for part in lifecycle.take(job, AT_ONCE - lifecycle.hands(job)):
        celery.send(_WORK, str(part.pk))
    lifecycle.finish(job.pk)  # in case a worker died between the last part's end and the job's


def _work(part: JobPart) -> None:
    end = time.monotonic() + STEP_SECONDS
    mine: JobPart | None = part
    while mine:
        moved = lifecycle.step(mine).moved
        if moved != "on":
            mine = next(iter(lifecycle.take(mine.job, 1)), None) if moved == "done" else None
        if mine and time.monotonic() >= end:
            celery.send(_WORK, str(mine.pk))
            return
