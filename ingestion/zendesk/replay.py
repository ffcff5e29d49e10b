"""Runs raw tickets through the pipeline again, day by day. Lost tickets come back, and later repairs take effect.

A raw ticket may be replayed any number of times: the ticket and its comments have keys made of Zendesk's own ids.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenacity import retry_if_exception_type

from config import aws
from config.aws.patience import patiently
from config.refusals import Busy, Invalid, Stale
from ingestion.zendesk import follow_up, pipeline, sync
from ingestion.zendesk.errors import GiveUp
from ingestion.zendesk.pipeline import Outcome
from ticketing.deliveries import raw_tickets
from ticketing.tickets import ids
from ticketing.tickets.workflow import is_final

_FOR_NOW = retry_if_exception_type((aws.Retryable, aws.Contended, Busy, Stale))
_ANEW = "An earlier document may have replaced comments: tag the ticket in Zendesk anew, which brings what holds now"


@dataclass(frozen=True)
class Replayed:
    """What became of a raw ticket, and the id of its last ticket at the desk.

    `cause` says why it was refused, or what the ticket did not get.
    """

    key: str
    ticket_id: str
    end: Literal["created", "updated", "ignored", "refused"]
    cause: str = ""


def replayed(since: str, until: str, dry_run: bool = False) -> Iterator[Replayed]:
    """Replay the raw tickets of these days (times of the record), oldest first, each when the caller asks for it.

    With `dry_run` nothing is written or invoked, and the results say what would happen. Raises aws.AwsError, Busy and
    Stale after half a minute of retries: replay again from that day.
    """
    opened: set[str] = set()  # in a dry run: what earlier days would have opened, which nothing else shows
    for day in raw_tickets.days(since, until):
        for key, zendesk_id in patiently(raw_tickets.stored_on, day):
            way = partial(_would, opened) if dry_run else partial(pipeline.again, delivery_id=ids.new_id())
            yield patiently.copy(retry=_FOR_NOW)(_one, way, zendesk_id, key)


def _one(way: Callable[[str, str], Outcome], zendesk_id: str, key: str) -> Replayed:
    try:
        outcome = way(zendesk_id, key)
    except (GiveUp, Invalid) as error:
        return Replayed(key, raw_tickets.ticket_key(zendesk_id).keyed_id, "refused", error.sentence)
    except sync.Outdated as error:  # no repeat would see what was newer, and the raw store has nothing newer to offer
        return Replayed(key, raw_tickets.ticket_key(zendesk_id).keyed_id, "refused", f"{error.sentence}. {_ANEW}")
    return Replayed(key, outcome.ticket_id, outcome.end, outcome.note or "")


def _would(opened: set[str], zendesk_id: str, key: str) -> Outcome:
    """What a replay would do."""
    context = pipeline.load(zendesk_id, key)
    last, left = follow_up.last(context)
    if last and not is_final(last.status):
        return Outcome("updated", last.ticket_id)
    if last and not follow_up.is_due(context, left):
        return Outcome("updated", last.ticket_id, follow_up.left_out(last, context, left))
    new = raw_tickets.follow_up_key(last.ticket_id) if last else raw_tickets.ticket_key(zendesk_id)
    end: Literal["created", "updated"] = "updated" if new.keyed_id in opened else "created"
    opened.add(new.keyed_id)
    return Outcome(end, new.keyed_id)
