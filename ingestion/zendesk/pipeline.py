"""The way of a delivery from the webhook to the desk: fetch, validate, store raw, open or update, embed.

It may run twice, or die anywhere and run again: each step finds what an earlier run left.
"""

from dataclasses import dataclass
from typing import Any, Literal

from config.refusals import Final, Stale
from ingestion.zendesk import changes, client, embedding, fate, mapping, measures, sync, validation
from ingestion.zendesk.errors import GiveUp
from ingestion.zendesk.progress import Progress
from ticketing import service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.tickets.ticket import Ticket

_ERASED = (
    "The ticket was erased at the desk, so nothing of it is taken in. If it is to be erased in Zendesk, too, do so"
)


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended, the desk ticket that it was about, and what staff should know."""

    end: Literal["created", "updated", "ignored"]
    ticket_id: str
    note: str | None = None


def run(delivery: Delivery, progress: Progress | None = None) -> Outcome:
    """Fetch the webhook's ticket from Zendesk, and take it in. Raises what `client.fetch` and `take` raise.

    It goes on where an earlier run of the delivery ended, and tells `progress`, which may raise HandOver.
    """
    progress = progress or Progress()
    if _was_erased(delivery.key):
        return _ignored(delivery, progress)
    context = client.fetch(delivery.key, progress.begin(delivery), progress.fetched)
    try:
        outcome = take(context, delivery, progress)
    except sync.Outdated:
        progress.start_anew()
        raise
    except (sync.Erased, Final, Stale):  # erased while this ran
        if not _was_erased(delivery.key):
            raise
        return _ignored(delivery, progress)
    progress.forget()
    return outcome


def _was_erased(zendesk_id: str) -> bool:
    """Whether the Zendesk ticket's first ticket at the desk was erased. It stands for all of them."""
    ticket = service.find(raw_tickets.ticket_key(zendesk_id).keyed_id)
    return bool(ticket and ticket.erased)


def _ignored(delivery: Delivery, progress: Progress) -> Outcome:
    """The end of a webhook of an erased ticket. What an earlier run, or this one, fetched of it goes as well."""
    progress.forget()
    raw_tickets.destroy(raw_tickets.key(delivery.key, delivery.received_at))
    return Outcome("ignored", "", _ERASED)


def take(context: dict[str, Any], delivery: Delivery, progress: Progress) -> Outcome:
    """Take in a fetched ticket (see `client.fetch`): store it in S3, write it to the desk, tell the embedding function.

    If Zendesk deleted it and the desk never had it, nothing is done. If the desk knows a newer state, this one does not
    take that one's place in S3, and the function is not told.

    What it raises tells the caller what to do:

    - GiveUp and refusals.Invalid: end the delivery with the sentence.
    - TryLater, aws.Retryable, aws.Contended, refusals.Busy and Stale: run it again.
    - other aws.AwsError: the setup is wrong.
    """
    validation.check(context, delivery.key)
    desk, key = _found(delivery.key), raw_tickets.key(delivery.key, delivery.received_at)
    if not desk and fate.is_deleted(context["ticket"]):
        return Outcome("ignored", "", fate.note(context))
    is_past = desk is not None and changes.is_past(desk, context)
    if not (is_past and raw_tickets.holds(key)):  # what stands there may be the newer one
        raw_tickets.store(key, context, progress.began)
    written = sync.write(context, delivery.delivery_id, progress.began, progress.written, desk)
    if not is_past:
        embedding.invoke(delivery.key, key)
        measures.embedded(delivery.received_at)
    return _outcome(written, fate.note(context), mapping.note(context), written.left_out)


def _outcome(written: sync.Written, *notes: str | None) -> Outcome:
    end: Literal["created", "updated"] = "created" if written.opened else "updated"
    return Outcome(end, written.ticket.ticket_id, ". ".join(note for note in notes if note) or None)


def _found(zendesk_id: str) -> Ticket | None:
    """The Zendesk ticket's first ticket at the desk."""
    return service.find(raw_tickets.ticket_key(zendesk_id).keyed_id)


def again(zendesk_id: str, key: str, delivery_id: str) -> Outcome:
    """Take in a ticket from the raw store again: write it to the desk, and tell the embedding function.

    If the desk knows a newer state, the function is not told. Zendesk is not asked. Raises what `take` raises, and
    Invalid as `load` does.
    """
    context = load(zendesk_id, key)
    written = sync.write(context, delivery_id, raw_tickets.day(key))
    if not changes.is_past(written.ticket, context):
        embedding.invoke(zendesk_id, key)
    return _outcome(written, written.left_out)


def load(zendesk_id: str, key: str) -> dict[str, Any]:
    """Read the ticket from the raw store.

    Raises Invalid if it is missing or not JSON, GiveUp if it is not whole or opens nothing, and aws.AwsError.
    """
    context: dict[str, Any] = raw_tickets.load(key)
    validation.check(context, zendesk_id)
    if _was_erased(zendesk_id):
        raise GiveUp("This ticket was erased at the desk: nothing of it is taken in")
    if fate.is_deleted(context["ticket"]) and not _found(zendesk_id):
        raise GiveUp("Zendesk deleted this ticket, and it is not at the desk: there is nothing to open")
    return context
