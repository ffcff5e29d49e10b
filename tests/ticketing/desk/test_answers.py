"""What the desk says of what staff wrote on a Zendesk ticket: how far it is, why it is not there, and what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config import aws, celery
from tests.ticketing.desk.conftest import MakeTicket
from ticketing import deliveries, reconcile, service
from ticketing.answers import lane, promises
from ticketing.deliveries import raw_tickets
from ticketing.desk.page import ticket_url
from ticketing.tickets.ticket import Actor, Comment, Ticket, draft, new_comment

Fill = Callable[..., dict[str, Any]]
Said = Callable[[Any], str]


@pytest.fixture(autouse=True)
def queued(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Answering back is on. The list has the tasks that were queued."""
    settings.ZENDESK_ANSWER_BACK = True
    tasks: list[tuple[str, str]] = []
    monkeypatch.setattr(celery, "send", lambda task, name: tasks.append((task, name)))
    return tasks


@pytest.fixture
def ticket(aws: None, db: None) -> Ticket:
    """The desk ticket of Zendesk ticket 12345."""
    fields = {"customer_id": "default", "tier": "general", "caller_id": "zendesk:7", "issue_description": "No lesson"}
    attributes = {"zendesk": {"ticket_id": "12345"}}
    opened = draft(channel="zendesk", attributes=attributes, **fields)  # type: ignore[arg-type]
    return service.open_ticket(opened, raw_tickets.ticket_key("12345")).ticket


def page(desk: Client, ticket: Ticket) -> str:
    return " ".join(desk.get(ticket_url(ticket.ticket_id)).content.decode().split())


def said_at_the_desk(desk: Client, fill: Fill, ticket: Ticket, text: str = "Hello", do: str = "reply") -> Comment:
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do=do, text=text))
    return service.get_conversation(ticket.ticket_id, None).comments[-1]


@pytest.mark.parametrize("do", ["reply", "note"])
def test_what_is_written_is_promised_with_it_and_queued(
    desk: Client, fill: Fill, ticket: Ticket, queued: list[tuple[str, str]], do: str
) -> None:
    comment = said_at_the_desk(desk, fill, ticket, do=do)
    delivery = deliveries.get(comment.comment_id)
    assert delivery
    assert (delivery.state, delivery.key, delivery.ticket_id) == ("accepted", "12345", ticket.ticket_id)
    assert lane.read(ticket.ticket_id).waiting == [comment.comment_id]
    assert queued == [("ingestion.zendesk.answer", comment.comment_id)]


def test_a_queue_that_is_away_loses_nothing(
    desk: Client, fill: Fill, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: str) -> None:
        raise aws.Retryable("ServiceUnavailable")

    monkeypatch.setattr(celery, "send", away)
    comment = said_at_the_desk(desk, fill, ticket)
    assert lane.read(ticket.ticket_id).waiting == [comment.comment_id]
    assert "On its way to Zendesk." in page(desk, ticket)


@pytest.mark.parametrize(
    ("channel", "attributes"),
    [("itsm", {"zendesk": {"ticket_id": "12345"}}), ("zendesk", {"zendesk": {"ticket_id": "12345"}}), ("zendesk", {})],
)
def test_a_ticket_that_only_says_to_be_zendesks_promises_nothing(
    desk: Client, fill: Fill, make_ticket: MakeTicket, channel: str, attributes: Any, queued: list[Any]
) -> None:
    other = make_ticket(channel=channel, customer_id="default", attributes=attributes)
    comment = said_at_the_desk(desk, fill, other)
    assert (deliveries.get(comment.comment_id), queued) == (None, [])
    assert "Both go to Zendesk" not in page(desk, other)


def test_switched_off_nothing_is_promised(
    desk: Client, fill: Fill, ticket: Ticket, settings: Any, queued: list[Any]
) -> None:
    settings.ZENDESK_ANSWER_BACK = False
    assert "A reply stays here" in page(desk, ticket)
    comment = said_at_the_desk(desk, fill, ticket)
    assert (deliveries.get(comment.comment_id), queued) == (None, [])


def test_the_page_says_how_far_it_is(desk: Client, fill: Fill, ticket: Ticket, settings: Any) -> None:
    assert "Both go to Zendesk as well" in page(desk, ticket)
    comment = said_at_the_desk(desk, fill, ticket)
    assert "On its way to Zendesk." in page(desk, ticket)
    deliveries.attempt(comment.comment_id, "Zendesk could not take the comment (status 503)")
    assert "On its way to Zendesk. The last try: Zendesk could not take the comment (status 503)." in page(desk, ticket)
    settings.ZENDESK_ANSWER_BACK = False
    assert "answering back is switched off (ZENDESK_ANSWER_BACK)" in page(desk, ticket)
    deliveries.finish(comment.comment_id, "updated", ticket_id=ticket.ticket_id)
    assert "In Zendesk." in page(desk, ticket)
    assert "Send again" not in page(desk, ticket)


