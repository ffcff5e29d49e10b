"""`manage.py consume`: which sources it works, and how it ends."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.consumer import pulse
from config.consumer.sources import Source, sources
from config.management.commands import consume


@pytest.fixture(autouse=True)
def _unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch would outlive the test, and end the tests if another one hangs on purpose."""
    monkeypatch.setattr(pulse, "watch", lambda: None)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command's answer to signals ends with the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sources whose loops were started, once for each of their workers."""
    names: list[str] = []

    def loop(source: Source, stop: threading.Event) -> None:
        names.append(source.name)
        stop.wait(10)

    monkeypatch.setattr(consume, "_LOOPS", {"queue": loop, "change-stream": loop})
    return names


def send_once_working(started: list[str], number: signal.Signals) -> None:
    """By then the command's own answer to the signal is in place; before, it would end the tests."""

    def send() -> None:
        end = time.monotonic() + 60
        while not started and time.monotonic() < end:
            time.sleep(0.01)
        if started:
            os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


def test_an_unknown_source_is_named_with_those_that_there_are() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("consume", "submissions", "nonsense")
    assert str(caught.value) == (
        "Unknown source nonsense. Sources are: change-stream, submissions, analytics, priority, general."
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(started: list[str], number: signal.Signals) -> None:
    send_once_working(started, number)
    call_command("consume", "analytics")
    assert started == ["analytics", "analytics"]


def test_without_a_name_every_source_but_celerys_tasks_is_worked(
    started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    send_once_working(started, signal.SIGTERM)
    call_command("consume")
    assert sorted(started) == sorted(
        source.name for source in sources() for _ in range(source.workers) if source.kind != "tasks"
    )
    assert capsys.readouterr().out == (
        "Working change-stream, submissions, analytics, priority, general. Stop with Ctrl-C.\n"
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_dies_takes_the_process_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(source: Source, stop: threading.Event) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(consume, "_LOOPS", {"queue": dies})
    with pytest.raises(CommandError, match="A source's thread died"):
        call_command("consume", "priority")
