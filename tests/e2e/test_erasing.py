"""A person with tickets through every door is erased while tickets come in and workers die: nothing is left of them.

With the environment's `TICKETS=300` they have three hundred, which takes some minutes more.
"""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from config import aws
from config.aws import sqs
from config.consumer.dead_letters import SUFFIX
from tests.e2e import doors
from tests.e2e.copy import ROOT, Copy, fresh, within
from tests.local_aws import pointed_at
from tests.standins import zendesk_data as data

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(2400)]

log = logging.getLogger(__name__)

COUNT = int(os.environ.get("TICKETS", "30"))
WORD = "Quaggaburg"  # in everything that the person says
NUMBERS = [
    one for one in range(51_001, 60_000, len(data.REQUESTERS)) if one % 1000 != data.BY_AN_AGENT and one % 100 != 77
]
EMAIL = data.users(NUMBERS[0])[0]["email"]
WORDS = (WORD, EMAIL)
WORKED_SECONDS = 600
ERASED_SECONDS = 1200
KILL_SECONDS = 10
LATE = 20  # tickets of theirs that come in through two doors meanwhile


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of this test's own."""
    with fresh(tmp_path_factory.mktemp("erasing")) as started:
        yield started


def manage(copy: Copy, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command that may take minutes."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=copy.environment, capture_output=True, text=True, timeout=ERASED_SECONDS, check=False
    )


def left(copy: Copy) -> list[str]:
    """Where the person's words are, as a script that knows nothing of the product finds them."""
    script = Path(__file__).with_name("grep_everything.py")
    where = (copy.secret("AWS_ENDPOINT_URL"), str(copy.folder), copy.environment["DATABASE_URL"])
    done = subprocess.run(
        [sys.executable, "-P", str(script), *where, *WORDS], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# --- The person's tickets -----------------------------------------------------------------------------


def through_itsm(copy: Copy, number: int) -> str:
    """With tags, attributes, comments, and every third with a description that goes to S3."""
    token = copy.tokens["general", "itsm"]
    long = f"{WORD} " * (40_000 if number % 3 == 0 else 3)
    body = {"caller_id": EMAIL, "subject": f"{WORD} {number}", "issue_description": long, "tags": [WORD]}
    body |= {"attributes": {"said": WORD}}
    made: str = doors.post(copy, "/itsm/tickets", body, token, f"{WORD}-{number}").json()["ticket_id"]
    comment = {"comment": f"And {WORD}", "author": EMAIL}
    assert doors.post(copy, f"/itsm/tickets/{made}/comments", comment, token, f"{WORD}-c{number}").status_code == 201
    return made


def through_submission(copy: Copy, number: int) -> str:
    size = 300_000 if number % 5 == 0 else 10  # the large ones go through S3
    body = {"caller_id": EMAIL, "subject": WORD, "description": f"{WORD} " + os.urandom(size).hex()}
    token = copy.tokens["general", "submit"]
    answer = doors.post(copy, "/ticketing/submissions", body, token, f"{WORD}-s{number}")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["ticket_id"])


def through_zendesk(copy: Copy, number: int) -> str:
    assert doors.zendesk(copy, NUMBERS[number]).status_code == 202
    return ""


DOORS: tuple[Callable[[Copy, int], str], ...] = (through_itsm, through_submission, through_zendesk)


