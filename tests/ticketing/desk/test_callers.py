"""What else has this person got? From a ticket to all of its caller's, and to all that name its requester."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from tests.ticketing.desk.conftest import MakeTicket
from ticketing.desk.page import ticket_url
from ticketing.jobs.selection import matching
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Ticket

pytestmark = pytest.mark.sql


def references(client: Client, where: str, **query: str) -> list[str]:
    return [row.reference for row in client.get(where, query).context["cl"].result_list]


def link(client: Client, ticket: Ticket, fact: str) -> str:
    """Where a line of the ticket's facts leads."""
    page = client.get(ticket_url(ticket.ticket_id)).content.decode()
    found = re.search(rf'<dt>{fact}</dt>\s*<dd><a href="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    "caller", ["maria@example.com", "a&b=c d%20+#?", "Łódź <b>\"'", "é" * 1024, "o\0dd", "\0a" * 1024, "\0"]
)
def test_the_caller_leads_to_all_of_their_tickets(desk: Client, make_ticket: MakeTicket, caller: str) -> None:
    older = make_ticket(caller_id=caller, created_at="2026-01-01T00:00:00.000Z", status="closed")
    newer = make_ticket(caller_id=caller, created_at="2026-02-01T00:00:00.000Z")
    make_ticket(caller_id=caller + "x" if len(caller) < 100 else "x")
    assert references(desk, link(desk, older, "Caller")) == [newer.reference, older.reference]


def test_a_caller_as_long_as_a_key_of_the_record_is_indexed(make_ticket: MakeTicket) -> None:
    """Whatever its letters: nothing here that a database could compress."""
    letters = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(682))
    make_ticket(caller_id=letters)
    assert IndexedTicket.objects.get().caller_id == letters


def test_the_requester_leads_to_all_tickets_that_name_them(desk: Client, make_ticket: MakeTicket) -> None:
    maria = {"name": "Maria López", "email": "maria@example.com"}
    one = make_ticket(caller_id="zendesk:1", requester=maria, subject=None)
    other = make_ticket(caller_id="maria@example.com", requester=None)
    nameless = make_ticket(caller_id="7", requester={"name": 'Maria "Mia" López'})
    make_ticket(caller_id="8", requester={"name": "López, Maria", "email": "lopez@example.com"})
    assert set(references(desk, link(desk, one, "Requester"))) == {one.reference, other.reference}
    assert references(desk, link(desk, nameless, "Requester")) == [nameless.reference]


@pytest.mark.parametrize("name", ["x" * 2000, "🖨️" * 500])
def test_a_name_too_long_to_be_searched_for_leads_nowhere(desk: Client, make_ticket: MakeTicket, name: str) -> None:
    ticket = make_ticket(requester={"name": name})
    assert link(desk, ticket, "Requester") == ""
    assert name in desk.get(ticket_url(ticket.ticket_id)).content.decode()


def test_the_list_says_whose_it_is_and_leads_back_to_all(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(caller_id="<maria>", status="solved")
    make_ticket(caller_id="<maria>")
    other = make_ticket(caller_id="other")
    answer: Any = desk.get(list_address, {"caller": "<maria>", "status": "open"})
    page = answer.content.decode()
    assert len(answer.context["cl"].result_list) == 1
    assert "Only tickets of <strong><bdi>&lt;maria&gt;</bdi></strong>" in page
    assert "<maria>" not in page
    back = re.search(r'<a href="([^"]*)">Take this filter away</a>', page)
    assert back
    assert other.reference in references(desk, list_address + html.unescape(back[1]))
    assert "Only tickets of" not in desk.get(list_address).content.decode()


def test_words_are_searched_for_among_a_callers_tickets(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    hers = make_ticket(caller_id="maria", subject="Printer")
    make_ticket(caller_id="other", subject="Printer")
    make_ticket(caller_id="maria", subject="Screen")
    assert references(desk, list_address, caller="maria", q="printer") == [hers.reference]
    assert [one.reference for one in matching("caller=maria&q=printer", "ada")] == [hers.reference]


def test_nobodys_tickets_and_an_empty_filter(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    ticket = make_ticket()
    assert references(desk, list_address, caller="nobody") == []
    assert references(desk, list_address, caller="") == [ticket.reference]
