"""Takes in the tickets that were flagged before the webhook stood, each as a webhook would have.

It may end anywhere and be run again: what is at the desk, or on its way there, is passed over.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from tenacity import retry_if_exception_type

from config import aws
from config.aws.patience import patiently
from config.refusals import Busy, Stale
from ingestion.zendesk import intake
from ingestion.zendesk.errors import PipelineError
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, raw_tickets

_FOR_NOW = retry_if_exception_type((aws.Retryable, aws.Contended, Busy, Stale))


@dataclass(frozen=True)
class Filled:
    """What became of a ticket that was found. `cause` says why it was refused."""

    zendesk_id: str
    end: Literal["taken in", "there", "refused"]
    cause: str = ""


def backfilled(
    zendesk_ids: Iterable[str], per_minute: int, *, retry: bool = False, dry_run: bool = False
) -> Iterator[Filled]:
    """Take these tickets in, each when the caller asks for it, and so many a minute (0: without a limit).

    A ticket that an earlier run took in, and that failed since, is refused with the cause; with `retry` its task is
    queued again. With `dry_run` nothing is written or queued, and the results say what would happen. Raises
    aws.AwsError, Busy and Stale after half a minute of retries: run it again.
    """
    for zendesk_id in zendesk_ids:
        filled = patiently.copy(retry=_FOR_NOW)(_one, zendesk_id, retry, dry_run)
        yield filled
        if filled.end == "taken in" and per_minute and not dry_run:
            time.sleep(60 / per_minute)


def _one(zendesk_id: str, retry: bool, dry_run: bool) -> Filled:
    if service.find(raw_tickets.ticket_key(zendesk_id).keyed_id):
        return Filled(zendesk_id, "there")
    known = deliveries.get(intake.backfill_id(zendesk_id))
    if known and (known.set_aside or known.state not in ("received", "failed")):
        return Filled(zendesk_id, "there")
    if known and known.state == "failed" and not retry:
        return Filled(zendesk_id, "refused", known.error or "It failed")
    return Filled(zendesk_id, "taken in") if dry_run else _taken_in(zendesk_id, known)


def _taken_in(zendesk_id: str, known: Delivery | None) -> Filled:
    with suppress(PipelineError):  # of a task that runs at once: its delivery has the cause
        if known and known.state == "failed":
            intake.enqueue(known.delivery_id)
        else:
            intake.take_in_flagged(zendesk_id)
    ended = deliveries.get(intake.backfill_id(zendesk_id)) if settings.CELERY_TASK_ALWAYS_EAGER else None
    if ended and ended.state == "failed":
        return Filled(zendesk_id, "refused", ended.error or "It failed")
    return Filled(zendesk_id, "taken in")
