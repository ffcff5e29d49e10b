"""What has been closed for longer than a setting is erased by beat's task, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config import times
from tests import record
from tests.ticketing.writing import change, comment
from tests.words import places
from ticketing.erasing import tasks
from ticketing.index.following import follow
from ticketing.record import erasure
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("versioned"), pytest.mark.django_db]

WORD = "zanzibar4111"
LONG_AGO = "2020-01-01T00:00:00.000Z"


def closed(monkeypatch: pytest.MonkeyPatch, at: str, word: str = WORD) -> Ticket:
    ticket = record.opened(issue_description=word)
    comment(ticket, word)
    with monkeypatch.context() as patched:
        patched.setattr(times, "now", lambda: at)
        change(ticket, status="closed")
    follow([record.get(ticket.ticket_id)])
    return record.get(ticket.ticket_id)


def test_what_was_closed_long_ago_is_erased_and_nothing_else(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ERASE_CLOSED_DAYS = 30
    old = closed(monkeypatch, LONG_AGO)
    late = closed(monkeypatch, times.stamp(datetime.now(UTC)), "Printer")
    is_open = record.opened(issue_description="Scanner")
    follow([is_open])
    tasks.closed_long_ago()
    assert places(WORD) == []
    assert record.get(old.ticket_id).erased
    assert [record.get(one.ticket_id).erased for one in (late, is_open)] == ["", ""]


def test_it_is_off_by_default_and_costs_nothing(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    closed(monkeypatch, LONG_AGO)
    calls.clear()
    tasks.closed_long_ago()
    assert calls == []
    assert places(WORD) != []


def test_what_a_worker_began_that_died_is_finished_next_time(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ERASE_CLOSED_DAYS = 30
    old = closed(monkeypatch, LONG_AGO)
    shell = erasure.begin(old.ticket_id, record.ACTOR)
    assert shell
    follow([shell])
    assert places(WORD) != []
    tasks.closed_long_ago()
    assert (places(WORD), record.get(old.ticket_id).erasing, record.get(old.ticket_id).type) == ([], False, None)


def test_a_ticket_that_was_erased_is_not_due_again(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ERASE_CLOSED_DAYS = 30
    old = closed(monkeypatch, LONG_AGO)
    tasks.closed_long_ago()
    version = record.get(old.ticket_id).version
    tasks.closed_long_ago()
    assert record.get(old.ticket_id).version == version
