"""The channels' processors: a clock for each ticket, by its tier, whatever order the announcements come in."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from config import aws as config_aws
from config import times
from routing import processors, sla
from routing.models import Clock
from tests import record
from tests.ticketing.index.test_index import ticket
from ticketing import service
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import Status

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def handle(*bodies: str, handler: Any = processors.general) -> list[int]:
    answer = handler({"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]})
    return [int(one["itemIdentifier"]) for one in answer["batchItemFailures"]]


def announced(one: Ticket) -> str:
    return announcement.to_message(one, "ticket.updated")[0]


def the_clock() -> Clock:
    return Clock.objects.get(pk="t-1")


@pytest.mark.parametrize(
    ("tier", "hours", "handler"), [("gold", 4, processors.priority), ("general", 24, processors.general)]
)
def test_a_new_ticket_gets_the_clock_of_its_tier(tier: Any, hours: int, handler: Any) -> None:
    one = ticket(tier=tier)
    assert handle(announced(one), handler=handler) == []
    assert (the_clock().tier, the_clock().reference, the_clock().stopped_at) == (tier, one.reference, None)
    assert the_clock().due_at - the_clock().started_at == timedelta(hours=hours)
    assert the_clock().started_at == times.parse(one.received_at)


def test_what_the_customer_wrote_long_ago_is_due_from_when_it_was_received() -> None:
    handle(announced(ticket(created_at="1970-01-01T00:00:00.000Z", received_at="2026-02-09T10:00:00.000Z")))
    assert the_clock().due_at == times.parse("2026-02-10T10:00:00.000Z")


def test_solving_stops_the_clock_and_reopening_starts_it_again() -> None:
    solved = ticket(2, status="solved")
    handle(announced(ticket(1)), announced(solved))
    assert the_clock().stopped_at == times.parse(solved.updated_at)
    handle(announced(ticket(3)))
    assert the_clock().stopped_at is None
    handle(announced(ticket(4, status="closed")))
    assert the_clock().stopped_at is not None


@pytest.mark.parametrize("later", [("solved",), ("closed",), ("solved", "solved", "closed")])
def test_a_clock_that_has_stopped_stays_where_it_stopped_whatever_is_written_later(later: tuple[Status, ...]) -> None:
    solved = ticket(2, status="solved", updated_at="2026-02-09T11:00:00.000Z")
    handle(announced(ticket(1)), announced(solved))
    for version, status in enumerate(later, start=3):
        handle(announced(ticket(version, status=status, updated_at=f"2026-02-09T12:00:0{version}.000Z", tags=["late"])))
    assert the_clock().stopped_at == times.parse(solved.updated_at)
    assert the_clock().version == 2 + len(later)


def test_a_ticket_that_is_reopened_and_solved_again_has_taken_until_then() -> None:
    for version, status in enumerate(("open", "solved", "open", "solved", "closed"), start=1):
        handle(announced(ticket(version, status=status, updated_at=f"2026-02-09T12:00:0{version}.000Z")))
    assert the_clock().stopped_at == times.parse("2026-02-09T12:00:04.000Z")


def test_an_older_announcement_changes_nothing() -> None:
    handle(announced(ticket(3, status="solved")), announced(ticket(2)), announced(ticket(1)), announced(ticket(3)))
    assert the_clock().stopped_at is not None
    assert the_clock().version == 3


def test_what_is_no_announcement_fails_alone() -> None:
    assert handle("no JSON", announced(ticket())) == [0]
    assert the_clock().version == 1


def test_a_ticket_without_a_time_starts_when_it_is_first_told_of() -> None:
    handle(announced(ticket(created_at="yesterday")))
    assert the_clock().started_at == times.parse("2026-02-09T10:12:01.000Z")


def test_the_end_of_times_fails_alone() -> None:
    late = ticket(ticket_id="late", created_at="9999-12-31T23:59:59.000Z")
    assert handle(announced(late), announced(ticket())) == [0]
    assert the_clock().version == 1


@pytest.mark.parametrize("error", [DatabaseError("locked"), config_aws.Retryable("Down")])
def test_what_cannot_be_worked_now_comes_again_alone(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sla.run_clock

    def once(one: Ticket) -> None:
        if one.ticket_id == "bad":
            raise error
        run(one)

    monkeypatch.setattr(sla, "run_clock", once)
    assert handle(announced(ticket(ticket_id="bad")), announced(ticket())) == [0]
    assert the_clock().version == 1


def test_a_ticket_too_large_to_travel_is_read_from_the_record(aws: None) -> None:
    large = record.opened(issue_description="x" * 250_000, tier="gold")
    gone = replace(large, ticket_id="gone")
    assert handle(announced(large), announced(gone), handler=processors.priority) == []
    assert list(Clock.objects.values_list("pk", flat=True)) == [large.ticket_id]
    assert service.find("gone") is None
