"""Deliveries: what an asynchronous door took in, and how it ended.

Beside this face stand `unfinished` (the list of those that have not ended well), `doors` (what is special to each door)
and `raw_tickets` (the documents that a door keeps as they came).
"""

from ticketing.deliveries.delivery import ENDED_WELL, GRACE, Delivery, End, State, ago
from ticketing.deliveries.store import ASIDE, accept, attempt, finish, get, receive, scan, set_aside, take_back

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
    "finish",
    "get",
    "receive",
    "scan",
    "set_aside",
    "take_back",
]
