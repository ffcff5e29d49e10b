"""How available the doors are that take tickets in, as metrics: one sample for each request, 1 for a fault, else 0.

A fault is ours: a 5xx. A 4xx is not. The average is the share of faults, the sample count the number of requests. Each
sample is published twice:

- as `ApplicationSignals` `Fault`, one figure for an operation. The alarms and objectives in `infra/stack.yaml` use it,
  since CloudWatch adds nothing up over dimensions by itself.
- as `Foyer` `SubmitTicketFault` and `PostTicketsFault`, by door and tier, to find the cause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from config.aws import metrics

SERVICE: Final = "Foyer"
UNKNOWN: Final = "unknown"  # the tier of a request that failed before it was known whose it is


@dataclass
class Attempt:
    """Something under way; say the tier as soon as it is known."""

    tier: str = UNKNOWN


@dataclass(frozen=True)
class ServiceLevel:
    """What is counted, submitting or making tickets, and for which door."""

    operation: Literal["SubmitTicket", "PostTickets"]
    door: str

    def count(self, *, fault: bool, tier: str) -> None:
        """Count one request in."""
        metrics.add("Foyer", f"{self.operation}Fault", float(fault), Door=self.door, Tier=tier)
        metrics.add("ApplicationSignals", "Fault", float(fault), Service=SERVICE, Operation=self.operation)

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Count the block in: a fault if an exception comes out of it, which goes on to the caller."""
        attempt, fault = Attempt(), True
        try:
            yield attempt
            fault = False
        finally:
            self.count(fault=fault, tier=attempt.tier)
