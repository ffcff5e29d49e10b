"""Other messages with one pointer: their object goes when the first of them has become a ticket.

What became of a pointer is a delivery of its own, under an id that is derived from the pointer. The door's own messages
need none: all messages of a submission have one delivery.
"""

from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.submissions.pointers import Pointer
from ticketing.tickets import ids


def remember(pointer: Pointer, delivery: Delivery, ticket_id: str) -> None:
    """Write down that another program's pointer has become this ticket. Raises aws.AwsError."""
    if not delivery.fingerprint:
        deliveries.put_ended(
            Delivery(
                delivery_id=_id(pointer, delivery),
                door=delivery.door,
                customer_id=delivery.customer_id,
                key=pointer.key,
                state="created",
                ticket_id=ticket_id,
            )
        )


def ticket_of(pointer: Pointer, delivery: Delivery) -> str | None:
    """The ticket that another message with this pointer has become, if it can be told. Raises aws.AwsError."""
    twin = deliveries.get(_id(pointer, delivery))
    return twin.ticket_id if twin else None


def _id(pointer: Pointer, delivery: Delivery) -> str:
    """The size is a part of it, in case a program uses a key again."""
    return ids.keyed_id(delivery.customer_id, "pointer in a message", f"{pointer.bucket} {pointer.size} {pointer.key}")
