"""Answering back as Celery tasks. The one argument is a delivery's id, which is that of the comment."""

import logging
import math
from typing import Any, Final

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from config import aws, celery
from config.celery import app
from ingestion.zendesk import answering
from ticketing import deliveries
from ticketing.deliveries import ago, outgoing
from ticketing.deliveries.doors import ANSWER, ANSWER_TASK
from ticketing.tickets import ids

log = logging.getLogger(__name__)

RUN_SECONDS: Final = 50
_LEASE_SECONDS: Final = int(answering.LEASE.total_seconds()) + 5  # when the lane is free again
_MOST_AT_ONCE: Final = 100  # lanes that beat asks for in a minute
_FOR_NOW = (aws.Retryable, aws.Contended, SoftTimeLimitExceeded)


class AnswerTask(Task[[str], None]):
    """A task about one answer. If it fails in a way that nobody foresaw, the answer says so."""

    takes = staticmethod(ids.is_id)

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any], einfo: Any
    ) -> None:
        cause = f"AWS refused it ({exc.code})" if isinstance(exc, aws.AwsError) else type(exc).__name__
        deliveries.finish(args[0], "failed", error=f"An unexpected error ({cause}): see the log, then send it again")


@app.task(
    bind=True,
    base=AnswerTask,
    name=ANSWER_TASK,
    max_retries=None,
    soft_time_limit=RUN_SECONDS,
    time_limit=RUN_SECONDS + 5,
)
def answer(self: AnswerTask, delivery_id: str) -> None:
    """Send what waits in the answer's lane. What fails for now waits in SQS, as a delayed message."""
    eager = bool(self.request.is_eager)
    try:
        wait = answering.work(delivery_id, may_wait=not eager)
    except _FOR_NOW as error:
        if eager:
            raise
        log.warning("Answer %s is tried again in %d s: %s", delivery_id, _LEASE_SECONDS, error or type(error).__name__)
        wait = float(_LEASE_SECONDS)
    if wait is not None and not eager:
        delay: dict[str, Any] = {"DelaySeconds": math.ceil(wait)}  # kombu passes it on: SQS itself waits
        raise self.retry(countdown=wait, **delay)


@app.task(name="ingestion.zendesk.answers_left")
def left() -> None:
    """Queue the answers that wait, and that nobody may be working: a process died, or a message was lost."""
    if not settings.ZENDESK_ANSWER_BACK:
        return
    before = ago(answering.LEASE)
    try:
        late = {one.ticket_id: one.delivery_id for one in outgoing.waiting(ANSWER) if one.received_at < before}
        for delivery_id in list(late.values())[:_MOST_AT_ONCE]:
            celery.send(ANSWER_TASK, delivery_id)
    except aws.AwsError as error:
        log.warning("Answers that wait are queued a minute later: %s", error)
