"""The handler of Celery's queue: works its messages in Lambda's form, with Celery's own tracing.

Celery's own worker decodes messages inside its event loop, where a foreign message or an answer that was cut off can
end it, or leave it alive without a poll. Here both are the consumer's, and a failure stays with its message.

A message is base64 of `{"headers", "properties", "body"}`, and its body base64 of `[args, kwargs, embed]`:
https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

import base64
import inspect
import logging
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from celery.app.trace import build_tracer
from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.states import REJECTED
from django.conf import settings

from config import aws, json
from config.aws import sqs
from config.aws.events import BatchAnswer, SqsEvent, SqsRecord, failed
from config.celery import app
from config.consumer import dead_letters, in_flight, pulse

_TRACE: Final = logging.getLogger("celery.app.trace")
_CELERYS_OWN: Final = "celery."  # how the tasks begin that Celery itself brings
_EARLY: Final = 1.0  # seconds that a task may be worked before its time, rather than wait for another receive

log = logging.getLogger(__name__)


class Foreign(Exception):
    """The message is no task of Foyer's. The text says why, and quotes nothing of the message."""


def _without_traceback(record: logging.LogRecord) -> bool:
    """A task that AWS did not let queue its retry has no fault: its message comes again, and a line says it."""
    rejected = record.exc_info and record.exc_info[1]
    if isinstance(rejected, Reject) and isinstance(rejected.args[0], aws.AwsError):
        record.exc_info = None
    return True


_TRACE.addFilter(_without_traceback)


@dataclass(frozen=True)
class Message:
    """A task as its message gives it."""

    task: Any
    task_id: str
    arguments: list[str]
    retries: int
    due: datetime | None
    redelivered: bool = False  # somebody received it before, and may have died over it

    @property
    def request(self) -> dict[str, Any]:
        """Celery's own word for a task's circumstances.

        A message may name more of them, such as tasks to call when this one ends. Foyer's own do not, so that what
        stands there is a stranger's, and is not followed.
        """
        return {
            "id": self.task_id,
            "retries": self.retries,
            "is_eager": False,
            "called_directly": False,
            "delivery_info": {"redelivered": self.redelivered},
        }


def handler(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Work tasks (Lambda's SQS form). The answer names those that shall come again.

    A task that failed is done: its own `on_failure` has noted it. So is a message that is no task: it goes to the
    dead-letter queue with its cause.
    """
    return failed(record["messageId"] for record in event["Records"] if not _worked(record))


def read(record: SqsRecord) -> Message:
    """The task in the message. Raises Foreign."""
    whole = _mapping(_decoded(record["body"], "The message"), "The message")
    headers = _mapping(whole.get("headers"), "The message's headers")
    task = app.tasks.get(str(headers.get("task")))
    if task is None or task.name.startswith(_CELERYS_OWN):
        raise Foreign("The message names no task of Foyer's")
    arguments = _arguments(whole.get("body"), task)
    received = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return Message(task, _id(headers), arguments, _retries(headers), _due(headers), received > 1)


def _worked(record: SqsRecord) -> bool:
    try:
        message = read(record)
    except Foreign as error:
        return dead_letters.put_aside(settings.JOBS_QUEUE, record, str(error))
    early = (message.due - datetime.now(UTC)).total_seconds() if message.due else 0.0
    if early <= _EARLY and _run(message):
        return True
    _hide(record, early if early > _EARLY else in_flight.wait(record))
    return False


def _run(message: Message) -> bool:
    """Run the task. Returns whether it is done; it is not if it asked to come again. Raises what Celery itself raises.

    A task that outlasts its hard limit ends the process (config/consumer/pulse.py), and its message comes again.
    """
    task = message.task
    pulse.beat(task.time_limit or app.conf.task_time_limit)
    tracer = build_tracer(task.name, task, app=app)
    with _soft_limit(task.soft_time_limit or app.conf.task_soft_time_limit):
        _, told, *_ = tracer(message.task_id, message.arguments, {}, message.request)
    return told is None or told.state != REJECTED


@contextmanager
def _soft_limit(seconds: float) -> Iterator[None]:
    """Raise SoftTimeLimitExceeded in the block after so many seconds. Only a main thread can be interrupted so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_is_up(*_: Any) -> None:
    raise SoftTimeLimitExceeded


def _hide(record: SqsRecord, seconds: float) -> None:
    """Hide the message until it is due, or tried again. SQS knows no time of Celery's, and delivers at once."""
    try:
        sqs.hide(settings.JOBS_QUEUE, {record["receiptHandle"]: seconds})
    except aws.AwsError as error:
        log.warning("Message %s comes before its time: %s", record["messageId"], error)


def _id(headers: dict[str, Any]) -> str:
    """The task's id, which Celery makes and the log has."""
    try:
        return str(uuid.UUID(headers.get("id")))
    except (TypeError, ValueError, AttributeError):
        raise Foreign("The message has no id of a task") from None


def _arguments(body: Any, task: Any) -> list[str]:
    """The task's arguments. Foyer's tasks take texts, by their place. A task says with `takes` which."""
    match _decoded(body, "The task's body"):
        case [list(arguments), dict(keywords), dict()]:
            pass
        case _:
            raise Foreign("The task's body is no list of arguments, keywords and options")
    try:
        inspect.signature(task.run).bind(*arguments)
    except TypeError:
        raise Foreign("The task does not take the arguments that the message gives") from None
    takes = getattr(task, "takes", bool)
    if keywords or not all(isinstance(one, str) and takes(one) for one in arguments):
        raise Foreign("An argument of the task is none that Foyer's task takes")
    return arguments


def _retries(headers: dict[str, Any]) -> int:
    retries = headers.get("retries") or 0
    if not isinstance(retries, int) or retries < 0:
        raise Foreign("The message's number of retries is no number")
    return retries


def _due(headers: dict[str, Any]) -> datetime | None:
    eta = headers.get("eta")
    if eta is None:
        return None
    try:
        due = datetime.fromisoformat(eta)
    except (TypeError, ValueError):
        raise Foreign("The message's time (eta) is no time") from None
    return due if due.tzinfo else due.replace(tzinfo=UTC)


def _decoded(text: Any, what: str) -> Any:
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (TypeError, ValueError, RecursionError):
        raise Foreign(f"{what} is no base64 of JSON, as Celery writes it") from None


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Foreign(f"{what}: not in Celery's form")
    return value
