"""Tickets that follow each other lead to each other from their pages."""

from typing import Any

import pytest
from django.test import Client

from tests.ticketing.desk.conftest import MakeTicket
from ticketing import index, service
from ticketing.deliveries import raw_tickets
from ticketing.desk.page import ticket_url
from ticketing.tickets.ticket import Ticket, draft

VALUES: dict[str, Any] = {"channel": "zendesk", "customer_id": "acme", "tier": "general", "caller_id": "zendesk:7"}


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.ZENDESK_API_URL = "https://zendesk.test"


@pytest.fixture
def first(make_ticket: MakeTicket) -> Ticket:
    return make_ticket(channel="zendesk", status="closed")


def follow_up(first: Ticket) -> Ticket:
    """The ticket that the Zendesk door would open after this one."""
    new = draft(**VALUES, issue_description="More", attributes={"zendesk": {"follow_up_of": first.ticket_id}})
    ticket = service.open_ticket(new, raw_tickets.follow_up_key(first.ticket_id)).ticket
    index.apply([ticket])
    return ticket


def fact(desk: Client, ticket: Ticket, label: str) -> tuple[Any, str]:
    """What the ticket's page says under the label, and where that leads."""
    facts = desk.get(ticket_url(ticket.ticket_id)).context["facts"]
    [found] = [one for one in facts if one.label == label]
    return found.value, found.link


def test_a_closed_ticket_and_its_follow_up_lead_to_each_other(desk: Client, first: Ticket) -> None:
    second = follow_up(first)
    link = ticket_url(second.ticket_id)
    assert fact(desk, first, "Continued in") == (second.reference, link)
    assert fact(desk, second, "Follow-up of") == (first.reference, ticket_url(first.ticket_id))
    page = desk.get(ticket_url(first.ticket_id)).content.decode()
    assert f'What came later is in <a href="{link}">{second.reference}</a>.' in page


def test_a_closed_ticket_from_zendesk_says_what_an_answer_does(
    desk: Client, first: Ticket, make_ticket: MakeTicket
) -> None:
    says = "If the customer answers in Zendesk, a follow-up opens."
    assert says in desk.get(ticket_url(first.ticket_id)).content.decode()
    assert says not in desk.get(ticket_url(make_ticket(status="closed").ticket_id)).content.decode()


def test_an_open_ticket_leads_nowhere(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(channel="zendesk")
    assert fact(desk, ticket, "Continued in") == fact(desk, ticket, "Follow-up of") == (None, "")


@pytest.mark.parametrize("name", ["ticket_id", "reference"])
def test_a_ticket_leads_to_the_closed_one_that_an_itsm_client_names(
    desk: Client, make_ticket: MakeTicket, name: str
) -> None:
    other = make_ticket(status="closed")
    ticket = make_ticket(attributes={"follow_up_of": getattr(other, name)})
    assert fact(desk, ticket, "Follow-up of") == (other.reference, ticket_url(other.ticket_id))


@pytest.mark.parametrize("named", ["nothing", "", "\0", 7, None, "another customer's", "itself"])
def test_what_is_no_ticket_of_the_customer_leads_nowhere(desk: Client, make_ticket: MakeTicket, named: Any) -> None:
    if named == "another customer's":
        named = make_ticket(customer_id="other").ticket_id
    ticket_id = "00000000-0000-7000-8000-000000000001"
    value = ticket_id if named == "itself" else named
    ticket = make_ticket(ticket_id=ticket_id, attributes={"follow_up_of": value})
    assert fact(desk, ticket, "Follow-up of") == (None, "")


def test_a_follow_up_in_zendesk_leads_to_the_ticket_there_or_here(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(channel="zendesk", attributes={"zendesk": {"follows": {"ticket_id": "99", "url": "x"}}})
    there = ("Zendesk ticket 99", "https://zendesk.test/agent/tickets/99")
    assert fact(desk, ticket, "Follow-up of") == there
    other = service.open_ticket(draft(**VALUES, issue_description="No"), raw_tickets.ticket_key("99")).ticket
    index.apply([other])
    assert fact(desk, ticket, "Follow-up of") == (other.reference, ticket_url(other.ticket_id))
