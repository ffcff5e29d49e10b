"""The event sources: what other programs may feed or read, and the handler that works it.

A handler takes a batch in Lambda's form and returns the records that failed, in Lambda's form too: `handler(event,
context) -> {"batchItemFailures": [{"itemIdentifier": …}]}`. On AWS, Lambda polls; elsewhere `manage.py consume` does,
and `manage.py worker` for Celery's tasks. A test compares this list with `infra/stack.yaml`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.utils.module_loading import import_string

from config.aws.events import BatchAnswer, SqsRecord

Kind = Literal["queue", "tasks", "change-stream"]

# Takes an SqsEvent or a StreamEvent.
Handler = Callable[[Any, Any], BatchAnswer]


@dataclass(frozen=True)
class Source:
    """One event source. `handler` is a dotted path, since `config` imports no app.

    `kind` is `tasks` for the queue of Celery's tasks, which are worked one by one, each in a process of its own.
    `of` is the queue's name, or the name of the table whose change stream it is. `batch` is the most records in one
    call. `workers` is how many batches one process works at once. The others are dotted paths too:

    - `catch_up` is called with a time (ISO 8601, or None for the beginning) if the stream no longer holds what follows
      its checkpoint.
    - `about` returns the ids of the ticket and the delivery that a message, or a dead letter, is about.
    - `deliveries` returns the ids that the delivery of a message may have. It reads nothing.
    - `note` records, where people look, what the handler of a message raised.
    - `again` works a dead letter that has no queue to go back to.
    """

    name: str
    kind: Kind
    of: str
    handler: str
    batch: int = 10
    workers: int = 1
    catch_up: str = ""
    about: str = ""
    deliveries: str = ""
    note: str = ""
    again: str = ""

    def load_handler(self) -> Handler:
        handler: Handler = import_string(self.handler)
        return handler

    def load_catch_up(self) -> Callable[[str | None], None]:
        catch_up: Callable[[str | None], None] = import_string(self.catch_up)
        return catch_up

    def load_note(self) -> Callable[[SqsRecord, Exception], None]:
        note: Callable[[SqsRecord, Exception], None] = import_string(self.note)
        return note


def sources() -> list[Source]:
    """Every event source."""
    return [
        Source(
            name="change-stream",
            kind="change-stream",
            of=settings.TABLE_NAME,
            handler="routing.announcer.handler",
            batch=1000,
            catch_up="routing.announcer.catch_up",
            about="ticketing.tickets.announcement.about",
            again="routing.announcer.again",
        ),
        Source(
            name="submissions",
            kind="queue",
            of=settings.SUBMISSION_QUEUE,
            handler="ticketing.submissions.worker.handler",
            workers=4,
            about="ticketing.submissions.worker.about",
            deliveries="ticketing.submissions.whose.delivery_ids",
            note="ticketing.submissions.worker.note",
        ),
        # Many at once: most of the cost of an SQL transaction occurs once, however many tickets it writes.
        _tickets("analytics", settings.ANALYTICS_QUEUE, "ticketing.index.analytics_queue.handler", batch=100),
        _tickets("priority", settings.PRIORITY_QUEUE, "routing.processors.priority"),
        _tickets("general", settings.GENERAL_QUEUE, "routing.processors.general"),
        # One at a time: a message that is received waits for the one that is worked.
        Source(
            name="tasks",
            kind="tasks",
            of=settings.JOBS_QUEUE,
            handler="config.consumer.celery_tasks.handler",
            batch=1,
            about="ingestion.zendesk.tasks.about",
            deliveries="ingestion.zendesk.tasks.delivery_ids",
        ),
    ]


def _tickets(name: str, of: str, handler: str, batch: int = 10) -> Source:
    """A queue of announcements."""
    return Source(name, "queue", of, handler, batch, workers=2, about="ticketing.tickets.announcement.about")


def queue_names() -> list[str]:
    """Every queue that must be reachable."""
    return [source.of for source in sources() if source.kind != "change-stream"]
