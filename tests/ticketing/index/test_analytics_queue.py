"""AnalyticsQueue's handler: the index follows; one bad message takes no other with it."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from config import aws as config_aws
from tests import record
from tests.ticketing.index.test_index import ticket
from ticketing.index import analytics_queue, following
from ticketing.models import IndexedTicket
from ticketing.record import bulk, store
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def announced(one: Ticket) -> str:
    return announcement.to_message(one, "ticket.updated")[0]


def handle(*bodies: str) -> list[int]:
    """Hand the messages over; the places of those that failed."""
    answer = analytics_queue.handler(
        {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]}
    )
    return sorted(int(one["itemIdentifier"]) for one in answer["batchItemFailures"])


def versions() -> dict[str, int]:
    return dict(IndexedTicket.objects.values_list("ticket_id", "version"))


def test_announcements_in_any_order_and_doubled_end_at_the_newest() -> None:
    bodies = [announced(ticket(version, name)) for version, name in [(2, "a"), (1, "a"), (3, "b"), (2, "a"), (2, "b")]]
    assert handle(*bodies) == []
    assert versions() == {"a": 2, "b": 3}
    assert handle(*bodies) == []
    assert versions() == {"a": 2, "b": 3}


@pytest.mark.parametrize("poison", ["", "[]", "{}", '{"event": "ticket.created"}', "\ud800"])
def test_what_is_no_announcement_fails_alone(poison: str) -> None:
    assert handle(announced(ticket(1, "a")), poison, announced(ticket(1, "b"))) == [1]
    assert versions() == {"a": 1, "b": 1}


@pytest.mark.parametrize("odd", [{"version": 2**63}, {"version": 2**200}, {"comment_count": 2**200}])
def test_what_the_database_refuses_fails_alone(odd: dict[str, Any]) -> None:
    refused = announced(replace(ticket(1, "x"), **odd))
    assert handle(announced(ticket(1, "a")), refused, announced(ticket(1, "b"))) == [1]
    assert versions() == {"a": 1, "b": 1}


def test_a_ticket_too_large_to_travel_is_read_from_the_record(aws: None) -> None:
    large = record.opened(issue_description="x" * 250_000)
    assert handle(announced(large)) == []
    assert IndexedTicket.objects.get().issue_description == large.issue_description


def test_large_tickets_are_read_few_at_a_time(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [announced(record.opened(issue_description="x" * 250_000)) for _ in range(5)]
    held: list[int] = []

    def follow(tickets: Collection[Ticket]) -> None:
        held.append(len(tickets))
        following.follow(tickets)

    monkeypatch.setattr(analytics_queue, "follow", follow)
    monkeypatch.setattr(bulk, "TEXT", 500_000)
    assert handle(*bodies, announced(ticket(1, "a"))) == []
    assert held == [2, 2, 2]
    assert len(versions()) == 6


def test_a_large_ticket_that_is_gone_from_the_record_is_done_with(aws: None) -> None:
    assert handle(announced(ticket(1, "gone", issue_description="x" * 250_000))) == []
    assert versions() == {}


def test_a_record_that_cannot_be_read_now_holds_up_its_own_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(ticket_id: str) -> Ticket | None:
        raise config_aws.Retryable("EndpointConnectionError")

    monkeypatch.setattr(store, "get", away)
    assert handle(announced(ticket(1, "large", issue_description="x" * 250_000)), announced(ticket(1, "a"))) == [0]
    assert versions() == {"a": 1}


def test_an_empty_batch_is_fine() -> None:
    assert handle() == []
