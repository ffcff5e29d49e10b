"""Whose a message is: it says so itself, and whoever may send to the queue can say what they want.

So a message is worked for a submission only if it is what the door wrote down, by the payload's SHA-256. An object in
S3 is deleted only for the submission that its metadata names.
"""

import hashlib
from dataclasses import replace

from django.conf import settings

from config import json
from config.aws.events import SqsRecord, attribute
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.submissions import envelope
from ticketing.tickets import ids

_BODY = "body_sha256"  # in the details of another program's delivery: which message it was written down for
_OWNED = "The message points to an object that belongs to a submission to the API"


class NotWrittenDown(Exception):
    """The message names a submission of the door's, but says something else."""


def delivery_ids(record: SqsRecord) -> set[str]:
    """The ids that the message's delivery may have. Nothing is read for this."""
    named = attribute(record, "submission_id") or ""
    theirs = foreign(record)
    return ({named} if ids.is_id(named) else set()) | {theirs.delivery_id, _apart(theirs).delivery_id}


def marks(record: SqsRecord) -> dict[str, str]:
    """What a delivery's details contain if this message is its own, by the delivery's id. Nothing is read for this.

    The door noted the id that SQS gave its message, and nobody else is told it. For another program's message, its
    digest was noted.
    """
    named, theirs = attribute(record, "submission_id") or "", foreign(record)
    of_the_door = {named: json.dumps({"messageId": origin(record)})[1:-1]} if ids.is_id(named) else {}
    digest = json.dumps({_BODY: theirs.details[_BODY]})[1:-1]
    return of_the_door | {theirs.delivery_id: digest, _apart(theirs).delivery_id: digest}


def is_the_doors(record: SqsRecord, delivery: Delivery) -> bool:
    """Whether the message is known for its delivery's own before its payload was read.

    False also for one of the door's that the door could not note any more.
    """
    return not delivery.fingerprint or delivery.details.get("messageId") == origin(record)


def delivery_of(record: SqsRecord) -> Delivery:
    """The delivery that the door wrote down. For another program's message, it is written now.

    The message itself never says whose ticket it is. Only a delivery that a door wrote does.
    """
    return named(record) or _of_another(foreign(record))


def _of_another(delivery: Delivery) -> Delivery:
    """The delivery of another program's message, or one apart if another message has come under its id already.

    A message says itself what its first id was, so it may name another's.
    """
    known = deliveries.receive(delivery)
    if known is None or known.details.get(_BODY, delivery.details[_BODY]) == delivery.details[_BODY]:
        return known or delivery
    apart = _apart(delivery)
    return deliveries.receive(apart) or apart


def named(record: SqsRecord) -> Delivery | None:
    """The delivery of the door's that the message names. Another program's has no fingerprint, and is never named.

    An erased one has none any more. It is ended, so nothing is made of its message.
    """
    submission_id = attribute(record, "submission_id")
    known = deliveries.get(submission_id) if submission_id and ids.is_id(submission_id) else None
    return known if known and known.door == "submission" and (known.fingerprint or known.erased) else None


def foreign(record: SqsRecord) -> Delivery:
    """Another program's message as a delivery. It is in the queue, so it is accepted."""
    first_id = origin(record)
    return Delivery(
        delivery_id=ids.keyed_id(settings.DEFAULT_CUSTOMER, "message", first_id),
        door="submission",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=first_id,
        state="accepted",
        details={_BODY: hashlib.sha256(record["body"].encode("utf-8", "surrogatepass")).hexdigest()},
    )


def _apart(delivery: Delivery) -> Delivery:
    name = f"{delivery.key} {delivery.details[_BODY]}"
    return replace(delivery, delivery_id=ids.keyed_id(settings.DEFAULT_CUSTOMER, "message", name))


def origin(record: SqsRecord) -> str:
    """The id with which the message was first sent. A redriven message has a new one."""
    return attribute(record, "origin_message_id") or record["messageId"]


def check(opened: envelope.Opened, delivery: Delivery) -> None:
    """Whoever may send to the queue can name any submission and any object. Only what the door wrote down counts.

    Raises NotWrittenDown, and Unreadable for another program's message with an object of the door's.
    """
    if delivery.fingerprint:
        if json.fingerprint(opened.payload) != delivery.fingerprint:
            raise NotWrittenDown
    elif opened.owner:
        raise envelope.Unreadable(_OWNED)


def may_delete(opened: envelope.Opened, delivery: Delivery) -> bool:
    """Whether the message's object is this delivery's own.

    One that an earlier version of the door stored says nothing, so it stays until S3 expires it.
    """
    return opened.owner == (delivery.delivery_id if delivery.fingerprint else None)
