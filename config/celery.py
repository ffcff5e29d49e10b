"""Celery, for our own background tasks.

They have an SQS queue of their own, because Celery's worker deletes messages that it does not know.
"""

import logging
import os
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler
from celery.result import EagerResult
from celery.signals import worker_process_shutdown
from django.conf import settings

from config import aws
from config.aws import metrics, sqs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = logging.getLogger(__name__)

VISIBILITY_SECONDS = 120  # as in infra/stack.yaml; a task that takes longer runs twice
TASK_SECONDS = 90


class _Queue(dict[str, Any]):
    """kombu's description of one queue. The URL is looked up only when kombu first asks for it.

    Reading the settings must not need AWS, and a lookup that failed must be repeated at the next try.
    """

    def __getitem__(self, name: str) -> Any:
        return sqs.url(self["name"]) if name == "url" else super().__getitem__(name)


app = Celery("foyer")
app.conf.update(
    broker_url="sqs://",
    broker_transport="config.celery_transport:Transport",
    # kombu neither lists nor creates a queue whose URL it is given.
    broker_transport_options={
        "region": settings.REGION,
        "predefined_queues": {settings.JOBS_QUEUE: _Queue(name=settings.JOBS_QUEUE)},
        "visibility_timeout": VISIBILITY_SECONDS,
        "wait_time_seconds": 5,
        "polling_interval": 0.1,
        "client-config": {"connect_timeout": 1, "read_timeout": 7, "retries": {"total_max_attempts": 1}},
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    include=[
        "audit.tasks",
        "ingestion.zendesk.tasks",
        "ingestion.zendesk.answer_tasks",
        "ticketing.jobs.tasks",
        "ticketing.erasing.tasks",
        "signin.tasks",
    ],
    beat_schedule={
        "jobs that do not move": {"task": "ticketing.jobs.look_after", "schedule": 60.0},
        "answers that Zendesk has yet to get": {"task": "ingestion.zendesk.answers_left", "schedule": 60.0},
        "tickets that were closed long ago": {"task": "ticketing.erasing.closed_long_ago", "schedule": 900.0},
        "sessions that have ended": {"task": "signin.clear_sessions", "schedule": 3600.0},
        "a sample of the error rate": {"task": "ingestion.zendesk.nothing_ended", "schedule": 60.0},
        "old rows of the record": {"task": "audit.prune", "schedule": 86_400.0},
    },
    beat_scheduler="config.celery:Scheduler",
    task_default_queue=settings.JOBS_QUEUE,
    task_always_eager=settings.CELERY_TASK_ALWAYS_EAGER,
    task_eager_propagates=True,
    task_acks_late=True,  # a task whose worker died comes back
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=TASK_SECONDS,
    task_time_limit=TASK_SECONDS + 10,
    task_publish_retry=False,  # `sqs.send` does that
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


def send(task: str, *arguments: str) -> EagerResult[Any] | None:
    """Queue a task by its name, so that whoever queues it need not import what works it. Raises aws.AwsError if it is
    not queued.

    With CELERY_TASK_ALWAYS_EAGER the task runs at once. Its delivery says how it ended, and so does what is returned.
    """
    if settings.CELERY_TASK_ALWAYS_EAGER:
        app.loader.import_default_modules()  # what is imported already costs nothing
        return app.tasks[task].apply(arguments, throw=False)
    app.send_task(task, arguments)
    return None


class Scheduler(PersistentScheduler):
    """Beat's own, but while AWS is away it writes a line, where Celery writes thousands."""

    # Beat's own connects at the first task that is due, and ends beat if AWS is away then. `send` needs none.
    producer: Any = None

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Queue a task that is due. If that fails, it is due again after its interval."""
        try:
            send(entry.task)
        except aws.AwsError as error:
            log.warning("%s could not be queued; it is due again later: %s", entry.task, error)


@worker_process_shutdown.connect
def _send_metrics(**_: Any) -> None:
    """Send the metrics when a pool process ends. It ends without Python's exit handlers, which would do that."""
    metrics.flush()
