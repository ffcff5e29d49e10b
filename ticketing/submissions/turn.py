"""Of several requests with one key, one queues the message at a time. The others wait for its answer and repeat it.

The delivery names the request whose turn it is (`sender`). Every change of the name is a conditional write, so there is
never a second one. A request that died loses its turn after a while, by the clock. If clocks are wrong, two messages
may be queued; the worker then still makes one ticket.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from config import deadline, times
from config.refusals import Busy
from ticketing import deliveries
from ticketing.deliveries import Delivery

WAIT_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 0.1
# A request ends within ten seconds, and two clocks may differ by as much. `Retry-After: 30` comes after that.
TURN: Final = timedelta(seconds=20)
_BUSY = "Another request with this Idempotency-Key is being accepted: send it again in half a minute"


def take(known: Delivery, me: str) -> Delivery:
    """Wait until another request has queued the message, or until it is this one's turn to do so.

    Returns the delivery as it is then: `is_answered`, or with `me` as its sender. Raises Busy if neither happens within
    three seconds or before the request's deadline. Raises aws.AwsError.
    """
    for one in _looks(known):
        if is_answered(one) or one.sender == me:  # it may be mine: the write was done, but its answer was lost
            return one
        if _is_free(one) and deliveries.claim(one, me):
            return replace(one, sender=me)
    raise Busy(_BUSY)


def is_answered(delivery: Delivery) -> bool:
    """Whether its message is queued, and a repeat can be answered as the first request was."""
    return "messageId" in delivery.details


def _looks(known: Delivery) -> Iterator[Delivery]:
    """The delivery as it is now, again and again."""
    yield known
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end and not deadline.passed():
        time.sleep(LOOK_SECONDS)
        yield deliveries.get(known.delivery_id) or known


def _is_free(delivery: Delivery) -> bool:
    """Whether nobody is queueing its message: nobody took a turn, gave it back, or can still be at it."""
    since = times.parse(delivery.sending_since)
    return delivery.sender is None or since is None or abs(datetime.now(UTC) - since) > TURN
