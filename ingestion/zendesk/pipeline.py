"""A delivery's way from webhook to desk: fetch, validate, store raw, open or update, embed.

It may run twice, or die anywhere and run again: each step finds what an earlier run left.
"""

from dataclasses import dataclass
from typing import Any, Literal

from ingestion.zendesk import client, embedding, sync, validation
from ticketing.deliveries import Delivery, raw_tickets


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended, and the desk ticket that it was about."""

    end: Literal["created", "updated"]
    ticket_id: str


def run(delivery: Delivery) -> Outcome:
    """Fetch what the webhook was about from Zendesk, and take it in. Raises what `client.fetch` and `take` raise."""
    return take(client.fetch(delivery.key), delivery)


def take(context: dict[str, Any], delivery: Delivery) -> Outcome:
    """Take a fetched ticket (see `client.fetch`) in: into S3, onto the desk, to the embedding function.

    Raises GiveUp and refusals.Invalid (end the delivery with the sentence), TryLater, aws.Retryable, aws.Contended,
    refusals.Busy and Stale (run it again), and other aws.AwsError (the setup is wrong).
    """
    validation.check(context, delivery.key)
    key = raw_tickets.key(delivery.key, delivery.received_at)
    raw_tickets.store(key, context)
    ticket, opened = sync.write(context, delivery.delivery_id)
    embedding.invoke(delivery.key, key)
    return Outcome("created" if opened else "updated", ticket.ticket_id)


def again(zendesk_id: str, key: str, delivery_id: str) -> Outcome:
    """Take a ticket in again as it lies in the raw store: onto the desk, to the embedding function.

    The function is not told of a state that the desk knows a newer one of. Raises as `take`, and Invalid as `load`;
    Zendesk is not asked.
    """
    context = load(zendesk_id, key)
    ticket, opened = sync.write(context, delivery_id)
    if not sync.is_past(context, ticket):
        embedding.invoke(zendesk_id, key)
    return Outcome("created" if opened else "updated", ticket.ticket_id)


def load(zendesk_id: str, key: str) -> dict[str, Any]:
    """The ticket as it lies in the raw store.

    Raises Invalid if it is not there or is no JSON, GiveUp if it is not whole, aws.AwsError.
    """
    context: dict[str, Any] = raw_tickets.load(key)
    validation.check(context, zendesk_id)
    return context
