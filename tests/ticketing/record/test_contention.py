"""Many write one ticket while DynamoDB cancels, throttles and loses answers: each comment is there once, and counted.

At the product's own waits, on a real local AWS, which behaves here as DynamoDB does and no emulator: of two
transactions that meet on an item one is cancelled.
"""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.httpsession import URLLib3Session

from tests import record
from tests.ticketing.writing import change, comment
from ticketing import service
from ticketing.tickets.ticket import Comment

pytestmark = [pytest.mark.usefixtures("local_aws"), pytest.mark.xdist_group("local-aws")]

WRITERS = 50


def cancelled(why: str) -> ClientError:
    reasons = {"CancellationReasons": [{"Code": why}, {"Code": "None"}]}
    return ClientError({"Error": {"Code": "TransactionCanceledException"}} | reasons, "TransactWriteItems")  # type: ignore[arg-type]


TROUBLE = {
    "conflict": cancelled("TransactionConflict"),
    "throttled": cancelled("ThrottlingError"),
    "lost": ConnectionClosedError(endpoint_url="http://nowhere"),  # it happened, and the answer did not come
}


class Dynamo:
    """How DynamoDB takes transactions on one ticket. `met` counts what came of each try ("" is an answer)."""

    def __init__(self) -> None:
        self.met = defaultdict[str, int](int)
        self._under_way, self._planning, self._chance = threading.Lock(), threading.Lock(), random.Random(1)
        self._plans: dict[str, list[str]] = {}  # a transaction is throttled, or loses its answer, twice at most
        self._done: dict[str, Any] = {}

    def transact(self, token: str, write: Callable[[], Any]) -> Any:
        plan = self._plan(token)
        if plan[:1] != ["throttled"]:
            self._happen(token, write)
        self._trouble(plan.pop(0) if plan else "")
        return self._done[token]

    def _plan(self, token: str) -> list[str]:
        with self._planning:
            if token not in self._plans:
                self._plans[token] = self._chance.choices(["throttled", "lost"], k=self._chance.randrange(3))
            return self._plans[token]

    def _happen(self, token: str, write: Callable[[], Any]) -> None:
        """What comes while another is under way is cancelled; what was done is not done again."""
        if token in self._done:
            return
        if not self._under_way.acquire(blocking=False):
            self._trouble("conflict")
        try:
            self._done[token] = write()
        finally:
            self._under_way.release()

    def _trouble(self, what: str) -> None:
        self.met[what] += 1
        if what:
            raise TROUBLE[what]


@pytest.fixture
def dynamo(local_aws: str, monkeypatch: pytest.MonkeyPatch) -> Dynamo:
    made = Dynamo()
    send = URLLib3Session.send

    def sent(session: URLLib3Session, request: Any) -> Any:  # under way is what is with the server, and nothing more
        if not request.headers.get("X-Amz-Target", b"").endswith(b".TransactWriteItems"):
            return send(session, request)
        return made.transact(json.loads(request.body)["ClientRequestToken"], lambda: send(session, request))

    monkeypatch.setattr(URLLib3Session, "send", sent)
    return made


def test_fifty_comments_through_all_trouble_are_there_once_in_order(dynamo: Dynamo) -> None:
    ticket = record.opened()
    asked, answered = dict[str, float](), dict[str, float]()

    def write(n: int) -> Comment:
        began = time.monotonic()
        made = comment(ticket, f"{n}", key=f"{n}").comment
        asked[made.comment_id], answered[made.comment_id] = began, time.monotonic()
        return made

    with ThreadPoolExecutor(WRITERS) as threads:
        done = list(threads.map(write, range(WRITERS)))
    assert min(dynamo.met[what] for what in TROUBLE) > 10
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version) == (WRITERS, WRITERS + 1)
    found = service.get_conversation(ticket.ticket_id, "acme").comments
    assert found == sorted(done, key=lambda one: one.comment_id)
    for first, second in combinations(found, 2):  # none stands before one that was answered before it was asked
        assert asked[first.comment_id] < answered[second.comment_id]


def test_changes_and_comments_that_meet_are_all_there(dynamo: Dynamo) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(4) as threads:
        comments = threads.submit(lambda: [comment(ticket, f"{n}") for n in range(5)])
        changes = threads.submit(lambda: [change(ticket, subject=f"{n}") for n in range(5)])
        assert len(comments.result()) == len(changes.result()) == 5
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version, now.subject) == (5, 11, "4")
