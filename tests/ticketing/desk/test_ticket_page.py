"""The ticket page as it is read: from the record, and from the index where the record is away."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import aws as config_aws
from tests import record
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from ticketing import index, service
from ticketing.desk.page import ticket_url
from ticketing.models import IndexedTicket
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Ticket, new_comment

EVIL = "</textarea></pre><script>alert('é')</script>"


def away(*arguments: Any, **options: Any) -> Any:
    raise config_aws.Retryable("EndpointConnectionError", "away")


def test_everything_about_the_ticket_is_there(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(
        priority="high",
        tier="gold",
        type="incident",
        assignee="network-team",
        tags=["printer", "floor-3"],
        requester={"name": "Maria Schmidt", "email": "maria@example.org"},
        attributes={"amount": Decimal("12345678901234567890.10"), "list": [1, None]},
    )
    page = desk.get(ticket_url(ticket.ticket_id)).content.decode()
    told = (ticket.reference, ticket.ticket_id, "It prints nothing.", "acme", "maria@example.com", "Maria Schmidt")
    more = ("maria@example.org", "incident", "network-team", "printer, floor-3", "12345678901234567890.10", "gold")
    assert [text for text in told + more if text not in page] == []


def test_both_times_are_told_where_they_differ(desk: Client, make_ticket: MakeTicket) -> None:
    def times_of(ticket: Ticket) -> list[str]:
        facts = desk.get(ticket_url(ticket.ticket_id)).context["facts"]
        return [fact.label for fact in facts if fact.value and fact.label in ("Opened", "Received")]

    assert times_of(make_ticket()) == ["Opened"]
    assert times_of(make_ticket(created_at="2009-07-20T22:01:29.000Z")) == ["Opened", "Received"]


def test_the_conversation_is_in_order_and_says_who_speaks(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket()
    staff = replace(DOOR, door="desk")
    service.add_comment(ticket.ticket_id, "acme", new_comment("Any news?"), DOOR)
    service.add_comment(
        ticket.ticket_id, "acme", new_comment("I am staff, says a program.", author="Ada Lovelace"), DOOR
    )
    service.add_comment(ticket.ticket_id, "acme", new_comment("We are on it.", author="Ada Lovelace"), staff)
    service.add_comment(ticket.ticket_id, "acme", new_comment("Ask Bob.", author="ada", visibility="internal"), staff)
    answer = desk.get(ticket_url(ticket.ticket_id))
    entries = [(entry.kind, entry.label, entry.author, entry.text) for entry in answer.context["entries"]]
    assert entries == [
        ("customer", "ITSM", "maria@example.com", "Any news?"),
        ("customer", "ITSM", "Ada Lovelace", "I am staff, says a program."),
        ("staff", "Staff", "Ada Lovelace", "We are on it."),
        ("note", "Internal note", "ada", "Ask Bob."),
    ]


def test_script_in_every_field_is_text(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(
        subject=EVIL,
        issue_description=EVIL,
        caller_id=EVIL,
        customer_id=EVIL,
        type=EVIL,
        assignee=EVIL,
        tags=[EVIL],
        requester={"name": EVIL, "email": EVIL},
        attributes={EVIL: EVIL},
    )
    service.add_comment(ticket.ticket_id, EVIL, new_comment(EVIL, author=EVIL), DOOR)
    page = desk.get(ticket_url(ticket.ticket_id)).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 12


def test_one_query_reads_the_page(desk: Client, make_ticket: MakeTicket, calls: list[str]) -> None:
    ticket = make_ticket()
    calls.clear()
    desk.get(ticket_url(ticket.ticket_id))
    assert calls == ["Query"]


def test_a_ticket_that_the_index_does_not_know_opens_and_is_known(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(indexed=False)
    assert desk.get(ticket_url(ticket.ticket_id)).status_code == 200
    assert IndexedTicket.objects.get(pk=ticket.ticket_id).version == 1


def test_the_index_learns_a_newer_version(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket()
    service.change_ticket(ticket.ticket_id, None, {"status": "pending"}, DOOR)
    desk.get(ticket_url(ticket.ticket_id))
    row = IndexedTicket.objects.get(pk=ticket.ticket_id)
    assert (row.version, row.status) == (2, "pending")


def test_the_index_learns_what_a_program_wrote_that_counts_no_versions(desk: Client, aws: None) -> None:
    for subject in ("Alpha", "Beta"):
        record.put(ticket_id="x", subject=subject, issue_description="No lesson")
        index.apply([record.get("x")])
    assert IndexedTicket.objects.get().subject == "Alpha"
    assert "Beta" in desk.get(ticket_url("x")).content.decode()
    assert IndexedTicket.objects.get().subject == "Beta"


@pytest.mark.parametrize("ticket_id", ["no-such-ticket", "x" * 3000, "a b/c_é"])
def test_no_such_ticket_leads_back_to_the_list_with_a_sentence(
    desk: Client, aws: None, list_address: str, said: Callable[[Any], str], ticket_id: str
) -> None:
    answer = desk.get(ticket_url(ticket_id), follow=True)
    assert answer.redirect_chain == [(list_address, 302)]
    assert "There is no ticket with the id" in said(answer)


def test_another_programs_id_opens(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(ticket_id="inc/42_é ?")
    assert desk.get(ticket_url(ticket.ticket_id)).context["ticket"].ticket_id == ticket.ticket_id


@pytest.mark.sql
def test_an_id_that_the_index_spells_otherwise_opens(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ticket_url(make_ticket(ticket_id="inc\0" + "42").ticket_id)
    assert desk.get(page).context["ticket"].ticket_id == "inc\0" + "42"
    monkeypatch.setattr(config_aws.dynamodb, "call", away)
    copy = desk.get(page)
    assert (copy.status_code, copy.context["ticket"].ticket_id) == (503, "inc\ufffd42")


def conversation(page: Any) -> list[str]:
    return [entry.text for entry in page.context["entries"]]


@pytest.fixture
def long_ticket(make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch) -> Ticket:
    """A ticket with five comments, of which a page shows two."""
    monkeypatch.setattr("ticketing.desk.ticket_page.COMMENTS", 2)
    ticket = make_ticket()
    for number in range(5):
        service.add_comment(ticket.ticket_id, "acme", new_comment(f"number {number}"), DOOR)
    return ticket


def test_a_long_conversation_opens_at_its_newest_comments(desk: Client, long_ticket: Ticket, calls: list[str]) -> None:
    calls.clear()
    page = desk.get(ticket_url(long_ticket.ticket_id))
    assert conversation(page) == ["number 3", "number 4"]
    assert calls == ["Query", "Query"]
    text = page.content.decode()
    assert text.index("It prints nothing.") < text.index("Show earlier comments") < text.index("number 3")
    assert "5 in all" in text


def test_a_long_conversation_can_be_read_from_its_beginning(desk: Client, long_ticket: Ticket) -> None:
    page = desk.get(ticket_url(long_ticket.ticket_id) + "?after=")
    assert "It prints nothing." in page.content.decode()
    read = [conversation(page)]
    while more := page.context["more"]:
        page = desk.get(ticket_url(long_ticket.ticket_id) + more)
        assert "It prints nothing." not in page.content.decode()
        read.append(conversation(page))
    assert read == [["number 0", "number 1"], ["number 2", "number 3"], ["number 4"]]


def test_a_conversation_of_one_page_has_no_links_to_others(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket()
    service.add_comment(ticket.ticket_id, "acme", new_comment("Any news?"), DOOR)
    page = desk.get(ticket_url(ticket.ticket_id)).content.decode()
    assert [link for link in ("earlier comments", "later comments", "Show the newest") if link in page] == []


def test_where_the_record_is_away_the_index_copy_is_shown(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch, said: Callable[[Any], str]
) -> None:
    ticket = make_ticket(assignee="network-team")
    monkeypatch.setattr(config_aws.dynamodb, "call", away)
    answer = desk.get(ticket_url(ticket.ticket_id))
    assert answer.status_code == 503
    assert said(answer) == "The record cannot be read right now. Try again in a moment."
    page = answer.content.decode()
    assert "It prints nothing." in page
    assert "network-team" in page
    assert "<textarea" not in page


def test_where_the_record_is_away_and_the_index_knows_nothing(
    desk: Client, aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_aws.dynamodb, "call", away)
    answer = desk.get(ticket_url("unknown"))
    assert answer.status_code == 503
    assert "cannot be read right now" in answer.content.decode()


@pytest.mark.parametrize(("channel", "told"), [("zendesk", True), ("itsm", False), ("desk", False)])
def test_a_reply_that_zendesk_does_not_hear_of_says_so(
    desk: Client, make_ticket: MakeTicket, channel: str, told: bool
) -> None:
    page = desk.get(ticket_url(make_ticket(channel=channel).ticket_id)).content.decode()
    assert ("A reply stays here: Zendesk is not told of it." in page) == told
    assert ("A reply can be read by the customer" in page) != told
    assert "an internal note only by staff" in page


def test_a_closed_ticket_has_no_form(desk: Client, make_ticket: MakeTicket) -> None:
    page = desk.get(ticket_url(make_ticket(status="closed").ticket_id)).content.decode()
    assert "This ticket is closed" in page
    assert "<textarea" not in page


def test_who_may_only_look_gets_no_form(client: Client, grace: User, make_ticket: MakeTicket) -> None:
    client.force_login(grace)
    ticket = make_ticket()
    answer = client.get(ticket_url(ticket.ticket_id))
    assert answer.context["form"] is None
    assert client.post(ticket_url(ticket.ticket_id), {"do": "reply", "text": "hello"}).status_code == 403


def test_who_has_no_right_sees_nothing(client: Client, make_ticket: MakeTicket) -> None:
    client.force_login(User.objects.create_user("temp", is_staff=True))
    assert client.get(ticket_url(make_ticket().ticket_id)).status_code == 403


def test_the_page_tells_how_many_comments_of_how_many_are_there(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket()
    drafts = [(new_comment(f"{n}"), Key("acme", "many", f"{n}", f"{n}")) for n in range(60)]
    writing = service.add_comments(ticket.ticket_id, "acme", drafts, DOOR, there=1_421)
    next(writing)
    assert "1,470 of 1,481 comments are here so far" in desk.get(ticket_url(ticket.ticket_id)).content.decode()
    next(writing)
    assert "so far" not in desk.get(ticket_url(ticket.ticket_id)).content.decode()
