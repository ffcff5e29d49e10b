"""TicketSubmissions' handler: makes a ticket of each submitted message, once, whoever queued it."""

import logging
from collections.abc import Collection
from contextlib import suppress
from typing import Any, cast

from django.conf import settings

from config import aws
from config.aws.events import BatchAnswer, SqsEvent, SqsRecord, attribute, failed
from config.caller import Tier
from config.consumer import dead_letters
from config.refusals import Busy, Invalid, KeyReused
from config.request_id import working_on
from config.web.service_levels import ServiceLevel
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, End
from ticketing.submissions import envelope, large, twins, whose, wordless
from ticketing.submissions.payload import has_text, to_draft
from ticketing.submissions.service import ticket_key
from ticketing.tickets.keys import Key

log = logging.getLogger(__name__)

_LEVEL = ServiceLevel("PostTickets", door="submission")  # the door itself counts as SubmitTicket

_NOT_WRITTEN_DOWN = "It is not what the API took in under that submission_id, so another program wrote it"

# No further try changes these, until somebody repairs the cause.
_NEVER = (envelope.Unreadable, Invalid, large.TooLarge, large.Gone)


def handler(event: SqsEvent, context: Any = None) -> BatchAnswer:
    """Work a batch of messages (Lambda's SQS form). The answer names those that failed and shall come again."""
    return failed(record["messageId"] for record in event["Records"] if not _worked(record))


def about(record: SqsRecord) -> set[str]:
    """The ids of the delivery and, if it can be told, of the ticket that a message is about."""
    delivery = whose.named(record) or whose.foreign(record)
    known = {delivery.delivery_id} | ({delivery.ticket_id} if delivery.ticket_id else set())
    with suppress(*_NEVER, aws.AwsError):  # an unreadable message names no ticket
        known.add(_key(_unsealed(record), delivery).keyed_id)
    return known


def note(record: SqsRecord, error: Exception) -> None:
    """Note at the message's delivery that a try ended with an unexpected error. Raises aws.AwsError.

    Nothing is read for this, because the reading may be what failed. A delivery that is not the message's own counts no
    try, whatever the message says.
    """
    cause = f"An error in Foyer itself ({type(error).__name__}): see the worker's log"
    for delivery_id, mark in whose.marks(record).items():  # one of them exists; nothing is created for the others
        deliveries.attempt(delivery_id, cause, said=mark)


def _worked(record: SqsRecord) -> bool:
    with working_on(attribute(record, "request_id")):
        try:
            with _LEVEL.attempt() as attempt:
                delivery = whose.delivery_of(record)
                attempt.tier = _tier(delivery)
                # A redelivery deletes no object: under that key there may be another submission's by now.
                return delivery.ended_well or _tried(record, delivery)
        except (aws.AwsError, Busy) as error:
            log.warning("Message %s comes again: %s", record["messageId"], error)
            return False


def _tried(record: SqsRecord, delivery: Delivery) -> bool:
    """Read the message, and make its ticket if it is the delivery's. Returns whether the message is done.

    A message that names a submission of the door's, and cannot be read, is not taken for that submission's.
    """
    try:
        opened = _unsealed(record)
        whose.check(opened, delivery)
    except whose.NotWrittenDown:
        return _not_its_own(record)
    except _NEVER as error:
        return _failed(record, delivery, error) if _is_its_own(record, delivery) else _not_its_own(record)
    except aws.AwsError as error:
        if _is_its_own(record, delivery):
            _note_try(delivery, error)
        raise
    return _made(record, opened, delivery)


def _made(record: SqsRecord, opened: envelope.Opened, delivery: Delivery) -> bool:
    """Make the delivery's ticket. If the message must come again, note the error at its delivery and raise it.

    The error is noted each time, because this may be the last try.
    """
    try:
        _end(record, opened, delivery)
    except _NEVER as error:
        return _failed(record, delivery, error)
    except (aws.AwsError, Busy) as error:
        _note_try(delivery, error)
        raise
    return True


