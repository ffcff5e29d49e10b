"""TicketSubmissions' handler: makes tickets of submitted messages, once each, whoever put them there."""

import logging
from typing import Any, cast

from django.conf import settings

from config import aws
from config.caller import Tier
from config.refusals import Invalid, KeyReused
from config.requests import working_on
from config.sources import Answer, Event
from ticketing import deliveries, ids, service
from ticketing.deliveries import ENDED_WELL, Delivery, End
from ticketing.submissions import envelope, large
from ticketing.submissions.payload import to_draft
from ticketing.submissions.service import ticket_key

log = logging.getLogger(__name__)


def handler(event: Event, context: Any = None) -> Answer:
    """Takes a batch of messages (Lambda's SQS form); the answer names those that failed, to come again."""
    failed = [record["messageId"] for record in event["Records"] if not _worked(record)]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _worked(record: dict[str, Any]) -> bool:
    with working_on(_attribute(record, "request_id")):
        try:
            delivery = _delivery_of(record)
            return delivery.state in ENDED_WELL or _opened(record["body"], delivery)
        except aws.AwsError as error:
            log.warning("Message %s comes again: %s", record["messageId"], error)
            return False


def _opened(body: str, delivery: Delivery) -> bool:
    """Make the message's ticket; whether the message is done with.

    The order matters: ticket, then the delivery's end, then the S3 object. Whatever dies between, a redelivery
    finds its way: the ticket by its id, the end by the delivery.
    """
    try:
        end, ticket_id = _open(envelope.unseal(body).payload, delivery)
    except (envelope.Unreadable, Invalid, large.TooLarge, large.Gone) as error:
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
    draft = to_draft(payload, delivery.customer_id, cast(Tier, delivery.details.get("tier", "general")))
    key = ticket_key(payload, delivery.customer_id, delivery.delivery_id)
    try:
        service.open_ticket(draft, key)
    except KeyReused:
        return "duplicate", key.keyed_id
    return "created", key.keyed_id


def _delivery_of(record: dict[str, Any]) -> Delivery:
    """The delivery that the door wrote down; for another program's message one is written now.

    Nothing in the message itself says whose it is: only a delivery that a door wrote does.
    """
    submission_id = _attribute(record, "submission_id")
    known = deliveries.get(submission_id) if submission_id and ids.is_id(submission_id) else None
    if known and known.door == "submission":
        return known
    origin = _attribute(record, "origin_message_id") or record["messageId"]
    delivery = Delivery(
        delivery_id=ids.keyed_id(settings.DEFAULT_CUSTOMER, "message", origin),
        door="submission",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=origin,
    )
    return deliveries.receive(delivery) or delivery


def _attribute(record: dict[str, Any], name: str) -> str | None:
    value = record.get("messageAttributes", {}).get(name, {}).get("stringValue")
    return value if isinstance(value, str) and value else None


def _cause(error: Exception) -> str:
    if isinstance(error, large.Gone):
        return "The S3 object that the message points to is not there"
    if isinstance(error, large.TooLarge):
        return f"The S3 object that the message points to has more than {envelope.MAX_PAYLOAD_BYTES} bytes"
    return str(error)
