"""The desk's ways to try again what did not end well. Each function returns a sentence for the person."""

from audit import trail
from audit.actions import Action
from config.consumer import redrive
from config.refusals import Absent, Refusal
from ticketing import deliveries
from ticketing.deliveries import doors, unfinished
from ticketing.tickets import ids


def all_of(queue_name: str) -> str:
    """Move the messages of a dead-letter queue back, except those of deliveries that somebody has set aside.

    One request moves what it can in `doors.SECONDS`. Call it again for the rest. Raises Absent if there is no such
    queue, Refusal if AWS rejected some of the messages, and aws.AwsError. What was moved before stays moved.
    """
    try:
        way = redrive.way(queue_name)
    except redrive.UnknownQueue as error:
        raise Absent(str(error)) from None
    trail.record(Action.QUEUE_REDRIVEN, target=f"queue {way.name}")
    aside = {one.delivery_id for one in unfinished.all_set_aside()}
    moved = redrive.move(way, seconds=doors.SECONDS, leave_out=lambda record: bool(aside & way.delivery_ids(record)))
    said = f"{moved.count} of the {moved.seen} messages seen in {way.dead_letters} went back to {way.name}."
    if moved.stayed:
        raise Refusal(f"{said} The others stay: {', '.join(sorted(set(moved.stayed.values())))}.")
    return said


def of_ticket(ticket_id: str, delivery_id: str) -> str:
    """As `one`, for what the ticket's page shows. Raises Absent as well if the delivery is another ticket's."""
    delivery = deliveries.get(delivery_id) if ids.is_id(delivery_id) else None
    if delivery is None or delivery.ticket_id != ticket_id:
        raise Absent("This ticket has no such answer.")
    return one(delivery_id)


def one(delivery_id: str) -> str:
    """Try one delivery again: move its message back, or queue its Celery task.

    Raises Absent if there is no such delivery or message, Refusal if it has ended well meanwhile, and aws.AwsError.
    """
    delivery = deliveries.get(delivery_id)
    if delivery is None:
        raise Absent("There is no such delivery.")
    if delivery.ended_well:
        raise Refusal(f"This delivery ended meanwhile: {delivery.state}. There is nothing to do.")
    trail.record(Action.DELIVERY_TRIED_AGAIN, target=f"delivery {delivery_id}")
    return doors.of(delivery).again(delivery_id)
