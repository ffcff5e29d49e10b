"""AWS goes away and comes back: everything is worked, and no program ends."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e import doors
from tests.e2e.copy import Copy, fresh, within

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

WORKED_SECONDS = 30  # a few are enough, but for a machine that is busy
MOST_LINES = 20  # in a program's log, for each outage


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of these tests' own: no other test meets the outages."""
    with fresh(tmp_path_factory.mktemp("outages")) as started:
        yield started


def stopped(copy: Copy, seconds: float) -> None:
    copy.control("stop", "aws")
    time.sleep(seconds)
    copy.control("start", "aws")


def hung(copy: Copy, seconds: float) -> None:
    pid = copy.pid_of("aws")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


def taken(copy: Copy, number: int) -> str:
    """A submission and a webhook, sent until they are taken. Returns the submission's ticket."""

    def send() -> str:
        submitted = doors.submission(copy, f"outage {number}", f"outage-{number}")
        called = doors.zendesk(copy, number)
        return submitted.json()["ticket_id"] if submitted.status_code == called.status_code == 202 else ""

    return within(60, send)


@pytest.mark.parametrize(
    ("away", "number"), [(stopped, 9001), (hung, 9002), (stopped, 9003)], ids=["stopped", "hung", "stopped again"]
)
def test_after_an_outage_everything_is_worked_without_a_restart(
    copy: Copy, away: Callable[[Copy, float], None], number: int
) -> None:
    before, pids = copy.logs(), copy.pids()
    zendesk = len(copy.indexed("channel = 'zendesk'"))
    away(copy, 7)
    ticket = taken(copy, number)
    within(WORKED_SECONDS, lambda: ticket in copy.indexed())
    within(WORKED_SECONDS, lambda: len(copy.indexed("channel = 'zendesk'")) > zendesk)
    assert len(copy.indexed("channel = 'zendesk'")) == zendesk + 1
    assert copy.pids() == pids
    written = {name: now[len(before[name]) :] for name, now in copy.logs().items()}
    assert {name: new for name, new in written.items() if len(new) > MOST_LINES} == {}
