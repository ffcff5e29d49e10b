"""A delivery: what an asynchronous door received, and how it ended.

A delivery is `received`, then `accepted` when its message or job is queued, then one of the ends.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from config import times

End = Literal["created", "updated", "duplicate", "ignored", "failed"]
State = Literal["received", "accepted", "created", "updated", "duplicate", "ignored", "failed"]

ENDED_WELL: frozenset[State] = frozenset({"created", "updated", "duplicate", "ignored"})
GRACE = timedelta(minutes=15)  # how long a delivery may take to end


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One thing that a door received, such as a submission or a webhook."""

    delivery_id: str
    door: str
    customer_id: str
    key: str  # the sender's own name for it
    state: State = "received"
    fingerprint: str = ""  # SHA-256 of its JSON
    ticket_id: str | None = None
    request_id: str = "-"
    received_at: str = ""
    ended_at: str = ""  # when it ended well, or when its last try failed
    attempts: int = 0
    error: str | None = None
    note: str | None = None  # what staff should know although it ended well
    set_aside: str | None = None  # who did so, and why
    sender: str | None = None  # the request that is queueing its message now, if its door takes turns at that
    sending_since: str = ""
    # Of a delivery that takes several runs: how many comments were `fetched`, and how many are `there`, `of` how many.
    # `at` is when that was noted, `runs` how many runs went on before, and `died` that a worker died over it. Empty for
    # most, and after a good end.
    progress: dict[str, Any] = field(default_factory=dict)
    erased: bool = False  # its ticket was erased, and with it what was said here
    details: dict[str, Any] = field(default_factory=dict)  # what a repeat is answered, and what the worker needs

    @property
    def ended_well(self) -> bool:
        """Whether nothing is left to be done about it."""
        return self.state in ENDED_WELL

    @property
    def refused(self) -> bool:
        """Whether the door refused it, and wrote it down only so that staff see it: there is nothing to try again."""
        return bool(self.details.get("refused"))

    @property
    def is_late(self) -> bool:
        """Whether it should have ended by now."""
        return self.received_at < ago(GRACE)


def ago(span: timedelta) -> str:
    """The time that long ago, in the record's form."""
    return times.stamp(datetime.now(UTC) - span)
