"""Accepts a webhook, or what a backfill found: the delivery is stored and its task queued before Zendesk is answered.

A webhook that Foyer refuses is stored as well. Zendesk neither sends it again nor tells anybody.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from config import aws, celery, times
from config.refusals import Busy
from config.text import mended
from ingestion.zendesk import masking, measures
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.tickets import ids

log = logging.getLogger(__name__)

TASK = "ingestion.zendesk.ingest"  # works a delivery (tasks.py)
_LONGEST_KEY = 100  # characters of an invocation that are shown
_MEND = (
    'Mend the trigger in Zendesk: its JSON should be {"ticket_id": "{{ticket.id}}", "tag_added": "need_sme"}, since '
    "quotes and line breaks in other placeholders break it. Then tag the ticket anew: Zendesk does not send this again."
)


def take_in(zendesk_id: str, invocation: str | None) -> str:
    """Store the delivery, queue its task, and return its id. `invocation` is Zendesk's id for this sending, if given.

    Zendesk sometimes sends one invocation twice. Both are one delivery. Its task is queued again only if the first time
    died before it noted that the task was queued. Raises Busy (503) if the table or the queue cannot take it; Zendesk
    then sends it again.
    """
    return _taken_in(zendesk_id, _delivery_id(zendesk_id, invocation))


def take_in_flagged(zendesk_id: str) -> str:
    """Take in a ticket that was flagged before the webhook stood, as `take_in` does, and return its delivery's id.

    However often this is called, it is one delivery. Raises Busy: call it again.
    """
    return _taken_in(zendesk_id, backfill_id(zendesk_id))


def backfill_id(zendesk_id: str) -> str:
    """The id of the delivery of a ticket that a backfill took in."""
    return ids.keyed_id(settings.DEFAULT_CUSTOMER, "zendesk backfill", zendesk_id)


def _taken_in(zendesk_id: str, delivery_id: str) -> str:
    delivery = Delivery(
        delivery_id=delivery_id,
        door="zendesk",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=zendesk_id,
    )
    with _busy_if_away():
        known = deliveries.receive(delivery)
    if known is None:
        measures.ingested()
    if known is None or known.state == "received":
        enqueue(delivery.delivery_id)
        with _busy_if_away():
            deliveries.accept(delivery.delivery_id)
    return delivery.delivery_id


def enqueue(delivery_id: str) -> None:
    """Queue the delivery's task, or run it at once with CELERY_TASK_ALWAYS_EAGER.

    Raises Busy if the queue cannot take it; the caller then asks the sender to come again. If it runs at once, raises
    what makes the task fail.
    """
    try:
        ended = celery.send(TASK, delivery_id)
    except aws.AwsError as error:
        log.warning("Delivery %s could not be queued: %s", delivery_id, error)
        raise Busy from error
    if ended:
        ended.get()


def refuse(said: bytes, sentence: str, invocation: str | None, signature: str) -> None:
    """Store that a signed webhook was refused, and why: `sentence` is what Zendesk is answered.

    What it says is stored masked. The same sending is one delivery, however often it comes. Raises Busy (503) if the
    table cannot take it: Zendesk sends that one again.
    """
    delivery = Delivery(
        delivery_id=ids.keyed_id(settings.DEFAULT_CUSTOMER, "zendesk refusals", invocation or signature),
        door="zendesk",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=mended(invocation or "without an id")[:_LONGEST_KEY],
        state="failed",
        error=f"Refused: {sentence}. {_MEND} It has {len(said)} bytes and begins so, masked: {masking.beginning(said)}",
        ended_at=times.now(),
        details={"refused": True},
    )
    with _busy_if_away():
        known = deliveries.receive(delivery)
    if known is None:
        measures.ended("failed")


def _delivery_id(zendesk_id: str, invocation: str | None) -> str:
    """The delivery's id, made of the ticket and the invocation.

    The invocation is not signed. The ticket is part of the key so that a wrong one cannot swallow another ticket.
    """
    if not invocation:
        return ids.new_id()
    return ids.keyed_id(settings.DEFAULT_CUSTOMER, f"zendesk invocations {zendesk_id}", invocation)


@contextmanager
def _busy_if_away() -> Iterator[None]:
    try:
        yield
    except aws.AwsError as error:
        log.warning("The deliveries table cannot take a webhook: %s", error)
        raise Busy from error
