"""What waits while nobody asks for it is told, and an idle or a worked queue is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import aws, times
from config.aws import sqs
from config.consumer import polls, queue_loop
from config.consumer.sources import Source, sources

pytestmark = pytest.mark.usefixtures("aws")

TASKS, QUEUE = "FoyerJobs", "TicketSubmissions"


def source(of: str) -> Source:
    return next(one for one in sources() if one.of == of)


def asked(one: Source, minutes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody asked for the source's work so many minutes ago."""
    moment = times.stamp(datetime.now(UTC) - timedelta(minutes=minutes))
    polls._told.clear()
    with monkeypatch.context() as then:
        then.setattr(times, "now", lambda: moment)
        polls.tell(one)


def test_nothing_waits_at_first() -> None:
    assert polls.unworked() == []


def test_messages_that_nobody_ever_asked_for_are_told() -> None:
    for _ in range(3):
        sqs.send(TASKS, "hello")
    assert polls.unworked() == [
        "Messages wait in FoyerJobs (3): nobody has asked for them yet. Start `manage.py worker`."
    ]


def test_messages_that_nobody_asks_for_any_more_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(source(QUEUE), 3, monkeypatch)
    assert polls.unworked() == []
    sqs.send(QUEUE, "hello")
    [told] = polls.unworked()
    assert told.startswith("Messages wait in TicketSubmissions (1): nobody has asked for them for 3 minutes.")
    assert told.endswith("Start `manage.py consume submissions`.")


def test_messages_that_were_asked_for_just_now_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs.send(QUEUE, "hello")
    asked(source(QUEUE), 1, monkeypatch)
    assert polls.unworked() == []


def test_a_change_stream_that_nobody_reads_any_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = next(one for one in sources() if one.kind == "change-stream")
    asked(stream, 1, monkeypatch)
    assert polls.unworked() == []
    asked(stream, 60 * 3, monkeypatch)
    [told] = polls.unworked()
    assert told.startswith("Changes of tickets are not announced: nobody has read them for 3 hours.")
    assert told.endswith("Start `manage.py consume change-stream`.")


def test_a_loop_writes_down_that_it_asked_but_not_each_time(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop:
        rounds = 0

        def is_set(self) -> bool:
            self.rounds += 1
            return self.rounds > 5

    monkeypatch.setattr(queue_loop, "WAIT_SECONDS", 0)
    stop: Any = Stop()
    queue_loop.run(source(QUEUE), stop)
    assert calls.count("ReceiveMessage") == 5
    assert calls.count("PutItem") == 1


def test_a_loop_whose_poll_failed_has_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise aws.Unreachable("EndpointConnectionError")

    class Stop:
        stopped = False

        def is_set(self) -> bool:
            return self.stopped

        def wait(self, seconds: float) -> None:
            self.stopped = True

    monkeypatch.setattr(sqs, "receive", away)
    stop: Any = Stop()
    queue_loop.run(source(QUEUE), stop)
    assert polls._told == {}
