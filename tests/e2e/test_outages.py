"""AWS goes away and comes back, and strangers write into the queues: everything is worked, and no program ends."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from config import aws
from config.aws import sqs
from tests import databases
from tests.config.consumer.test_celery_tasks import FOREIGN
from tests.e2e import doors
from tests.e2e.copy import Copy, environment, running, within
from tests.local_aws import pointed_at

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

PROGRAMS = ("foyer:worker0", "foyer:worker1", "foyer:beat", "foyer:consume")
WORKED_SECONDS = 30  # a few are enough, but for a machine that is busy
MOST_LINES = 20  # in a program's log, for each outage


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of these tests' own: what strangers sent stays in it."""
    folder = tmp_path_factory.mktemp("outages")
    with databases.fresh(folder) as database, running(environment(folder, database)) as started:
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


def indexed(copy: Copy, where: str = "1 = 1") -> list[str]:
    query = f"SELECT ticket_id FROM ticketing_indexedticket WHERE {where}"  # noqa: S608 - our own words
    return [row[0] for row in databases.rows(copy.environment["DATABASE_URL"], query)]


def taken(copy: Copy, number: int) -> str:
    """A submission and a webhook, sent until they are taken. Returns the submission's ticket."""

    def send() -> str:
        submitted = doors.submission(copy, f"outage {number}", f"outage-{number}")
        called = doors.zendesk(copy, number)
        return submitted.json()["ticket_id"] if submitted.status_code == called.status_code == 202 else ""

    return within(60, send)


def lines(copy: Copy) -> dict[str, list[str]]:
    names = ("worker0", "worker1", "beat", "consume")
    return {name: (copy.folder / "log" / f"{name}.log").read_text().splitlines() for name in names}


@pytest.mark.parametrize(
    ("away", "number"), [(stopped, 9001), (hung, 9002), (stopped, 9003)], ids=["stopped", "hung", "stopped again"]
)
def test_after_an_outage_everything_is_worked_without_a_restart(
    copy: Copy, away: Callable[[Copy, float], None], number: int
) -> None:
    before, pids = lines(copy), [copy.pid_of(program) for program in PROGRAMS]
    zendesk = len(indexed(copy, "channel = 'zendesk'"))
    away(copy, 7)
    ticket = taken(copy, number)
    within(WORKED_SECONDS, lambda: ticket in indexed(copy))
    within(WORKED_SECONDS, lambda: len(indexed(copy, "channel = 'zendesk'")) > zendesk)
    assert len(indexed(copy, "channel = 'zendesk'")) == zendesk + 1
    assert [copy.pid_of(program) for program in PROGRAMS] == pids
    written = {name: now[len(before[name]) :] for name, now in lines(copy).items()}
    assert {name: new for name, new in written.items() if len(new) > MOST_LINES} == {}


def test_what_strangers_write_into_the_queues_stops_nobody(copy: Copy) -> None:
    queues = ("FoyerJobs", "PriorityTicketsQueue", "GeneralTicketsQueue", "AnalyticsQueue")
    pids = [copy.pid_of(program) for program in PROGRAMS]
    zendesk = len(indexed(copy, "channel = 'zendesk'"))
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        for queue in (*queues, "TicketSubmissions"):
            for body in FOREIGN.values():
                sqs.send(queue, body)
        ticket = taken(copy, 9100)
        within(WORKED_SECONDS, lambda: ticket in indexed(copy))
        within(WORKED_SECONDS, lambda: len(indexed(copy, "channel = 'zendesk'")) == zendesk + 1)
        for queue in queues:
            within(WORKED_SECONDS, lambda name=queue: sqs.count(f"{name}DLQ") == len(FOREIGN))  # type: ignore[misc]
            aside = sqs.receive(f"{queue}DLQ", 10, 0)
            assert aside
            assert all(one.attributes["cause"]["StringValue"] for one in aside)
        aws.forget_clients()
    assert [copy.pid_of(program) for program in PROGRAMS] == pids