def test_what_was_replaced_before_it_was_sent_says_so(desk: Client, fill: Fill, ticket: Ticket) -> None:
    comment = said_at_the_desk(desk, fill, ticket)
    deliveries.finish(comment.comment_id, "ignored", note="It was redacted", ticket_id=ticket.ticket_id)
    assert "Not in Zendesk. It was redacted." in page(desk, ticket)


def test_what_failed_says_why_and_can_be_sent_again(
    desk: Client, fill: Fill, ticket: Ticket, said: Said, queued: list[tuple[str, str]]
) -> None:
    comment = said_at_the_desk(desk, fill, ticket)
    deliveries.finish(comment.comment_id, "failed", error="The ticket is closed in Zendesk", ticket_id=ticket.ticket_id)
    assert "Not in Zendesk. The ticket is closed in Zendesk." in page(desk, ticket)
    queued.clear()
    form = fill(ticket, text="Half a sentence") | {"again": comment.comment_id}
    answer = desk.post(ticket_url(ticket.ticket_id), form, follow=True)
    assert "It is on its way to Zendesk again." in said(answer)
    assert answer.context["form"].data["text"] == "Half a sentence"
    assert queued == [("ingestion.zendesk.answer", comment.comment_id)]
    assert "On its way to Zendesk." in page(desk, ticket)


@pytest.mark.parametrize("named", ["another ticket's", "nobody's"])
def test_only_the_tickets_own_answers_are_sent_again(
    desk: Client, fill: Fill, ticket: Ticket, make_ticket: MakeTicket, said: Said, queued: list[Any], named: str
) -> None:
    comment = said_at_the_desk(desk, fill, ticket)
    deliveries.finish(comment.comment_id, "failed", error="Closed", ticket_id=ticket.ticket_id)
    queued.clear()
    asked = comment.comment_id if named == "another ticket's" else "x" * 3000
    answer = desk.post(ticket_url(make_ticket().ticket_id), {"again": asked}, follow=True)
    assert "This ticket has no such answer." in said(answer)
    assert queued == []


def test_who_may_only_look_sends_nothing_again(
    desk: Client, fill: Fill, ticket: Ticket, client: Client, grace: User
) -> None:
    comment = said_at_the_desk(desk, fill, ticket)
    deliveries.finish(comment.comment_id, "failed", error="Closed", ticket_id=ticket.ticket_id)
    client.force_login(grace)
    assert "Not in Zendesk. Closed." in page(client, ticket)
    assert "Send again" not in page(client, ticket)
    assert client.post(ticket_url(ticket.ticket_id), {"again": comment.comment_id}).status_code == 403


def test_operators_see_it_where_they_see_failed_deliveries(
    desk: Client, fill: Fill, ticket: Ticket, queued: list[tuple[str, str]]
) -> None:
    comment = said_at_the_desk(desk, fill, ticket)
    deliveries.finish(comment.comment_id, "failed", error="The ticket is closed in Zendesk", ticket_id=ticket.ticket_id)
    address = reverse("admin:ticketing_delivery_changelist")
    shown = desk.get(address).content.decode()
    assert "The ticket is closed in Zendesk" in shown
    assert ticket_url(ticket.ticket_id) in shown
    [finding] = [one for one in reconcile.findings() if one.id == ticket.ticket_id and "delivery" in one.what]
    assert finding.what.startswith("not in Zendesk, delivery")
    queued.clear()
    desk.post(address, {"delivery": comment.comment_id})
    assert queued == [("ingestion.zendesk.answer", comment.comment_id)]


def test_an_agents_comment_that_came_from_zendesk_says_nothing(desk: Client, ticket: Ticket) -> None:
    agent = Actor(name="Zendesk", door="desk", request_id="r-1")
    service.add_comment(ticket.ticket_id, "default", new_comment("From Zendesk", author="Jonas"), agent, reopen=False)
    shown = page(desk, ticket)
    assert "From Zendesk" in shown
    assert "desk-sent" not in shown


def test_the_page_is_shown_when_nobody_can_tell_how_far_it_is(
    desk: Client, fill: Fill, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_at_the_desk(desk, fill, ticket, "Hello there")

    def away(*_: Any) -> Any:
        raise aws.Retryable("ServiceUnavailable")

    monkeypatch.setattr(promises, "states", away)
    assert "Hello there" in page(desk, ticket)
