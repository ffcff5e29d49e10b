"""Sending on its way again, from the desk, what did not end well. Each answers with a sentence for the person."""

from django.conf import settings

from config import celery, redrive
from config.refusals import Absent, Refusal
from ticketing import deliveries, unfinished
from ticketing.deliveries import ENDED_WELL
from ticketing.submissions import worker

SECONDS = 6.0  # a request ends within ten
_ZENDESK_JOB = "ingestion.zendesk.ingest"


def all_of(queue_name: str) -> str:
    """Move a dead-letter queue's messages back, as many as one request can, but those that somebody has set aside.

    Raises Absent, Refusal, aws.AwsError.
    """
    try:
        way = redrive.way(queue_name)
    except redrive.UnknownQueue as error:
        raise Absent(str(error)) from None
    aside = {one.delivery_id for one in unfinished.all_set_aside()}
    moved = redrive.move(way, seconds=SECONDS, leave_out=lambda record: bool(aside & worker.delivery_ids(record)))
    said = f"{moved.count} of the {moved.seen} messages seen in {way.dead_letters} went back to {way.name}."
    if moved.stayed:
        raise Refusal(f"{said} The others stay: {', '.join(sorted(set(moved.stayed.values())))}.")
    return said


def one(delivery_id: str) -> str:
    """Have one delivery worked again: its message moved back, or its job queued. Raises as `all_of`."""
    delivery = deliveries.get(delivery_id)
    if delivery is None:
        raise Absent("There is no such delivery.")
    if delivery.state in ENDED_WELL:
        raise Refusal(f"This delivery ended meanwhile: {delivery.state}. There is nothing to do.")
    if delivery.door == "zendesk":
        celery.send(_ZENDESK_JOB, delivery_id)
        return "Its job is queued: it is fetched from Zendesk again."
    way = redrive.way(settings.SUBMISSION_QUEUE)
    moved = redrive.move(way, delivery_id, seconds=SECONDS)
    if not moved.count:
        raise Absent(
            f"Its message is not among the {moved.seen} messages seen in {way.dead_letters}: "
            "it is still being tried, for three minutes at most, or it went back already."
        )
    return f"Its message went back to {way.name}."
