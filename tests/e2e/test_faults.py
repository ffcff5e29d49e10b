"""Parts of the running product are killed while tickets come in: nothing that was acknowledged is lost or doubled."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import pytest
import requests

from config import aws
from infra.local import demo
from tests import databases
from tests.e2e import doors
from tests.e2e.copy import Copy, within
from tests.local_aws import pointed_at
from ticketing.deliveries import raw_tickets

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

RECOVERY_SECONDS = 90  # a message that a killed consumer held comes back after 30 s, a job after 120 s at most


class Senders:
    """Send tickets through three doors without a break, each again with its key until it is acknowledged."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.taken: Counter[str] = Counter()  # how many tickets each door acknowledged
        self.tickets: set[str] = set()
        self.stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(name, door), name=name)
            for name, door in {
                "itsm": lambda text, key: doors.itsm(copy, text, key),
                "routing": lambda text, key: doors.routing(copy, text, "gold", key),
                "submission": lambda text, key: doors.submission(copy, text, key),
            }.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, name: str, door: Callable[[str, str], requests.Response]) -> None:
        number = 0
        while not self.stop.is_set():
            key = f"{name}-{time.time()}-{number}"
            self.tickets.add(self._until_acknowledged(door, f"{name} {number}", key))
            self.taken[name] += 1
            number += 1
            time.sleep(0.05)

    def wait_for(self, more: int) -> None:
        """Return when each door has acknowledged so many more tickets, however slow the machine is."""
        before = self.taken.copy()
        within(
            RECOVERY_SECONDS,
            lambda: all(self.taken[thread.name] >= before[thread.name] + more for thread in self._threads),
        )

    @staticmethod
    def _until_acknowledged(door: Callable[[str, str], requests.Response], text: str, key: str) -> str:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = door(text, key)
                if answer.status_code in (201, 202):
                    return str(answer.json()["ticket_id"])
            except requests.RequestException:
                pass  # it may have been taken all the same: the key makes the repeat harmless
            assert time.monotonic() < deadline, "no door opened for a minute"
            time.sleep(0.2)


def _kill(copy: Copy, program: str, number: signal.Signals) -> None:
    os.kill(copy.pid_of(program), number)


def _kill_web_worker(copy: Copy) -> None:
    """One of gunicorn's workers, not its master."""
    os.kill(_children(copy.pid_of("foyer:web"))[0], signal.SIGKILL)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _indexed(copy: Copy, where: str = "1 = 1") -> set[str]:
    """What the index has, which only announcements fill."""
    query = f"SELECT ticket_id FROM ticketing_indexedticket WHERE {where}"  # noqa: S608 - our own words
    return {row[0] for row in databases.rows(copy.environment["DATABASE_URL"], query)}


FAULTS: dict[str, Callable[[Copy], Any]] = {
    "a web worker": _kill_web_worker,
    "the web server": lambda copy: _kill(copy, "foyer:web", signal.SIGKILL),
    "a worker": lambda copy: _kill(copy, "foyer:worker0", signal.SIGKILL),
    "a consumer": lambda copy: _kill(copy, "foyer:consume", signal.SIGKILL),
    "the local AWS": lambda copy: _kill(copy, "aws", signal.SIGTERM),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_acknowledged_is_lost_when_something_dies(copy: Copy, fault: str) -> None:
    with Senders(copy) as senders:
        senders.wait_for(2)
        FAULTS[fault](copy)
        senders.wait_for(10)
    within(RECOVERY_SECONDS, lambda: senders.tickets <= _indexed(copy))
    checked = copy.manage("reindex", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.long
def test_a_zendesk_ticket_survives_the_worker_that_held_it(copy: Copy) -> None:
    known = _zendesk_tickets(copy) | _ids_of(demo.ZENDESK)  # which may still be on their way
    answers = [doors.zendesk(copy, number) for number in range(7000, 7010)]
    for worker in ("foyer:worker0", "foyer:worker1"):
        _kill(copy, worker, signal.SIGKILL)
    assert {answer.status_code for answer in answers} == {202}
    within(180, lambda: _zendesk_tickets(copy) >= _ids_of(range(7000, 7010)))
    assert _zendesk_tickets(copy) - known == _ids_of(range(7000, 7010))


def test_an_item_of_another_program_is_at_the_desk_within_five_seconds(copy: Copy) -> None:
    ticket_id = f"erp-{time.time()}"
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        item = aws.to_wire({"ticket_id": ticket_id, "item": "TICKET"})
        aws.client("dynamodb").put_item(TableName="poc-itsm-tickets", Item=item)
    within(5, lambda: ticket_id in _indexed(copy))


def _zendesk_tickets(copy: Copy) -> set[str]:
    return _indexed(copy, "channel = 'zendesk'")


def _ids_of(numbers: Iterable[int]) -> set[str]:
    """The ids of our tickets that stand for Zendesk's."""
    return {raw_tickets.ticket_key(str(number)).keyed_id for number in numbers}
