"""Many write one ticket while AWS cancels, throttles and loses answers: each comment is there once, and counted."""

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from config import aws
from tests import record
from tests.ticketing.writing import change, comment
from ticketing import service

pytestmark = pytest.mark.usefixtures("aws")

WRITERS = 50


def cancelled(why: str) -> ClientError:
    reasons = {"CancellationReasons": [{"Code": why}, {"Code": "None"}]}
    return ClientError({"Error": {"Code": "TransactionCanceledException"}} | reasons, "TransactWriteItems")  # type: ignore[arg-type]


TROUBLE = {
    "conflict": cancelled("TransactionConflict"),
    "throttled": cancelled("ThrottlingError"),
    "lost": ReadTimeoutError(endpoint_url="http://nowhere"),  # it happened, and the answer did not come
}


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Each transaction meets trouble: conflicts, and up to two tries that are throttled or whose answer is lost, in
    any order. A repeat with the same token is answered as its first was, as DynamoDB does it. How often each came."""
    one_at_a_time, chance, met = threading.Lock(), random.Random(1), defaultdict[str, int](int)
    plans: dict[str, list[str]] = {}
    done: dict[str, Any] = {}
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def plan() -> list[str]:
        planned = ["conflict"] * chance.randrange(4) + chance.choices(["throttled", "lost"], k=chance.randrange(3))
        return chance.sample(planned, len(planned))

    def call(self: Any, operation: str, parameters: Any) -> Any:
        with one_at_a_time:  # the fake is not safe under threads
            if operation != "TransactWriteItems":
                return original(self, operation, parameters)
            token = parameters["ClientRequestToken"]
            ahead = plans.setdefault(token, plan())
            what = ahead.pop(0) if ahead else ""
            met[what] += 1
            if what in ("", "lost") and token not in done:
                done[token] = original(self, operation, parameters)
            if what:
                raise TROUBLE[what]
            return done[token]

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    monkeypatch.setattr(aws, "CONTENTION_SECONDS", 30)  # the fake takes one at a time, the slowest waits for all
    return met


def test_fifty_comments_through_all_trouble_are_there_once_in_order(trouble: dict[str, int]) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(WRITERS) as threads:
        done = list(threads.map(lambda n: comment(ticket, f"{n}", key=f"{n}").comment, range(WRITERS)))
    assert min(trouble[what] for what in TROUBLE) > 10
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version) == (WRITERS, WRITERS + 1)
    found = service.get_conversation(ticket.ticket_id, "acme")
    assert found.comments == sorted(done, key=lambda one: one.comment_id)
    times = [one.created_at for one in found.comments]
    assert times == sorted(times)


def test_changes_and_comments_that_meet_are_all_there(trouble: dict[str, int]) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(4) as threads:
        comments = threads.submit(lambda: [comment(ticket, f"{n}") for n in range(5)])
        changes = threads.submit(lambda: [change(ticket, subject=f"{n}") for n in range(5)])
        assert len(comments.result()) == len(changes.result()) == 5
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version, now.subject) == (5, 11, "4")
