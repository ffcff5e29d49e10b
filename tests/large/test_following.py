"""Ten thousand tickets, each announced three times in no order, to three consumers that are killed one after the other:
in the end the index says what the record says."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from django.conf import settings

from config import aws
from config.aws import sqs
from config.batched import batched
from tests import databases, record
from tests.large.copies import Copy, copy
from tests.local_aws import pointed_at
from tests.ticketing.writing import change, comment
from ticketing.record import items
from ticketing.record.table import TICKETS
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Comment, Ticket

pytestmark = [pytest.mark.large, pytest.mark.django_db, pytest.mark.timeout(1200)]

MANY = 10_000
CONSUMERS = 3
KILLED_EVERY = 5.0  # seconds


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Copy]:
    with copy(tmp_path / "copy") as one, pointed_at(one.endpoint):
        yield one


def versions(number: int) -> tuple[list[Ticket], list[Comment]]:
    """A ticket as it was at its three versions, by a comment and a change; every tenth had two comments."""
    name = f"t-{number}"
    first = replace(record.new(subject=f"Ticket {number}", created_at=f"2026-02-09T10:11:12.{number % 1000:03}Z"))
    first = replace(first, ticket_id=name, received_at=first.created_at, updated_at=first.created_at)
    comments = [
        Comment(ticket_id=name, comment_id=f"c-{n}", comment=f"Said {n} in {number}", created_at=first.created_at)
        for n in range(1 + (number % 10 == 0))
    ]
    second = replace(first, version=2, comment_count=1, last_comment_id="c-0")
    third = replace(second, version=3, comment_count=len(comments), last_comment_id=comments[-1].comment_id)
    return [first, second, replace(third, subject="Changed") if len(comments) == 1 else third], comments


def written() -> list[Ticket]:
    """The record has every ticket at its third version; all the versions."""
    tickets, all_items = [], list[Any]()
    for number in range(MANY):
        stages, comments = versions(number)
        tickets += stages
        all_items += [items.from_ticket(stages[-1], ""), *map(items.from_comment, comments)]
    for some in batched(all_items, 25):
        TICKETS.put_all(some)
    return tickets


def announced(tickets: Iterable[Ticket]) -> None:
    """On AnalyticsQueue, as the topic puts it there."""
    url = sqs.url(settings.ANALYTICS_QUEUE)

    def send(some: list[Ticket]) -> None:
        bodies = [announcement.to_message(one, "ticket.updated")[0] for one in some]
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        answer = aws.call(aws.client("sqs").send_message_batch, QueueUrl=url, Entries=entries)
        assert not answer.get("Failed")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, batched(tickets, 10)))


@contextmanager
def consumers(made: Copy) -> Iterator[list[int]]:
    """Three consumers, of which one is killed every five seconds and another one begins; how many were killed."""
    running = [made.start("consume", "analytics") for _ in range(CONSUMERS)]
    stop, killed = threading.Event(), [0]

    def kill() -> None:
        while not stop.wait(KILLED_EVERY):
            one = running.pop(random.randrange(CONSUMERS))
            one.kill()
            one.wait()
            killed[0] += 1
            running.append(made.start("consume", "analytics"))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        stop.set()
        killer.join()
        for one in running:
            one.terminate()
        for one in running:
            one.wait(120)


def worked_off() -> None:
    """Wait until no announcement waits, nor is in anybody's hands."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for _ in range(900):
        url = sqs.url(settings.ANALYTICS_QUEUE)
        found = aws.call(aws.client("sqs").get_queue_attributes, QueueUrl=url, AttributeNames=names)["Attributes"]
        if not any(int(value) for value in found.values()):
            return
        time.sleep(1)
    raise AssertionError(f"The queue is never empty: {found}")


def count(made: Copy, table: str) -> int:
    ((found,),) = databases.rows(made.database, f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
    return int(found)


def says_what_the_record_says(made: Copy, tickets: int, comments: int) -> None:
    assert "The index says what the record says" in made.run("reindex", "--check")[0]
    assert count(made, "ticketing_indexedticket") == tickets
    assert count(made, "ticketing_indexedcomment") == comments
    assert count(made, "ticketing_searchdocument") == tickets
    assert sqs.count(f"{settings.ANALYTICS_QUEUE}DLQ") == 0


def test_announcements_doubled_and_shuffled_reach_killed_consumers_and_none_is_lost_or_doubled(made: Copy) -> None:
    tickets = written()
    random.shuffle(tickets)
    with consumers(made) as killed:
        announced(tickets)
        worked_off()
    assert killed[0] >= 3
    says_what_the_record_says(made, MANY, MANY + MANY // 10)


def test_an_index_that_is_emptied_in_the_middle_is_rebuilt_while_writes_go_on(made: Copy) -> None:
    tickets = written()
    random.shuffle(tickets)
    with consumers(made), Writer() as writer:
        announced(tickets)
        empty(made)
        made.run("reindex")
        writer.stop.set()
    with consumers(made):
        worked_off()
    assert writer.tickets > 10
    says_what_the_record_says(made, MANY + writer.tickets, MANY + MANY // 10 + writer.comments)


def empty(made: Copy) -> None:
    """Every row of the index goes, in one transaction."""
    names = ["indexedticket", "indexedcomment", "searchdocument"]
    if made.database.startswith("sqlite"):
        databases.write(made.database, [f"DELETE FROM ticketing_{one}" for one in [*names, "searchwords"]])  # noqa: S608 - as above
    else:
        databases.write(made.database, [f"TRUNCATE {', '.join(f'ticketing_{one}' for one in names)}"])


class Writer:
    """Writes through the service, as the doors do, and announces each version three times, until told to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.tickets = self.comments = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self._thread.join()

    def _write(self) -> None:
        while not self.stop.is_set():
            ticket = record.opened(subject="Meanwhile")
            comment(ticket, "Said meanwhile")
            stages = [ticket, record.get(ticket.ticket_id), change(ticket, subject="Changed meanwhile")]
            doubled = stages * 3
            random.shuffle(doubled)
            announced(doubled)
            self.tickets, self.comments = self.tickets + 1, self.comments + 1
