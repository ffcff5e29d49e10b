"""Accepts a webhook: the delivery is stored and its task queued before Zendesk gets its answer."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from config import aws
from config.refusals import Busy
from ingestion.zendesk import tasks
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.tickets import ids

log = logging.getLogger(__name__)


def take_in(zendesk_id: str, invocation: str | None) -> str:
    """Store the delivery, queue its task, and return its id. `invocation` is Zendesk's id for this sending, if given.

    Zendesk sometimes sends one invocation twice. Both are one delivery. Its task is queued again only if the first time
    died before it noted that the task was queued. Raises Busy (503) if the table or the queue cannot take it; Zendesk
    then sends it again.
    """
    delivery = Delivery(
        delivery_id=_delivery_id(zendesk_id, invocation),
        door="zendesk",
        customer_id=settings.DEFAULT_CUSTOMER,
        key=zendesk_id,
    )
    with _busy_if_away():
        known = deliveries.receive(delivery)
    if known is None or known.state == "received":
        tasks.enqueue(delivery.delivery_id)
        with _busy_if_away():
            deliveries.accept(delivery.delivery_id)
    return delivery.delivery_id


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
