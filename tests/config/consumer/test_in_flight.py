"""Messages in flight: hidden for some seconds at a time, and longer after each try that failed."""

import threading
import time
from typing import Any

import pytest

from config import aws
from config.aws import sqs
from config.consumer import in_flight, queue_loop
from config.consumer.sources import Source

pytestmark = pytest.mark.usefixtures("aws")

NAME = "GeneralTicketsQueue"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """For how long messages were hidden after they had been received, call by call."""
    seen: list[list[float]] = []
    hide = sqs.hide

    def noted(name: str, seconds: dict[str, float]) -> None:
        seen.append(list(seconds.values()))
        hide(name, seconds)

    monkeypatch.setattr(sqs, "hide", noted)
    return seen


def received(count: int = 1) -> list[sqs.Message]:
    for n in range(count):
        sqs.send(NAME, f"message {n}")
    return sqs.receive(NAME, 10, 0, in_flight.HOLD_SECONDS)


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_message_whose_receive_was_cut_off_comes_again_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(sqs, "call_once", lambda _, **parameters: asked.update(parameters) or {})
    queue_loop.work_once(Source("test", "queue", NAME, f"{__name__}.unused"), 0)
    assert asked["VisibilityTimeout"] < 10


def test_work_that_is_quick_costs_no_call(hidden: list[list[float]]) -> None:
    with in_flight.kept(NAME, received()):
        pass
    assert hidden == []


def test_messages_stay_hidden_while_they_are_worked(hidden: list[list[float]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_flight, "KEEP_SECONDS", 0.01)
    messages = received(3)
    with in_flight.kept(NAME, messages):
        until(lambda: len(hidden) >= 2)
    assert hidden[0] == [in_flight.HOLD_SECONDS] * 3
    assert sqs.receive(NAME, 10, 0) == []


def test_an_aws_that_is_away_meanwhile_ends_neither_the_work_nor_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def away(name: str, seconds: dict[str, float]) -> None:
        tries.append(name)
        raise aws.Unreachable("EndpointConnectionError")

    monkeypatch.setattr(in_flight, "KEEP_SECONDS", 0.01)
    monkeypatch.setattr(sqs, "hide", away)
    with in_flight.kept(NAME, received()):
        until(lambda: len(tries) >= 3)


def test_work_that_never_ends_is_left_to_other_readers(
    hidden: list[list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_flight, "KEEP_SECONDS", 0.01)
    monkeypatch.setattr(in_flight, "LONGEST_SECONDS", 0.03)
    with in_flight.kept(NAME, received()):
        until(lambda: all(one.name != f"{NAME} in flight" for one in threading.enumerate()))
    assert 0 < len(hidden) <= 3


@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 15), (3, 40), (4, 60), (5, 30), (9, 30)])
def test_each_try_that_failed_makes_a_message_wait_longer(tries: int, seconds: int) -> None:
    record: Any = {"attributes": {"ApproximateReceiveCount": str(tries)}}
    assert in_flight.wait(record) == seconds


def test_five_tries_outlast_two_minutes_and_end_within_three() -> None:
    waits = [in_flight.wait({"attributes": {"ApproximateReceiveCount": str(n)}}) for n in range(1, 6)]  # type: ignore[typeddict-item]
    assert sum(waits[:-1]) >= 120
    assert sum(waits) < 180


def test_messages_that_failed_are_hidden_until_their_next_try(hidden: list[list[float]]) -> None:
    in_flight.later(NAME, received(2))
    assert hidden == [[5, 5]]


def test_nothing_failed_costs_no_call(calls: list[str]) -> None:
    in_flight.later(NAME, [])
    assert calls == []
