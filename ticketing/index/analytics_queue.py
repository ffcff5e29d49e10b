"""AnalyticsQueue's handler: keeps the desk's index up with what is announced."""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError

from config import aws
from config.batched import batched_by_size
from config.consumer.sources import Answer, Event
from ticketing.index.following import follow
from ticketing.record import bulk, store
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket

log = logging.getLogger(__name__)


def handler(event: Event, context: Any = None) -> Answer:
    """Takes a batch of announcements (Lambda's SQS form) into the index; the answer names those that failed."""
    failed: list[str] = []
    announced = _announced(event["Records"], failed)
    for some in batched_by_size(announced, len(event["Records"]), lambda one: bulk.characters(one[1]), bulk.TEXT):
        failed += _follow(dict(some))
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _announced(records: list[dict[str, Any]], failed: list[str]) -> Iterator[tuple[str, Ticket]]:
    """The tickets with their messages' ids, read as they are taken; `failed` gets the ids of those that are none."""
    for record in records:
        try:
            if ticket := _ticket(record["body"]):
                yield record["messageId"], ticket
        except ValueError as error:
            log.error("Message %s is no announcement and goes to the dead-letter queue: %s", record["messageId"], error)
            failed.append(record["messageId"])
        except aws.AwsError as error:
            log.warning("Message %s comes again, its ticket cannot be read now: %s", record["messageId"], error)
            failed.append(record["messageId"])


def _ticket(body: str) -> Ticket | None:
    """The announced ticket; from the record where it was too large to travel, None if it is gone from there."""
    announced = announcement.from_message(body)
    return announced.ticket or store.get(announced.ticket_id)


def _follow(tickets: dict[str, Ticket]) -> list[str]:
    """All in one go; if one spoils it, each alone. The ids of the messages that failed."""
    try:
        follow(tickets.values())
    except aws.Retryable as error:
        log.warning("%d tickets come again, their comments cannot be read now: %s", len(tickets), error)
        return list(tickets)
    # ValueError and OverflowError: a value that the driver refuses.
    except (DatabaseError, ValueError, OverflowError, aws.AwsError) as error:
        if len(tickets) == 1:
            log.error("The index did not take %s: %s", next(iter(tickets)), error)
            return list(tickets)
        return [failed for one, ticket in tickets.items() for failed in _follow({one: ticket})]
    return []
