"""A delivery: what an asynchronous door took in, and how it ended.

A delivery is `received`, then `accepted` when its message or job is queued, then one of the ends.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from config import times

End = Literal["created", "updated", "duplicate", "ignored", "failed"]
State = Literal["received", "accepted", "created", "updated", "duplicate", "ignored", "failed"]

ENDED_WELL: frozenset[State] = frozenset({"created", "updated", "duplicate", "ignored"})
GRACE = timedelta(minutes=15)  # what a delivery has to come to an end


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One thing that a door took in. `key` is the sender's own name for it, `fingerprint` the hash of its JSON."""

    delivery_id: str
    door: str
    customer_id: str
    key: str
    state: State = "received"
    fingerprint: str = ""
    ticket_id: str | None = None
    request_id: str = "-"
    received_at: str = ""
    ended_at: str = ""  # well, or its last try
    attempts: int = 0
    error: str | None = None
    set_aside: str | None = None  # by whom and why
    details: dict[str, Any] = field(default_factory=dict)  # what the door wants to answer again to a repeat

    @property
    def ended_well(self) -> bool:
        """Whether nothing is left to be done about it."""
        return self.state in ENDED_WELL

    @property
    def is_late(self) -> bool:
        """Whether it should have ended by now."""
        return self.received_at < ago(GRACE)


def ago(span: timedelta) -> str:
    """The moment so long ago, in the record's form."""
    return times.stamp(datetime.now(UTC) - span)
