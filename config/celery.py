"""Celery: our own jobs, on an SQS queue that is theirs alone (its worker deletes what it does not know)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_shutdown
from django.conf import settings
from kombu.exceptions import OperationalError

from config import aws
from config.aws import metrics, sqs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

VISIBILITY_SECONDS = 120  # as in infra/stack.yaml; a job ends within it, or runs twice
TASK_SECONDS = 90


class _Queue(dict[str, Any]):
    """kombu's description of one queue, whose URL is looked up when kombu first asks for it.

    Settings must not need AWS; and a lookup that failed is made again at the next try.
    """

    def __getitem__(self, name: str) -> Any:
        return sqs.url(self["name"]) if name == "url" else super().__getitem__(name)


class _App(Celery):
    """Who queues a job waits for its answer no longer than for any other; who takes jobs polls for them."""

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        kwargs["transport_options"] = _waits(2) | (kwargs.get("transport_options") or {})
        return super().connection_for_write(url, **kwargs)


def _waits(read_timeout: int) -> dict[str, Any]:
    """kombu's settings for its AWS client, in seconds; it tries nothing again by itself."""
    return {"client-config": {"connect_timeout": 1, "read_timeout": read_timeout, "retries": {"total_max_attempts": 1}}}


app = _App("foyer")
app.conf.update(
    broker_url="sqs://",
    # A queue that is named with its URL is neither listed nor created.
    broker_transport_options={
        "region": settings.REGION,
        "predefined_queues": {settings.JOBS_QUEUE: _Queue(name=settings.JOBS_QUEUE)},
        "visibility_timeout": VISIBILITY_SECONDS,
        "wait_time_seconds": 5,
        "polling_interval": 0.1,
    }
    | _waits(7),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    include=["ingestion.zendesk.tasks", "ticketing.jobs.tasks"],
    beat_schedule={"jobs that do not move": {"task": "ticketing.jobs.look_after", "schedule": 60.0}},
    task_default_queue=settings.JOBS_QUEUE,
    task_always_eager=settings.CELERY_TASK_ALWAYS_EAGER,
    task_eager_propagates=True,
    task_acks_late=True,  # a job whose worker died comes back
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=TASK_SECONDS,
    task_time_limit=TASK_SECONDS + 10,
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5},
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


def send(task: str, *arguments: str) -> None:
    """Queue a job by its task's name, for who may not know its room. Raises aws.AwsError: it is not queued.

    With CELERY_TASK_ALWAYS_EAGER it is done here and now, and its delivery says how it ended.
    """
    if settings.CELERY_TASK_ALWAYS_EAGER:
        app.tasks[task].apply(arguments, throw=False)
        return
    sqs.url(settings.JOBS_QUEUE)  # kombu asks for it too; what fails here is not tried again by both
    aws.call(_publish, task, arguments)


def _publish(task: str, arguments: tuple[str, ...]) -> None:
    try:
        app.send_task(task, arguments, retry=False)  # kombu's tries, which a job's own retry has, would multiply
    except OperationalError as error:
        raise aws.Retryable("NotQueued", str(error)) from error


@worker_process_shutdown.connect
def _send_metrics(**_: Any) -> None:
    """A pool's process ends without Python's own way of ending, which would have sent them."""
    metrics.flush()
