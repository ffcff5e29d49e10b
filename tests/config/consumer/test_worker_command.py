"""`manage.py worker`: it works Celery's tasks until it is asked to stop."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from config.celery import app
from config.consumer import pulse, queue_loop
from config.consumer.sources import Source


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command's answer to signals, and its watch, end with the test."""
    monkeypatch.setattr(pulse, "watch", lambda: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_works_its_queue_in_the_main_thread_until_a_signal(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worked: list[tuple[str, bool]] = []

    def loop(source: Source, stop: threading.Event) -> None:
        worked.append((source.of, threading.current_thread() is threading.main_thread()))
        os.kill(os.getpid(), number)
        assert stop.wait(10)

    monkeypatch.setattr(queue_loop, "run", loop)
    call_command("worker")
    assert worked == [("FoyerJobs", True)]
    assert capsys.readouterr().out == "Working FoyerJobs. Stop with Ctrl-C.\n"
    assert {"ingestion.zendesk.ingest", "ticketing.jobs.work", "ticketing.jobs.look_after"} <= set(app.tasks)
