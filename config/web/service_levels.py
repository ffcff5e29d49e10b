"""How available the doors for tickets are, as metrics: one sample for each request, 1 for a fault, else 0.

A fault is ours: a 5xx, not a 4xx. The average of the samples is the share of faults, and their count is the number of
requests. Each sample is published twice:

- as `ApplicationSignals` `Fault`, one figure for an operation. The alarms and objectives in `infra/stack.yaml` use it,
  since CloudWatch does not add up over dimensions by itself.
- as `Foyer` `SubmitTicketFault` and `PostTicketsFault`, by door and tier, to find the cause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from config.aws import metrics

SERVICE: Final = "Foyer"
UNKNOWN: Final = "unknown"  # the tier of a request that failed before its caller was known


@dataclass
class Attempt:
    """A request or message under way. Set `tier` as soon as it is known."""

    tier: str = UNKNOWN


@dataclass(frozen=True)
class ServiceLevel:
    """What is counted, submitting or creating tickets, and for which door."""

    operation: Literal["SubmitTicket", "PostTickets"]
    door: str

    def count(self, *, fault: bool, tier: str) -> None:
        """Count one request."""
        metrics.add("Foyer", f"{self.operation}Fault", float(fault), Door=self.door, Tier=tier)
        metrics.add("ApplicationSignals", "Fault", float(fault), Service=SERVICE, Operation=self.operation)

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Count the block as one request. An exception that leaves it is a fault, and goes on to the caller."""
        attempt, fault = Attempt(), True
        try:
            yield attempt
            fault = False
        finally:
            self.count(fault=fault, tier=attempt.tier)
