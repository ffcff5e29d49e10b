"""An outage is told when it begins, once a minute, and when it ends, whoever notices it."""

import logging

import pytest

from config import aws
from config.aws.outage import Outage


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test moves."""
    now = [1000.0]
    monkeypatch.setattr("config.aws.outage.time.monotonic", lambda: now[0])
    return now


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


def test_a_minute_of_failures_is_three_lines(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    away = Outage("AWS")
    for _ in range(700):
        away.failed(aws.Retryable("EndpointConnectionError"))
        clock[0] += 0.125
    clock[0] += 5
    away.worked()
    away.worked()
    assert said(caplog) == [
        "AWS fails, and is tried again until it works: EndpointConnectionError",
        "AWS fails for 60 s, 481 times: EndpointConnectionError",
        "AWS works again, after 92 s and 700 failures",
    ]


def test_calls_that_work_and_fail_by_turns_are_one_outage(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    away = Outage("AWS")
    for _ in range(40):
        away.failed(aws.Retryable("ThrottlingException"))
        clock[0] += 1
        away.worked()
    assert len(said(caplog)) == 1


def test_a_second_outage_is_told_anew(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    away = Outage("AWS")
    for _ in range(2):
        away.failed(aws.Retryable("SlowDown"))
        clock[0] += 6
        away.worked()
    assert len(said(caplog)) == 4


def test_what_never_failed_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Outage("AWS").worked()
    assert said(caplog) == []