def a_life_of_tickets(copy: Copy, folder: Path) -> None:
    for number in range(COUNT):
        DOORS[number % len(DOORS)](copy, number)
    imported = {"caller_id": EMAIL, "issue_description": WORD, "comments": [{"comment": WORD, "author": EMAIL}]}
    file = folder / "import.jsonl"
    file.write_text(json.dumps(imported) + "\n")
    assert manage(copy, "import_tickets", str(file)).returncode == 0
    others = doors.itsm(copy, "Somebody else's").json()["ticket_id"]
    token = copy.tokens["general", "itsm"]
    said = {"comment": f"I am {WORD}", "author": EMAIL}
    assert doors.post(copy, f"/itsm/tickets/{others}/comments", said, token).status_code == 201
    wanted = len(range(0, COUNT, 3)) + len(range(1, COUNT, 3)) + 1
    within(WORKED_SECONDS, lambda: len(copy.indexed(f"caller_id = '{EMAIL}'")) >= wanted)
    desk_ids = len(range(2, COUNT, 3))
    within(WORKED_SECONDS, lambda: len(copy.indexed("channel = 'zendesk'")) >= desk_ids + 2)


def dead_letters(copy: Copy) -> None:
    """A submission of theirs, and an announcement of one of their tickets."""
    ticket_id = copy.indexed(f"caller_id = '{EMAIL}'")[0]
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        sqs.send(f"TicketSubmissions{SUFFIX}", json.dumps({"caller_id": EMAIL, "message": WORD}))
        told = {"event": "ticket.updated", "ticket_id": ticket_id, "ticket": {"issue_description": WORD}}
        sqs.send(f"AnalyticsQueue{SUFFIX}", json.dumps(told))


# --- The desk -----------------------------------------------------------------------------------------


class Desk:
    """Somebody at the desk, without a browser."""

    def __init__(self, copy: Copy) -> None:
        self.copy, self.session = copy, requests.Session()
        user, password = copy.login
        self.post(f"{copy.desk}login/?next=/desk/", username=user, password=password)

    def get(self, address: str) -> str:
        answer = self.session.get(address, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, address: str, form_at: str = "", **form: str) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(form_at or address))
        assert token
        form |= {"csrfmiddlewaretoken": token[1]}
        answer = self.session.post(address, form, headers={"Referer": address}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer

    def export(self) -> None:
        """An export of the person's tickets, and of all, kept in S3."""
        tickets, jobs = f"{self.copy.desk}ticketing/indexedticket/", f"{self.copy.desk}ticketing/job/"
        for query in (f"?q={WORD}", ""):
            self.post(f"{tickets}export/{query}", tickets)
            within(WORKED_SECONDS, lambda: "data-running" not in self.get(jobs))

    def erase(self) -> str:
        """Begin, wait for what is found, and confirm it. Returns the page's address."""
        page = self.post(f"{self.copy.desk}ticketing/erasure/", by="email", value=EMAIL).url
        within(ERASED_SECONDS, lambda: "to be confirmed" in self.get(page))
        assert "What would be erased" in self.get(page)
        assert "You can leave this page" in self.post(page, do="confirm", typed=EMAIL).text
        return page


# --- What goes on meanwhile ---------------------------------------------------------------------------


@contextmanager
def running(work: Callable[[threading.Event], Any]) -> Iterator[None]:
    """Do the work in a thread while the block lasts."""
    stop, failed = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            work(stop)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failed == []


def tickets_come_in(copy: Copy, stop: threading.Event) -> None:
    """The person's, at first, and others' all the time."""
    for number in range(1_000_000):
        if stop.wait(1):
            return
        doors.itsm(copy, f"Another {number}")
        if number < LATE:
            through_itsm(copy, COUNT + number)
            through_submission(copy, COUNT + number)


def workers_die(copy: Copy, stop: threading.Event) -> None:
    """One every ten seconds, the two by turns. Each has to be up again before the next one dies."""
    for program in cycle(("worker0", "consume", "worker1")):
        if stop.wait(KILL_SECONDS):
            return
        starts = _starts(copy, program)
        os.kill(copy.pid_of(f"foyer:{program}"), signal.SIGKILL)
        while _starts(copy, program) == starts and not stop.wait(0.5):
            pass


def _starts(copy: Copy, program: str) -> int:
    """How often a program has said that it works."""
    return sum(line.startswith("Working ") for line in copy.logs()[program])


def settled(copy: Copy) -> bool:
    """Whether all queues are empty."""
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        client = aws.client("sqs")
        urls = [one for one in client.list_queues()["QueueUrls"] if not one.endswith(SUFFIX)]
        found = [client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for url in urls]  # type: ignore[arg-type]
    return not any(int(one) for attributes in found for one in attributes.values())


def raw_documents(copy: Copy) -> dict[str, bytes]:
    """Those of the person's Zendesk tickets, as somebody may have kept them."""
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        s3, kept = aws.client("s3"), dict[str, bytes]()
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="zendesk-sme-tickets", Prefix="raw-tickets/"):
            for one in page.get("Contents", []):
                content = s3.get_object(Bucket="zendesk-sme-tickets", Key=one["Key"])["Body"].read()
                kept |= {one["Key"]: content} if EMAIL.encode() in content else {}
    return kept


