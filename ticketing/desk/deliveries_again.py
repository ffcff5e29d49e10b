"""Sending on its way again, from the desk, what did not end well. Each answers with a sentence for the person."""

from config.consumer import redrive
from config.refusals import Absent, Refusal
from ticketing import deliveries
from ticketing.deliveries import doors, unfinished
from ticketing.submissions import worker


def all_of(queue_name: str) -> str:
    """Move a dead-letter queue's messages back, as many as one request can, but those that somebody has set aside.

    Raises Absent, Refusal, aws.AwsError.
    """
    try:
        way = redrive.way(queue_name)
    except redrive.UnknownQueue as error:
        raise Absent(str(error)) from None
    aside = {one.delivery_id for one in unfinished.all_set_aside()}
    moved = redrive.move(way, seconds=doors.SECONDS, leave_out=lambda record: bool(aside & worker.delivery_ids(record)))
    said = f"{moved.count} of the {moved.seen} messages seen in {way.dead_letters} went back to {way.name}."
    if moved.stayed:
        raise Refusal(f"{said} The others stay: {', '.join(sorted(set(moved.stayed.values())))}.")
    return said


def one(delivery_id: str) -> str:
    """Have one delivery worked again: its message moved back, or its job queued. Raises as `all_of`."""
    delivery = deliveries.get(delivery_id)
    if delivery is None:
        raise Absent("There is no such delivery.")
    if delivery.ended_well:
        raise Refusal(f"This delivery ended meanwhile: {delivery.state}. There is nothing to do.")
    return doors.of(delivery).again(delivery_id)
