"""What the desk promised to send to another system. Each is a delivery, so that people see how it ends where they look.

It is written together with what shall be sent, as `accepted`, so that the promise cannot be lost.
"""

from collections.abc import Iterable, Iterator

from config import aws
from config.batched import batched
from ticketing.deliveries.delivery import Delivery
from ticketing.deliveries.store import DELIVERIES, PARTITIONS, from_item, new_item, partition

_HUNDRED = 100  # that one call reads


def promised(delivery: Delivery) -> aws.Put:
    """The action that writes it down, for a transaction of another table."""
    item = new_item(delivery) | {"unfinished": partition(delivery.delivery_id)}
    return aws.Put(item, "attribute_not_exists(delivery_id)", DELIVERIES)


def reopen(delivery_id: str) -> bool:
    """Make a failed one `accepted` again. False if it has not failed, or does not exist."""
    listed = {":accepted": "accepted", ":failed": "failed", ":partition": partition(delivery_id)}
    update = "SET #state = :accepted, unfinished = :partition REMOVE set_aside, ended_at, #error"
    try:
        DELIVERIES.update(aws.Update({"delivery_id": delivery_id}, update, "#state = :failed", listed))
    except aws.Conflict:
        return False
    return True


def several(delivery_ids: Iterable[str]) -> Iterator[Delivery]:
    """Those of the deliveries that exist, in no order. Takes one AWS call for a hundred of them."""
    for some in batched(delivery_ids, _HUNDRED):
        yield from map(from_item, DELIVERIES.get_all({"delivery_id": one} for one in some))


def waiting(door: str) -> Iterator[Delivery]:
    """Every one of this door that has not ended, in no order. Read as it is needed."""
    for number in range(PARTITIONS):
        found = DELIVERIES.query(
            "unfinished = :name",
            {":name": str(number), ":door": door, ":accepted": "accepted"},
            only_if="#door = :door AND #state = :accepted",
            index="UnfinishedIndex",
        )
        yield from map(from_item, found)
