"""Tickets that staff open for somebody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config import aws as config_aws
from tests.ticketing.desk.test_ticket_page import away
from ticketing import service
from ticketing.models import IndexedTicket

ADDRESS = "/desk/ticketing/indexedticket/add/"


@pytest.fixture
def filled(desk: Client) -> dict[str, Any]:
    form = desk.get(ADDRESS).context["form"]
    return {**form.initial, "subject": "Lamp", "description": "It is dark.", "priority": "high", "tier": "gold"}


def test_the_address(db: None) -> None:
    assert reverse("admin:ticketing_indexedticket_add") == ADDRESS


def test_a_double_click_opens_one_ticket(desk: Client, aws: None, filled: dict[str, Any], calls: list[str]) -> None:
    first, second = (desk.post(ADDRESS, filled) for _ in range(2))
    assert first.url == second.url  # type: ignore[attr-defined]
    assert calls == ["PutItem", "PutItem"]
    [row] = IndexedTicket.objects.all()
    ticket = service.get_ticket(row.ticket_id, settings.DEFAULT_CUSTOMER)
    assert (ticket.channel, ticket.caller_id, ticket.subject) == ("desk", "desk:ada", "Lamp")
    assert (ticket.issue_description, ticket.priority, ticket.tier) == ("It is dark.", "high", "gold")
    assert f"Ticket {ticket.reference} is open." in desk.get(first.url).content.decode()  # type: ignore[attr-defined]


def test_the_same_form_with_other_words_is_asked_about(
    desk: Client, aws: None, filled: dict[str, Any], said: Callable[[Any], str]
) -> None:
    desk.post(ADDRESS, filled)
    answer = desk.post(ADDRESS, {**filled, "description": "It is dark again."})
    assert "is open already" in said(answer)
    again = {**filled, **answer.context["form"].data}
    assert desk.post(ADDRESS, again).status_code == 302
    assert IndexedTicket.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"caller": "customer:acme"}, "A caller cannot begin with"),
        ({"caller": " "}, "This field is required"),
        ({"description": " \n"}, "This field is required"),
        ({"priority": "huge"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    desk: Client, aws: None, filled: dict[str, Any], wrong: dict[str, str], complaint: str
) -> None:
    answer = desk.post(ADDRESS, filled | wrong)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert IndexedTicket.objects.count() == 0


def test_where_aws_is_away_the_words_stay(
    desk: Client, aws: None, filled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_aws.dynamodb, "call", away)
    answer = desk.post(ADDRESS, filled)
    assert answer.status_code == 503
    assert "It is dark." in answer.content.decode()


def test_who_may_only_look_opens_nothing(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert client.get(ADDRESS).status_code == 403
