"""Deliveries: what an asynchronous door received, and how it ended.

Three modules are not exported here. `unfinished` is the list of deliveries that have not ended well. `doors` has what
is special to each door. `raw_tickets` stores the documents that a door keeps as they came.
"""

from ticketing.deliveries.delivery import ENDED_WELL, GRACE, Delivery, End, State, ago
from ticketing.deliveries.store import (
    ASIDE,
    accept,
    attempt,
    claim,
    erase,
    finish,
    get,
    progressed,
    put_ended,
    receive,
    release,
    scan,
    set_aside,
    take_back,
)

__all__ = [
    "ASIDE",
    "ENDED_WELL",
    "GRACE",
    "Delivery",
    "End",
    "State",
    "accept",
    "ago",
    "attempt",
    "claim",
    "erase",
    "finish",
    "get",
    "progressed",
    "put_ended",
    "receive",
    "release",
    "scan",
    "set_aside",
    "take_back",
]