def test_a_person_is_erased_while_tickets_come_in_and_workers_die_and_nothing_brings_them_back(
    copy: Copy, tmp_path: Path
) -> None:
    a_life_of_tickets(copy, tmp_path)
    desk, old = Desk(copy), tmp_path / "old.jsonl"
    desk.export()
    dead_letters(copy)
    assert manage(copy, "export_tickets", str(old)).returncode == 0
    kept = raw_documents(copy)
    before = left(copy)
    found_in = {line.split(" ")[0] for line in before}
    assert found_in >= {"table", "bucket", "queue", "sql", "file"}, before
    assert len(kept) >= COUNT // 3

    with running(lambda stop: tickets_come_in(copy, stop)), running(lambda stop: workers_die(copy, stop)):
        started = time.monotonic()
        page = desk.erase()
        within(ERASED_SECONDS, lambda: "What was erased" in desk.get(page))
        log.info("Erased at the desk in %.0f s, with workers killed", time.monotonic() - started)
    within(WORKED_SECONDS, lambda: settled(copy))
    again = manage(copy, "erase", "--email", EMAIL)  # what came in after the last look
    assert again.returncode == 0, again.stderr
    log.info(again.stdout)
    within(WORKED_SECONDS, lambda: settled(copy))
    assert left(copy) == []

    brought_back(copy, old, kept)
    reconciled = manage(copy, "reconcile")
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr


def brought_back(copy: Copy, old: Path, kept: dict[str, bytes]) -> None:
    """Try all that could bring something back, and look after each."""
    today = datetime.now(UTC).date().isoformat()
    tickets = len(copy.indexed())
    imported = manage(copy, "import_tickets", str(old))
    assert imported.returncode == 0, imported.stdout + imported.stderr
    for queue in ("TicketSubmissions", "AnalyticsQueue", "GeneralQueue", "PriorityQueue"):
        if f"{queue}{SUFFIX}" in _queue_names(copy):
            assert manage(copy, "redrive", queue).returncode == 0
    _restored(copy, kept)
    replayed = manage(copy, "replay", "--since", "2025-01-01", "--until", today)
    assert (replayed.returncode, f"{len(kept)} refused" in replayed.stderr) == (1, True), replayed.stderr
    _restored(copy, kept, gone=True)
    assert manage(copy, "reindex").returncode == 0
    within(WORKED_SECONDS, lambda: settled(copy))
    assert (left(copy), len(copy.indexed())) == ([], tickets)


def _queue_names(copy: Copy) -> set[str]:
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        urls = aws.client("sqs").list_queues()["QueueUrls"]
    return {url.rpartition("/")[2] for url in urls}


def _restored(copy: Copy, kept: dict[str, bytes], *, gone: bool = False) -> None:
    """Put the raw documents back where they were, or take them away for good."""
    bucket = "zendesk-sme-tickets"
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        s3 = aws.client("s3")
        for key, content in kept.items():
            if not gone:
                s3.put_object(Bucket=bucket, Key=key, Body=content)
                continue
            for one in s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", []):
                s3.delete_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])
