"""A ticket of 5,000 comments comes in although its worker is killed all the time, and one more comment costs little."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import aws
from config.aws.patience import patiently
from config.consumer import queue_loop
from config.consumer.sources import Source, sources
from ingestion.zendesk import intake
from tests.e2e.copy import ROOT
from tests.standins import embedding
from tests.standins.zendesk import ZendeskStandIn
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.record import store

# With the local AWS of the other tests, and none of their copies of the product.
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500), pytest.mark.xdist_group("local-aws")]

COMMENTS = 5_000
PAGE_SECONDS = 0.4
KILLED_EVERY = 20.0  # seconds
LONGEST = 1_200.0
MOST_CALLS = 60
TICKET_ID = raw_tickets.ticket_key("12345").keyed_id


@pytest.fixture
def zendesk(settings: Any) -> Iterator[ZendeskStandIn]:
    """Zendesk with one ticket of so many comments beside the one that repeats its description."""
    with ZendeskStandIn(delay=PAGE_SECONDS) as standin:
        standin.lengths[12345] = COMMENTS + 1
        settings.ZENDESK_API_URL, settings.ZENDESK_EMAIL = standin.url, standin.auth[0].removesuffix("/token")
        settings.ZENDESK_API_TOKEN = standin.auth[1]
        settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_OAUTH_CLIENT_SECRET = ""
        yield standin


class Worker:
    """`manage.py worker`, which is killed and started anew."""

    def __init__(self, zendesk: ZendeskStandIn, log: Path) -> None:
        self.kills, self._log = 0, log
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_DEBUG": "1",
            "ZENDESK_API_URL": zendesk.url,
            "ZENDESK_EMAIL": zendesk.auth[0].removesuffix("/token"),
            "ZENDESK_API_TOKEN": zendesk.auth[1],
        }

    def work(self, seconds: float, delivery_id: str) -> Delivery:
        """Start it and kill it after so many seconds, or once the delivery has ended. Returns the delivery."""
        with self._log.open("ab") as log:
            command = [sys.executable, "manage.py", "worker"]
            process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        try:
            ends = time.monotonic() + seconds
            while (delivery := _delivery(delivery_id)).state == "accepted" and time.monotonic() < ends:
                assert process.poll() is None, self._log.read_text()
                time.sleep(0.5)
        finally:
            process.kill()
            process.wait()
        self.kills += 1
        return delivery


def _delivery(delivery_id: str) -> Delivery:
    found = deliveries.get(delivery_id)
    assert found
    return found


@pytest.mark.usefixtures("local_aws")
def test_five_thousand_comments_come_in_each_once_and_in_order_and_one_more_costs_little(
    zendesk: ZendeskStandIn, calls: list[str], tmp_path: Path
) -> None:
    embedding.create(aws.client("lambda"))
    worker, began, told = Worker(zendesk, tmp_path / "worker.log"), time.monotonic(), set[str]()
    delivery_id = intake.take_in("12345", "first")
    while (delivery := worker.work(KILLED_EVERY, delivery_id)).state == "accepted":
        assert time.monotonic() - began < LONGEST, delivery
        told.update(name for name in ("fetched", "there") if name in delivery.progress)
    _print(f"{worker.kills} workers, {time.monotonic() - began:.0f} s, {len(zendesk.calls)} requests to Zendesk")
    assert (delivery.state, delivery.error) == ("created", None)
    assert "fetched" in told
    _check(COMMENTS)

    zendesk.lengths[12345] += 1
    calls.clear()
    delivery_id = intake.take_in("12345", "second")
    while _state(delivery_id) == "accepted":
        queue_loop.work_once(_tasks(), 1)
    _print(f"one comment more: {len(calls)} AWS calls: {', '.join(calls)}")
    assert len(calls) <= MOST_CALLS
    assert _state(delivery_id) == "updated"
    _check(COMMENTS + 1)


def _tasks() -> Source:
    [tasks] = (one for one in sources() if one.kind == "tasks")
    return tasks


def _state(delivery_id: str) -> str:
    return _delivery(delivery_id).state


def _check(count: int) -> None:
    ticket = patiently(service.get_ticket, TICKET_ID, None)
    comments = patiently(lambda: list(store.all_comments(TICKET_ID)))  # on a busy machine a page takes seconds
    assert (ticket.comment_count, ticket.version, ticket.arriving) == (count, count + 1, None)
    assert len(comments) == count
    times = [one.created_at for one in comments]
    assert times == sorted(set(times))  # Zendesk's comments are seven minutes apart


def _print(line: str) -> None:
    """Say it to whoever runs this by hand, with `-s`."""
    sys.stdout.write(f"\n{line}\n")
