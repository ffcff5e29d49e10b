"""Accepts a submission: writes it down, queues it, then says so. In this order, nothing accepted can be lost."""

import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config import aws, deadline, json
from config.aws import sqs
from config.caller import Caller
from config.refusals import Absent, Busy, KeyReused
from config.request_id import request_id
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.submissions import envelope, turn
from ticketing.submissions.payload import sender_id
from ticketing.tickets import ids
from ticketing.tickets.keys import Key

_OPERATION = "POST /ticketing/submissions"
_BUSY = "The submission could not be queued: send it again in half a minute"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Accepted:
    """The door's answer, and whether the request is a repeat."""

    answer: dict[str, str]
    replayed: bool


def submit(payload: dict[str, Any], caller: Caller, key: str | None) -> Accepted:
    """Accept a payload. Takes three AWS calls (delivery, message, acceptance), and a fourth if it has to go to S3.

    If several requests have one key, one of them does the work, and the others wait for its answer (turn.py).

    Raises KeyReused. Raises Busy if a table, queue or bucket fails, or if another request with this key takes too long.
    As far as SQS answered, nothing is queued by this request then. If the sender repeats it with the same key, the
    repeat continues where this one stopped.
    """
    delivery = _delivery(payload, caller, key)
    try:
        known = deliveries.receive(delivery)
        if known and not known.erased and known.fingerprint != delivery.fingerprint:
            raise KeyReused
        mine = turn.take(known, delivery.sender or "") if known else delivery
        if turn.is_answered(mine):
            return Accepted(_answer(mine), replayed=True)
        details = _send(payload, mine)
    except aws.AwsError:
        raise Busy(_BUSY) from None
    _accept(delivery.delivery_id, details)
    return Accepted(_answer(delivery, details), replayed=False)


def status(submission_id: str, customer_id: str) -> dict[str, str]:
    """The state of a submission of this customer, as the door answers it. Raises Absent.

    Submissions' ids are made here, in lower case, and are found in either case.
    """
    submission_id = submission_id.lower()
    delivery = deliveries.get(submission_id) if ids.is_id(submission_id) else None
    if delivery is None or delivery.customer_id != customer_id or delivery.door != "submission":
        raise Absent("Submission not found")
    if delivery.state == "ignored":  # its person was erased before it became a ticket
        return {"submission_id": submission_id, "status": "failed", "ticket_id": "", "error": "It was erased"}
    state = "accepted" if delivery.state == "received" else delivery.state
    answer = {"submission_id": submission_id, "status": state, "ticket_id": delivery.ticket_id or ""}
    return answer | ({"error": delivery.error} if delivery.state == "failed" and delivery.error else {})


def ticket_key(payload: dict[str, Any], customer_id: str, submission_id: str, sent_as: str | None = None) -> Key:
    """The key of the one ticket that the payload becomes.

    The sender's own id decides; or else `sent_as`, which all messages with this payload have in common; or else the
    submission's id.
    """
    fingerprint = f"submission:{submission_id}"
    if own := sender_id(payload):
        return Key(customer_id, "submission of ticket_id", own, fingerprint)
    if sent_as:
        return Key(customer_id, "submission sent as", sent_as, fingerprint)
    return Key(customer_id, "submission", submission_id, fingerprint)


def _delivery(payload: dict[str, Any], caller: Caller, key: str | None) -> Delivery:
    submission_id = ids.keyed_id(caller.customer_id, _OPERATION, key) if key else ids.new_id()
    return Delivery(
        delivery_id=submission_id,
        door="submission",
        customer_id=caller.customer_id,
        key=key or submission_id,
        fingerprint=json.fingerprint(payload),
        ticket_id=ticket_key(payload, caller.customer_id, submission_id).keyed_id,
        details={"tier": caller.tier},
        sender=str(uuid.uuid4()),
    )


def _send(payload: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
    """Queue the message. Returns what a repeat is answered with. Raises aws.AwsError, with the turn given back."""
    attributes = {"submission_id": delivery.delivery_id, "request_id": request_id()}
    try:
        body, transport = envelope.seal(payload, attributes, request_id())
        message_id = sqs.send(settings.SUBMISSION_QUEUE, body, attributes)
    except aws.AwsError:
        _give_back(delivery)
        raise
    return delivery.details | {"messageId": message_id, "transport": transport}


def _give_back(delivery: Delivery) -> None:
    """End this request's turn. If that fails, or there is no time left for it, the turn ends by itself."""
    if delivery.sender and not deadline.passed():
        with suppress(aws.AwsError):
            deliveries.release(delivery.delivery_id, delivery.sender)


def _accept(submission_id: str, details: dict[str, Any]) -> None:
    """Note the acceptance at the delivery.

    If that fails, the message is queued all the same, and its worker notes it instead. Until then, or until this
    request's turn is over, a repeat waits.
    """
    try:
        deliveries.accept(submission_id, details)
    except aws.AwsError as error:
        log.warning("Submission %s is queued, but its delivery does not say so yet: %s", submission_id, error)


def _answer(delivery: Delivery, details: dict[str, Any] | None = None) -> dict[str, str]:
    details = details or delivery.details
    return {
        "submission_id": delivery.delivery_id,
        "ticket_id": delivery.ticket_id or "",
        "messageId": details.get("messageId", ""),
        "transport": details.get("transport", ""),
    }
