"""How fast Zendesk's webhook is answered, while Zendesk itself answers and while it stalls, in turns on one copy.

Zendesk gives a webhook up after ten seconds, so that its answer must not wait for anything that Zendesk says.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e import doors
from tests.e2e.copy import Copy, fresh
from tests.standins.zendesk import ZendeskStandIn

ROUNDS = 5
WEBHOOKS = 60  # a round, one after the other
FIRST_ID = 300_000
STALL_SECONDS = 9.0
MOST_TIMES = 1.5  # of the median while Zendesk answers
MOST_MILLISECONDS = 1_000  # p99


@contextmanager
def _zendesk(copy: Copy) -> Iterator[ZendeskStandIn]:
    copy.control("stop", "zendesk")
    oauth = (copy.secret("ZENDESK_OAUTH_CLIENT_ID"), copy.secret("ZENDESK_OAUTH_CLIENT_SECRET"))
    with ZendeskStandIn(int(copy.environment["ZENDESK_STANDIN_PORT"]), oauth=oauth) as standin:
        yield standin


def _milliseconds(copy: Copy, first: int) -> list[float]:
    """How long each of one round's webhooks took."""
    took = []
    for number in range(first, first + WEBHOOKS):
        began = time.perf_counter()
        answer = doors.zendesk(copy, number)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 202, answer.text
    return took


def measure() -> bool:
    """Print both medians and p99s. Returns whether a Zendesk that stalls made the webhook no slower."""
    took: dict[float, list[float]] = {0.0: [], STALL_SECONDS: []}
    with TemporaryDirectory(prefix="foyer-bench-") as folder, fresh(Path(folder)) as copy, _zendesk(copy) as zendesk:
        for number in range(ROUNDS * 2):
            zendesk.delay = (0.0, STALL_SECONDS)[number % 2]
            took[zendesk.delay] += _milliseconds(copy, FIRST_ID + number * WEBHOOKS)
    well, stalled = took.values()
    times = statistics.median(stalled) / statistics.median(well)
    for name, values in (("answers", well), ("stalls", stalled)):
        print(f"  webhook while Zendesk {name:8} {statistics.median(values):7.1f} {_p99(values):7.1f}")
    print(
        f"  stalled, the median is {times:.2f} times the other, at most {MOST_TIMES}; p99 at most {MOST_MILLISECONDS}"
    )
    return times <= MOST_TIMES and _p99(stalled) <= MOST_MILLISECONDS


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
