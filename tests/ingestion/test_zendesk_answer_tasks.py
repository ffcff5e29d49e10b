"""Answering back as a job: its waits are SQS's, its faults are told, and nothing that was promised is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.app.trace import build_tracer
from celery.exceptions import SoftTimeLimitExceeded

from config import aws, celery, times
from config.celery import app
from ingestion.zendesk import answer_tasks, answering
from ticketing import deliveries
from ticketing.deliveries import Delivery, outgoing
from ticketing.deliveries.doors import ANSWER
from ticketing.record.table import TICKETS
from ticketing.tickets import ids

pytestmark = pytest.mark.usefixtures("aws")


def promised(ticket_id: str = "t-1", age: float = 0) -> str:
    """An answer that Zendesk was promised so many seconds ago."""
    name = ids.new_id()
    delivery = Delivery(
        delivery_id=name, door=ANSWER, customer_id="default", key="12345", state="accepted", ticket_id=ticket_id
    )
    action = outgoing.promised(delivery)
    received_at = times.stamp(datetime.now(UTC) - timedelta(seconds=age))
    TICKETS.transact([aws.Put(action.item | {"received_at": received_at}, action.condition, action.table)], name)
    return name


def state(delivery_id: str) -> str:
    found = deliveries.get(delivery_id)
    assert found
    return found.state


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the next tries were queued with."""
    options: list[dict[str, Any]] = []

    class Next:
        def apply_async(self) -> None:
            """The message of the next try, queued."""

    def again(*_: Any, **more: Any) -> Next:
        options.append(more)
        return Next()

    monkeypatch.setattr(answer_tasks.answer, "signature_from_request", again)
    return options


def run(delivery_id: str, monkeypatch: pytest.MonkeyPatch, outcome: float | Exception | None) -> None:
    """The job as a worker runs it, with what its work ends with."""

    def work(*_: Any, **__: Any) -> float | None:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(answering, "work", work)
    request = {"id": "j-1", "retries": 7, "is_eager": False, "called_directly": False, "delivery_info": {}}
    build_tracer(answer_tasks.answer.name, answer_tasks.answer, app=app)("j-1", [delivery_id], {}, request)


@pytest.mark.parametrize(("wait", "asks"), [(None, []), (0.0, [0]), (601.2, [602])])
def test_a_wait_is_a_delayed_message(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, wait: float | None, asks: list[int]
) -> None:
    run(promised(), monkeypatch, wait)
    assert [one["DelaySeconds"] for one in asked] == asks


@pytest.mark.parametrize(
    "error",
    [aws.Retryable("SlowDown"), aws.Contended("TransactionConflict"), SoftTimeLimitExceeded()],
    ids=lambda error: type(error).__name__,
)
def test_what_fails_for_now_comes_again_when_the_lease_has_ended(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    name = promised()
    run(name, monkeypatch, error)
    assert [one["DelaySeconds"] for one in asked] == [answering.LEASE.total_seconds() + 5]
    assert state(name) == "accepted"


@pytest.mark.parametrize("error", [aws.Permanent("AccessDenied"), TypeError("a bug")], ids=["setup", "bug"])
def test_what_nobody_foresaw_is_told(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    name = promised()
    run(name, monkeypatch, error)
    found = deliveries.get(name)
    assert found
    assert (found.state, asked) == ("failed", [])
    assert "see the log, then send it again" in str(found.error)
    assert "a bug" not in str(found.error)


def test_a_run_ends_before_its_lease() -> None:
    assert answering.LEASE.total_seconds() > answer_tasks.RUN_SECONDS + 5


def test_beat_asks_for_what_was_promised_and_forgotten_once_for_each_ticket(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ZENDESK_ANSWER_BACK = True
    sent: list[str] = []
    monkeypatch.setattr(celery, "send", lambda _, name: sent.append(name))
    forgotten = {promised("t-1", 120), promised("t-1", 130)}
    other, new = promised("t-2", 120), promised("t-3")
    done = promised("t-4", 120)
    deliveries.finish(done, "updated", ticket_id="t-4")
    deliveries.receive(Delivery(delivery_id="d-1", door="zendesk", customer_id="default", key="1", state="accepted"))
    answer_tasks.left()
    assert len(sent) == 2
    assert other in sent
    assert new not in sent
    assert forgotten & set(sent)


def test_beat_asks_for_nothing_while_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    promised(age=120)
    monkeypatch.setattr(celery, "send", lambda *_: pytest.fail("it was asked"))
    answer_tasks.left()
