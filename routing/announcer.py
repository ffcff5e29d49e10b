"""The announcer: publishes every committed change of a ticket, from the table's change stream to the topic.

Its event source retries for ever, so what fails because SNS is away simply waits. Only what can never be published goes
to the announcer's dead-letter queue, with its cause; the messages behind it go on.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from config import aws, json
from config.aws import sqs
from config.aws.events import BatchAnswer, SqsRecord, StreamEvent, failed
from config.aws.outage import Outage
from config.batched import batched
from routing import topic
from ticketing import service
from ticketing.tickets import announcement
from ticketing.tickets.announcement import EventName
from ticketing.tickets.ticket import Ticket

_CATCH_UP_BATCH = 100
_EVENTS: dict[str, EventName] = {"INSERT": "ticket.created", "MODIFY": "ticket.updated"}

log = logging.getLogger(__name__)
_outage = Outage("Announcing changes of tickets")


def handler(event: StreamEvent, context: Any = None) -> BatchAnswer:
    """Announce a batch of stream records (Lambda's DynamoDB form). The answer names those to be read again.

    A ticket that an import created is not announced, but every later change of it is.
    """
    messages = []
    for record in event["Records"]:
        ticket = service.from_change(record["dynamodb"].get("NewImage"))
        if ticket and not (ticket.as_imported and record["eventName"] == "INSERT"):
            number = record["dynamodb"]["SequenceNumber"]
            messages.append(_message(number, ticket, _EVENTS.get(record["eventName"], "ticket.updated")))
    return failed(_announce(messages))


def catch_up(since: str | None) -> None:
    """Announce, from the record itself, every ticket that changed since then (ISO 8601; None for all) or has no time.

    Tickets that are unchanged since their import are skipped. Raises aws.Retryable if a ticket could not be announced
    now; the caller begins the catch-up again later.
    """
    tickets = (one for one in service.all_tickets(since) if not one.as_imported)
    count = 0
    for batch in batched(tickets, _CATCH_UP_BATCH):
        messages = [_message(one.ticket_id, one, _event_of(one)) for one in batch]
        if again := _announce(messages):
            raise aws.Retryable("NotAnnounced", f"{len(again)} of {len(batch)} tickets")
        count += len(batch)
    log.warning("Announced %d tickets from the record, changed since %s", count, since or "the beginning")


def again(record: SqsRecord) -> None:
    """Announce the ticket of a message that was put aside, as it is in the record now. If it is gone, do nothing.

    Raises aws.AwsError if it is not announced; the message then stays where it is. aws.Permanent also says that the
    message names no ticket, so that another program wrote it.
    """
    named = announcement.about(record)
    if not named:
        raise aws.Permanent("Foreign", announcement.FOREIGN)
    for ticket_id in named:
        if ticket := service.find(ticket_id):
            outcome = topic.publish([_message(ticket_id, ticket, _event_of(ticket))])
            if ticket_id in outcome.never:
                raise aws.Permanent("NotAnnounced", outcome.never[ticket_id])
            if ticket_id in outcome.again:
                raise aws.Retryable("NotAnnounced", outcome.again[ticket_id])


def _event_of(ticket: Ticket) -> EventName:
    return "ticket.created" if ticket.version == 1 else "ticket.updated"


def _message(name: str, ticket: Ticket, event: EventName) -> topic.Message:
    body, attributes = announcement.to_message(ticket, event)
    return topic.Message(name, body, attributes)


def _announce(messages: Iterable[topic.Message]) -> list[str]:
    """Publish the messages, gold first, and return the names of those that must come again.

    The sort is stable, so one ticket's changes keep their order.
    """
    ordered = sorted(messages, key=lambda one: one.attributes["tier"] != "gold")
    outcome = topic.publish(ordered)
    if again := outcome.again:
        _outage.failed(aws.Retryable("NotAnnounced", "; ".join(sorted(set(again.values())))))
    else:
        _outage.worked()
    aside = [one for one in ordered if one.name in outcome.never]
    return list(outcome.again) + [one.name for one in aside if not _put_aside(one, outcome.never[one.name])]


def _put_aside(message: topic.Message, cause: str) -> bool:
    """Send the message to the dead-letter queue with its cause. Returns whether that worked.

    The ticket itself is left out, because it may be what is too large.
    """
    values = json.loads(message.body, json.OWN_DEPTH, None)
    values.pop("ticket")
    log.error("Ticket %s at version %s can never be announced: %s", values["ticket_id"], values["version"], cause)
    try:
        sqs.send(settings.ANNOUNCER_DEAD_LETTERS, json.dumps(values | {"partial": True}), {"cause": cause})
    except aws.AwsError as error:
        log.warning("The announcer's dead-letter queue cannot be reached: %s", error)
        return False
    return True
