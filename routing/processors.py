"""The processors of the tier queues: they work what arrives in PriorityTicketsQueue and GeneralTicketsQueue."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from config import aws
from config.aws.events import BatchAnswer, SqsEvent, SqsRecord, failed
from config.consumer import dead_letters
from config.request_id import working_on
from routing import sla
from ticketing import service
from ticketing.tickets import announcement
from ticketing.tickets.announcement import Announcement

log = logging.getLogger(__name__)


def priority(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Work gold tickets (Lambda's SQS form). The answer names the messages that failed."""
    return _process(event, settings.PRIORITY_QUEUE)


def general(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Work all other tickets in the same way. They have their own queue, so that gold never waits behind them."""
    return _process(event, settings.GENERAL_QUEUE)


def _process(event: SqsEvent, queue: str) -> BatchAnswer:
    return failed(record["messageId"] for record in event["Records"] if not _worked(record, queue))


def _worked(record: SqsRecord, queue: str) -> bool:
    try:
        _work(announcement.from_message(record["body"]))
    except (aws.AwsError, DatabaseError, OverflowError) as error:
        log.warning("Message %s comes again: %s", record["messageId"], error)
        return False
    except ValueError:  # no announcement, or one of a ticket whose id the record could not even hold
        return dead_letters.put_aside(queue, record, announcement.FOREIGN)
    return True


def _work(announced: Announcement) -> None:
    with working_on(announced.request_id):
        ticket = announced.ticket or service.find(announced.ticket_id)
        if ticket:  # else gone from the record: nothing to do
            sla.run_clock(ticket)
