"""The pipeline as a Celery task.

Its one argument is the delivery's id, because a ticket is too large, and too private, for a queue.
"""

import base64
import logging
import math
from contextlib import suppress
from random import uniform
from typing import Any, Final, NoReturn

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from config import aws, json
from config.aws.events import SqsRecord
from config.celery import app
from config.refusals import Busy, Invalid, Refusal, Stale
from config.request_id import working_on
from ingestion.zendesk import follow_up, intake, measures, pipeline
from ingestion.zendesk.errors import GiveUp, NotYet, PipelineError, TryLater
from ingestion.zendesk.progress import HandOver, Progress
from ticketing import deliveries
from ticketing.deliveries import End, raw_tickets
from ticketing.tickets import ids

log = logging.getLogger(__name__)

# While a task waits, SQS holds its message back. A worker that gets a task before its time, by its own clock, holds it
# itself, and after the queue's visibility timeout (config.celery.VISIBILITY_SECONDS) a second worker gets it, too. So
# the usual wait and the run together end within that.
RUN_SECONDS: Final = 50
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 60.0
LONGEST_ASKED: Final = 900.0  # if Zendesk asks for more; SQS holds no message back for longer
RETRIES: Final = 5

_FOR_NOW = (TryLater, NotYet, aws.Retryable, aws.Contended, Busy, Stale, SoftTimeLimitExceeded)


class DeliveryTask(Task[[str], None]):
    """A task about one delivery. If it fails in the end, for whatever reason, the delivery says so."""

    takes = staticmethod(ids.is_id)

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any], einfo: Any
    ) -> None:
        _end(args[0], "failed", error=_cause(exc))


@app.task(
    bind=True,
    base=DeliveryTask,
    name=intake.TASK,
    max_retries=RETRIES,
    soft_time_limit=RUN_SECONDS,
    time_limit=RUN_SECONDS + 5,
)
def ingest(self: DeliveryTask, delivery_id: str) -> None:
    """Work a delivery to its end, or as far as one run gets. One that has already ended well is left alone."""
    eager, info = bool(self.request.is_eager), self.request.delivery_info or {}
    progress = Progress(hands_over=not eager, redelivered=bool(info.get("redelivered")))
    try:
        _work(delivery_id, progress, is_last=_is_last(self))
    except (*_FOR_NOW, HandOver) as error:
        if progress.kept() and not eager:
            _go_on(self, delivery_id, error)
        _again(self, delivery_id, error)


@app.task(name="ingestion.zendesk.nothing_ended")
def nothing_ended() -> None:
    """Let the error rate have a sample although nothing came in. Beat asks for it every minute."""
    measures.nothing_ended()


def about(record: SqsRecord) -> set[str]:
    """The ids of the delivery and its tickets that a message of Celery's queue is about; empty if the task is other."""
    found = [delivery for one in delivery_ids(record) if (delivery := deliveries.get(one))]
    first = {raw_tickets.ticket_key(one.key).keyed_id for one in found}
    later = {ticket.ticket_id for one in found for ticket in follow_up.chain(one.key)}
    return {one.delivery_id for one in found} | first | later


def delivery_ids(record: SqsRecord) -> set[str]:
    """The id of the delivery that a message of Celery's queue is about; empty if the task is other. Reads nothing."""
    try:
        message = json.loads(base64.b64decode(record["body"]))
        [delivery_id], *_ = json.loads(base64.b64decode(message["body"]))
    except (ValueError, KeyError, TypeError):
        return set()
    return {delivery_id} if isinstance(delivery_id, str) and ids.is_id(delivery_id) else set()


def _work(delivery_id: str, progress: Progress, is_last: bool) -> None:
    delivery = deliveries.get(delivery_id)
    if delivery is None or delivery.ended_well:
        return
    with working_on(delivery.request_id):
        try:
            outcome = pipeline.run(delivery, progress)
        except (GiveUp, Invalid) as error:
            if isinstance(error, NotYet) and not is_last:
                raise
            log.warning("Delivery %s failed: %s", delivery_id, error.sentence)
            progress.forget()
            _end(delivery_id, "failed", error=error.sentence)
        else:
            _end(delivery_id, outcome.end, ticket_id=outcome.ticket_id, note=outcome.note)


def _end(delivery_id: str, end: End, **more: str | None) -> None:
    """Note how the delivery ended, and count it. One that had ended well before was counted then."""
    if deliveries.finish(delivery_id, end, **more):
        measures.ended(end)


def _go_on(task: DeliveryTask, delivery_id: str, error: Exception) -> NoReturn:
    """Schedule a run that goes on where this one ended. Since this one got on, the tries are counted anew.

    They cannot go on for ever, because what is fetched and written stays.
    """
    task.request.retries = -1
    if isinstance(error, HandOver | SoftTimeLimitExceeded):
        log.info("Delivery %s takes another run: it is a long ticket", delivery_id)
        _schedule(task, error, 0.0)
    _again(task, delivery_id, error)


def _again(task: DeliveryTask, delivery_id: str, error: Exception) -> NoReturn:
    """Schedule a retry, or fail after the last one. An eager task cannot wait, so it fails at once."""
    if _is_last(task):
        raise error
    log.warning("Delivery %s will be tried again: %s", delivery_id, _cause(error))
    with suppress(aws.AwsError):  # the note is for people; the next try is what matters
        deliveries.attempt(delivery_id, _cause(error))
    _schedule(task, error, _wait(task.request.retries, error))


def _schedule(task: DeliveryTask, error: Exception, wait: float) -> NoReturn:
    delay: dict[str, Any] = {"DelaySeconds": math.ceil(wait)}  # kombu passes it on: SQS itself waits
    raise task.retry(exc=error, countdown=wait, **delay)


def _is_last(task: DeliveryTask) -> bool:
    return bool(task.request.is_eager) or task.request.retries >= RETRIES


def _wait(retries: int, error: Exception) -> float:
    """Seconds: 5, 10, 20, 40, 60, or down to half of each. Longer if Zendesk asks for it, but never over 900."""
    backoff = min(FIRST_WAIT * 2.0 ** max(retries, 0), LONGEST_WAIT) * uniform(0.5, 1.0)  # noqa: S311 - not a secret
    asked = error.after if isinstance(error, TryLater) and error.after else 0
    return min(max(backoff, asked), LONGEST_ASKED)


def _cause(error: Exception) -> str:
    """What went wrong, for people who look at the delivery."""
    if isinstance(error, PipelineError | Refusal):
        return error.sentence
    if isinstance(error, aws.AwsError):
        return f"AWS refused the work or did not answer ({error.code})"
    if isinstance(error, SoftTimeLimitExceeded | HandOver):
        return f"It took longer than {RUN_SECONDS} seconds"
    return f"An unexpected error ({type(error).__name__}): see the log"
