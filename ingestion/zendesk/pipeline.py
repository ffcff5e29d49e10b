"""The way of a delivery from the webhook to the desk: fetch, validate, store raw, open or update, embed.

It may run twice, or die anywhere and run again: each step finds what an earlier run left.
"""

from dataclasses import dataclass
from typing import Any, Literal

from config import times
from ingestion.zendesk import client, embedding, fate, measures, sync, validation
from ingestion.zendesk.errors import GiveUp
from ticketing import service
from ticketing.deliveries import Delivery, raw_tickets


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended, the desk ticket that it was about, and what staff should know."""

    end: Literal["created", "updated", "ignored"]
    ticket_id: str
    note: str | None = None


def run(delivery: Delivery) -> Outcome:
    """Fetch the webhook's ticket from Zendesk, and take it in. Raises what `client.fetch` and `take` raise."""
    began = times.now()
    return take(client.fetch(delivery.key), delivery, began)


def take(context: dict[str, Any], delivery: Delivery, fetched: str) -> Outcome:
    """Take in a ticket (see `client.fetch`): store it in S3, write it to the desk, tell the embedding function.

    `fetched` is when its fetching began: what Zendesk redacted later may still be in it.

    If Zendesk deleted it and the desk never had it, nothing is done.

    What it raises tells the caller what to do:

    - GiveUp and refusals.Invalid: end the delivery with the sentence.
    - TryLater, aws.Retryable, aws.Contended, refusals.Busy and Stale: run it again.
    - other aws.AwsError: the setup is wrong.
    """
    validation.check(context, delivery.key)
    if _is_nothing(context, delivery.key):
        return Outcome("ignored", "", fate.note(context))
    key = raw_tickets.key(delivery.key, delivery.received_at)
    raw_tickets.store(key, context)
    ticket, opened = sync.write(context, delivery.delivery_id, fetched)
    embedding.invoke(delivery.key, key)
    measures.embedded(delivery.received_at)
    return Outcome("created" if opened else "updated", ticket.ticket_id, fate.note(context))


def _is_nothing(context: dict[str, Any], zendesk_id: str) -> bool:
    """Whether Zendesk deleted the ticket before the desk had it."""
    return fate.is_deleted(context["ticket"]) and not service.find(raw_tickets.ticket_key(zendesk_id).keyed_id)


def again(zendesk_id: str, key: str, delivery_id: str) -> Outcome:
    """Take in a ticket from the raw store again: write it to the desk, and tell the embedding function.

    If the desk knows a newer state, the function is not told. Zendesk is not asked. Raises what `take` raises, and
    Invalid as `load` does.
    """
    context = load(zendesk_id, key)
    ticket, opened = sync.write(context, delivery_id, raw_tickets.day(key))
    if not sync.is_past(context, ticket):
        embedding.invoke(zendesk_id, key)
    return Outcome("created" if opened else "updated", ticket.ticket_id)


def load(zendesk_id: str, key: str) -> dict[str, Any]:
    """Read the ticket from the raw store.

    Raises Invalid if it is missing or not JSON, GiveUp if it is not whole or opens nothing, and aws.AwsError.
    """
    context: dict[str, Any] = raw_tickets.load(key)
    validation.check(context, zendesk_id)
    if _is_nothing(context, zendesk_id):
        raise GiveUp("Zendesk deleted this ticket, and it is not at the desk: there is nothing to open")
    return context
