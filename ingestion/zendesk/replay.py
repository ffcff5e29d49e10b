"""Raw tickets through the pipeline again, day by day: what was lost comes back, what was mended since takes effect.

Each may be replayed any number of times: the ticket and its comments have keys made of Zendesk's own ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tenacity import retry_if_exception_type

from config import aws
from config.patience import patiently
from config.refusals import Busy, Invalid, Stale
from ingestion.zendesk import pipeline
from ingestion.zendesk.errors import GiveUp
from ticketing import rawstore, service

_FOR_NOW = retry_if_exception_type((aws.Retryable, aws.Contended, Busy, Stale))


@dataclass(frozen=True)
class Replayed:
    """What became of a raw ticket, and of which ticket at the desk; `cause` says why one was refused."""

    key: str
    ticket_id: str
    end: Literal["created", "updated", "refused"]
    cause: str = ""


def replayed(since: str, until: str, dry_run: bool = False) -> Iterator[Replayed]:
    """Replay the raw tickets of these days (times of the record), the oldest first, as they are asked for.

    With `dry_run` nothing is written, nor invoked: it says what would be. Raises aws.AwsError, Busy and Stale, after
    half a minute of trying: replay again from that day.
    """
    for day in rawstore.days(since, until):
        for key, zendesk_id in patiently(rawstore.stored_on, day):
            yield patiently.copy(retry=_FOR_NOW)(_one, zendesk_id, key, dry_run)


def _one(zendesk_id: str, key: str, dry_run: bool) -> Replayed:
    ticket_id = rawstore.ticket_key(zendesk_id).keyed_id
    try:
        end = _end(zendesk_id, key, ticket_id) if dry_run else pipeline.again(zendesk_id, key).end
    except (GiveUp, Invalid) as error:
        return Replayed(key, ticket_id, "refused", error.sentence)
    return Replayed(key, ticket_id, end)


def _end(zendesk_id: str, key: str, ticket_id: str) -> Literal["created", "updated"]:
    """What the end would be."""
    pipeline.load(zendesk_id, key)
    return "updated" if service.find(ticket_id) else "created"