def _end(record: SqsRecord, opened: envelope.Opened, delivery: Delivery) -> None:
    """Make the ticket, note the delivery's end, and delete the S3 object.

    The order matters. If the process dies in between, a redelivery continues: it finds the ticket by its id, and the
    end at the delivery.
    """
    _note_queued(record, delivery)
    end, ticket_id = _open(opened, delivery)
    note = wordless.NOTE if end == "created" and not has_text(opened.payload) else None
    deliveries.finish(delivery.delivery_id, end, ticket_id, note=note)
    if opened.pointer:
        twins.remember(opened.pointer, delivery, ticket_id)
        if whose.may_delete(opened, delivery):
            large.delete(opened.pointer.key)


def _note_try(delivery: Delivery, error: aws.AwsError | Busy) -> None:
    cause = error.sentence if isinstance(error, Busy) else f"AWS refused it or did not answer ({error.code})"
    deliveries.attempt(delivery.delivery_id, cause)


def _is_its_own(record: SqsRecord, delivery: Delivery) -> bool:
    """Whether a message that could not be read is the delivery's own. The door may have noted its id only just now."""
    known = deliveries.get(delivery.delivery_id) if delivery.state == "received" else delivery
    return whose.is_the_doors(record, known or delivery)


def _not_its_own(record: SqsRecord) -> bool:
    """Put the message aside. The delivery waits for its own."""
    return dead_letters.put_aside(settings.SUBMISSION_QUEUE, record, _NOT_WRITTEN_DOWN)


def _note_queued(record: SqsRecord, delivery: Delivery) -> None:
    """Note the acceptance in the door's place: it queued this, then died or could not note it, or is about to."""
    if delivery.state == "received":
        deliveries.accept(delivery.delivery_id, delivery.details | _answer(record))


def _failed(record: SqsRecord, delivery: Delivery, error: Exception) -> bool:
    """Note that the message can never become a ticket, and put it aside. Returns whether the message is done.

    If another message with its pointer has become a ticket, it is a duplicate.
    """
    at = envelope.pointer(record["body"], _names(record)) if isinstance(error, large.Gone) else None
    if at and (ticket_id := twins.ticket_of(at, delivery)):
        deliveries.finish(delivery.delivery_id, "duplicate", ticket_id)
        return True
    cause = _cause(error)
    deliveries.finish(delivery.delivery_id, "failed", error=cause)
    # What follows a colon may quote the message. Only people see it, at the delivery.
    return dead_letters.put_aside(settings.SUBMISSION_QUEUE, record, cause.partition(":")[0])


def _unsealed(record: SqsRecord) -> envelope.Opened:
    return envelope.unseal(record["body"], _names(record))


def _names(record: SqsRecord) -> Collection[str]:
    return record.get("messageAttributes", {}).keys()


def _open(opened: envelope.Opened, delivery: Delivery) -> tuple[End, str]:
    """Open the ticket. The key's fingerprint names the submission, so another submission is seen as a duplicate."""
    draft = to_draft(opened.payload, delivery.customer_id, _tier(delivery))
    key = _key(opened, delivery)
    try:
        service.open_ticket(draft, key)
    except KeyReused:
        return "duplicate", key.keyed_id
    return "created", key.keyed_id


def _key(opened: envelope.Opened, delivery: Delivery) -> Key:
    """The key of the message's ticket. The door has promised one that only payload and submission decide."""
    sent_as = None if delivery.fingerprint else opened.sent_as
    return ticket_key(opened.payload, delivery.customer_id, delivery.delivery_id, sent_as)


def _tier(delivery: Delivery) -> Tier:
    return cast(Tier, delivery.details.get("tier", "general"))


def _answer(record: SqsRecord) -> dict[str, str]:
    """What the door answers after it queued this message."""
    return {"messageId": whose.origin(record), "transport": envelope.transport(record["body"])}


def _cause(error: Exception) -> str:
    if isinstance(error, large.Gone):
        return "The S3 object that the message points to is not there"
    if isinstance(error, large.TooLarge):
        return f"The S3 object that the message points to has more than {envelope.MAX_PAYLOAD_BYTES} bytes"
    return str(error)
