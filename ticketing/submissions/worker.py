"""TicketSubmissions' handler: makes tickets of submitted messages, once each, whoever put them there."""

import logging
from contextlib import suppress
from typing import Any, cast

from django.conf import settings

from config import aws
from config.aws.events import BatchAnswer, SqsEvent, SqsRecord, attribute, failed
from config.caller import Tier
from config.refusals import Busy, Invalid, KeyReused
from config.request_id import working_on
from config.web.service_levels import ServiceLevel
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, End
from ticketing.submissions import envelope, large
from ticketing.submissions.payload import to_draft
from ticketing.submissions.service import ticket_key
from ticketing.tickets import ids

log = logging.getLogger(__name__)

_LEVEL = ServiceLevel("PostTickets", door="submission")  # of the submission service's `CreateTickets`

# What no further try changes, until somebody repairs it.
_NEVER = (envelope.Unreadable, Invalid, large.TooLarge, large.Gone)


def handler(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Takes a batch of messages (Lambda's SQS form); the answer names those that failed, to come again."""
    return failed(record["messageId"] for record in event["Records"] if not _worked(record))


def about(record: SqsRecord) -> set[str]:
    """The ids of the delivery and, where it can be told, of the ticket that a message is about."""
    delivery = _delivery_named(record) or _foreign(record)
    known = {delivery.delivery_id} | ({delivery.ticket_id} if delivery.ticket_id else set())
    with suppress(*_NEVER, aws.AwsError):  # what cannot be read names no ticket
        payload = envelope.unseal(record["body"]).payload
        known.add(ticket_key(payload, delivery.customer_id, delivery.delivery_id).keyed_id)
    return known


def delivery_ids(record: SqsRecord) -> set[str]:
    """The ids that the message's delivery may have. Nothing is read for it."""
    named = attribute(record, "submission_id") or ""
    return ({named} if ids.is_id(named) else set()) | {_foreign(record).delivery_id}


def note(record: SqsRecord, error: Exception) -> None:
    """Say at the message's delivery that its try ended with an error nobody expected. Raises aws.AwsError.

    Nothing is read for it: reading may be what raised.
    """
    said = f"An error in Foyer itself ({type(error).__name__}): see the worker's log"
    for delivery_id in delivery_ids(record):  # there is only one of the two
        deliveries.attempt(delivery_id, said)


def _worked(record: SqsRecord) -> bool:
    with working_on(attribute(record, "request_id")):
        try:
            with _LEVEL.attempt() as attempt:
                delivery = _delivery_of(record)
                attempt.tier = _tier(delivery)
                return delivery.ended_well or _tried(record, delivery)
        except (aws.AwsError, Busy) as error:
            log.warning("Message %s comes again: %s", record["messageId"], error)
            return False


def _tried(record: SqsRecord, delivery: Delivery) -> bool:
    """Work the message. Why it has to come again is raised, and stands at its delivery: it may be the last time."""
    try:
        return _opened(record["body"], delivery)
    except (aws.AwsError, Busy) as error:
        said = error.sentence if isinstance(error, Busy) else f"AWS refused it or did not answer ({error.code})"
        deliveries.attempt(delivery.delivery_id, said)
        raise


def _opened(body: str, delivery: Delivery) -> bool:
    """Make the message's ticket; whether the message is done with.

    The order matters: ticket, then the delivery's end, then the S3 object. Whatever dies between, a redelivery
    finds its way: the ticket by its id, the end by the delivery.
    """
    try:
        end, ticket_id = _open(envelope.unseal(body).payload, delivery)
    except _NEVER as error:
        cause = _cause(error)
        log.error("Submission %s can never become a ticket: %s", delivery.delivery_id, cause)
        deliveries.finish(delivery.delivery_id, "failed", error=cause)
        return False
    deliveries.finish(delivery.delivery_id, end, ticket_id)
    if key := envelope.stored_at(body):
        large.delete(key)
    return True


def _open(payload: dict[str, Any], delivery: Delivery) -> tuple[End, str]:
    """The key carries which submission made the ticket: a redelivery is that one, another submission a duplicate."""
    draft = to_draft(payload, delivery.customer_id, _tier(delivery))
    key = ticket_key(payload, delivery.customer_id, delivery.delivery_id)
    try:
        service.open_ticket(draft, key)
    except KeyReused:
        return "duplicate", key.keyed_id
    return "created", key.keyed_id


def _tier(delivery: Delivery) -> Tier:
    return cast(Tier, delivery.details.get("tier", "general"))


def _delivery_of(record: SqsRecord) -> Delivery:
    """The delivery that the door wrote down; for another program's message one is written now.

    Nothing in the message itself says whose it is: only a delivery that a door wrote does.
    """
    known = _delivery_named(record)
    if known and known.state == "received":  # its door died, or could not say so, after it had queued this
        deliveries.accept(known.delivery_id)
    if known:
        return known
    delivery = _foreign(record)
    return deliveries.receive(delivery) or delivery


def _delivery_named(record: SqsRecord) -> Delivery | None:
    submission_id = attribute(record, "submission_id")
    known = deliveries.get(submission_id) if submission_id and ids.is_id(submission_id) else None
    return known if known and known.door == "submission" else None


def _foreign(record: SqsRecord) -> Delivery:
    """Another program's message as a delivery: the queue has it, so it is accepted."""
    origin = attribute(record, "origin_message_id") or record["messageId"]
    return Delivery(
        delivery_id=ids.keyed_id(settings.DEFAULT_CUSTOMER, "message", origin),
        door="submission",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=origin,
        state="accepted",
    )


def _cause(error: Exception) -> str:
    if isinstance(error, large.Gone):
        return "The S3 object that the message points to is not there"
    if isinstance(error, large.TooLarge):
        return f"The S3 object that the message points to has more than {envelope.MAX_PAYLOAD_BYTES} bytes"
    return str(error)
