"""The pipeline's metrics: how many tickets came in, how long they took, and how many failed.

They are counted in memory and sent later (config/aws/metrics.py), so no request and no task waits for them.
"""

import math
import time
from datetime import UTC, datetime
from typing import Final

from config import times
from config.aws import metrics
from ticketing.deliveries import End

NAMESPACE: Final = "SMEFinder/Pipeline"
QUIET_SECONDS: Final = 50.0  # a little less than the minute after which beat asks again, since beat is never exact

_sampled: dict[str, float] = {}  # when this process last added to a metric, by the metric's name


def ingested() -> None:
    """Count a delivery that was taken in. Whoever runs it again does not call this."""
    metrics.add(NAMESPACE, "TicketIngested", 1)


def embedded(received_at: str) -> None:
    """Count how long a delivery took from its arrival (a time of the record) to the embedding function, now."""
    if arrived := times.parse(received_at):
        took = (datetime.now(UTC) - arrived).total_seconds() * 1000
        metrics.add(NAMESPACE, "EndToEndLatency", max(took, 0.0), "Milliseconds")  # two machines' clocks may differ


def ended(end: End) -> None:
    """Count how a delivery ended: 100 if it failed, else 0, so that the average is the rate."""
    _sampled["ErrorRate"] = time.monotonic()
    metrics.add(NAMESPACE, "ErrorRate", 100.0 if end == "failed" else 0.0, "Percent")


def nothing_ended() -> None:
    """Give the error rate a 0, unless this process has given it a sample within the last minute."""
    if time.monotonic() - _sampled.get("ErrorRate", -math.inf) >= QUIET_SECONDS:
        ended("ignored")
