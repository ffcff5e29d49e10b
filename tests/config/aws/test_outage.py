"""An outage is told when it begins, once a minute, and when it ends, whoever notices it."""

import logging
from typing import Any

import pytest

from config import aws
from config.aws.outage import Outage, OutageFilter


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


AWAY, THROTTLED = aws.Unreachable("ConnectionClosedError"), aws.Retryable("ThrottlingException")


@pytest.mark.parametrize(
    ("logger", "arguments", "is_written"),
    [
        ("config.consumer.leases", ("change-stream", 10, AWAY), False),
        ("config.aws.metrics", ("Foyer", "Lag", AWAY), False),
        ("routing.processors", ("m-1", THROTTLED), True),
        ("routing.processors", (), True),
        ("config.aws.outage", ("AWS", AWAY), True),
    ],
)
def test_while_aws_is_away_only_the_outage_itself_is_written(
    logger: str, arguments: tuple[object, ...], is_written: bool
) -> None:
    line = logging.LogRecord(logger, logging.WARNING, "", 0, "%s" * len(arguments), arguments, None)
    assert OutageFilter().filter(line) is is_written


def test_every_line_passes_the_filter(settings: Any) -> None:
    assert "outage" in settings.LOGGING["handlers"]["stderr"]["filters"]
    assert settings.LOGGING["root"]["handlers"] == ["stderr"]
