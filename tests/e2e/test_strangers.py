"""Strangers write into the queues: what stands beside their messages is worked, and no program ends."""

from collections.abc import Iterator

import pytest

from config import aws
from config.aws import sqs
from tests.config.consumer.test_celery_tasks import FOREIGN
from tests.e2e import doors
from tests.e2e.copy import Copy, fresh, within
from tests.local_aws import pointed_at

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

QUEUES = ("FoyerJobs", "PriorityTicketsQueue", "GeneralTicketsQueue", "AnalyticsQueue")
WORKED_SECONDS = 30  # a few are enough, but for a machine that is busy


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of this test's own: what strangers sent stays in it."""
    with fresh(tmp_path_factory.mktemp("strangers")) as started:
        yield started


def set_aside(queue: str) -> bool:
    return sqs.count(f"{queue}DLQ") == len(FOREIGN)


def test_what_strangers_write_into_the_queues_stops_nobody(copy: Copy) -> None:
    pids, zendesk = copy.pids(), len(copy.indexed("channel = 'zendesk'"))
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        for queue in (*QUEUES, "TicketSubmissions"):
            for body in FOREIGN.values():
                sqs.send(queue, body)
        submitted = doors.submission(copy, "beside strangers")
        assert submitted.status_code == doors.zendesk(copy, 9100).status_code == 202
        within(WORKED_SECONDS, lambda: submitted.json()["ticket_id"] in copy.indexed())
        within(WORKED_SECONDS, lambda: len(copy.indexed("channel = 'zendesk'")) == zendesk + 1)
        for queue in QUEUES:
            within(WORKED_SECONDS, lambda name=queue: set_aside(name))  # type: ignore[misc]
        within(WORKED_SECONDS, lambda: sqs.count("TicketSubmissions") == 0)  # some are worked there
        for queue in (*QUEUES, "TicketSubmissions"):
            aside = sqs.receive(f"{queue}DLQ", 10, 0)
            assert aside
            assert all(one.attributes["cause"]["StringValue"] for one in aside)
        aws.forget_clients()
    assert copy.pids() == pids


def test_a_redrive_leaves_what_strangers_write_into_the_announcers_dead_letters(copy: Copy) -> None:
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        for body in FOREIGN.values():
            sqs.send("AnnouncerDLQ", body)
        done = copy.manage("redrive", "Announcer")
        assert done.returncode == 1
        assert done.stderr.count("stays in AnnouncerDLQ: The message is no announcement of a ticket") == len(FOREIGN)
        assert sqs.count("AnnouncerDLQ") == len(FOREIGN)
        aws.forget_clients()
