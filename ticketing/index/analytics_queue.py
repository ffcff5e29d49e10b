"""AnalyticsQueue's handler: updates the desk's index with what is announced."""

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from config import aws
from config.aws.events import BatchAnswer, SqsEvent, SqsRecord, failed
from config.batched import batched_by_size
from config.consumer import dead_letters
from ticketing.index.following import follow
from ticketing.record import bulk, store
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket

log = logging.getLogger(__name__)


def handler(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Put a batch of announcements (Lambda's SQS form) into the index. The answer names the messages that failed."""
    again: list[str] = []
    announced = _announced(event["Records"], again)
    for some in batched_by_size(announced, len(event["Records"]), lambda one: bulk.characters(one[1]), bulk.TEXT):
        again += _follow(dict(some))
    return failed(again)


def _announced(records: list[SqsRecord], again: list[str]) -> Iterator[tuple[str, Ticket]]:
    """The message ids and tickets, read as they are needed. `again` gets the ids of messages that failed."""
    for record in records:
        try:
            if ticket := _ticket(record["body"]):
                yield record["messageId"], ticket
        except ValueError:
            if not dead_letters.put_aside(settings.ANALYTICS_QUEUE, record, announcement.FOREIGN):
                again.append(record["messageId"])
        except aws.AwsError as error:
            log.warning("Message %s comes again, its ticket cannot be read now: %s", record["messageId"], error)
            again.append(record["messageId"])


def _ticket(body: str) -> Ticket | None:
    """The announced ticket. If it was too large to be sent, or nobody of ours says so, it is read from the record.

    None if the record does not have it.
    """
    announced = announcement.from_message(body)
    return announced.ticket or store.get(announced.ticket_id)


def _follow(tickets: dict[str, Ticket]) -> list[str]:
    """Put all tickets in together. If that fails, put each in alone. Returns the ids of the messages that failed."""
    try:
        follow(tickets.values())
    except aws.Retryable as error:
        log.warning("%d tickets come again, their comments cannot be read now: %s", len(tickets), error)
        return list(tickets)
    # ValueError and OverflowError: the driver rejects a value.
    except (DatabaseError, ValueError, OverflowError, aws.AwsError) as error:
        if len(tickets) == 1:
            log.error("The index did not take %s: %s", next(iter(tickets)), error)
            return list(tickets)
        return [left for one, ticket in tickets.items() for left in _follow({one: ticket})]
    return []
