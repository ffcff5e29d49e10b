"""What staff write: once, through the service, and never over somebody else's change."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import aws as config_aws
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from tests.ticketing.desk.test_ticket_page import away
from ticketing import service
from ticketing.desk.page import ticket_url
from ticketing.models import IndexedTicket
from ticketing.record.table import TICKETS
from ticketing.tickets.ticket import Comment, Ticket

Fill = Callable[..., dict[str, Any]]
Said = Callable[[Any], str]
SEEN_WRONG = '{"status": 1.5, "priority": "normal", "assignee": null}'


def comments(ticket: Ticket) -> list[Comment]:
    return service.get_conversation(ticket.ticket_id, None).comments


def stands(ticket: Ticket) -> Ticket:
    return service.get_ticket(ticket.ticket_id, None)


@pytest.mark.parametrize(("button", "visibility"), [("reply", "public"), ("note", "internal")])
def test_a_text_becomes_a_comment(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said, button: str, visibility: str
) -> None:
    ticket = make_ticket(status="pending")
    form = fill(ticket, do=button, text="Two\r\nlines\r\n")
    answer = desk.post(ticket_url(ticket.ticket_id), form, follow=True)
    assert answer.redirect_chain == [(ticket_url(ticket.ticket_id), 302)]
    assert "is saved" in said(answer)
    [comment] = comments(ticket)
    assert (comment.comment, comment.visibility, comment.author) == ("Two\nlines\n", visibility, "Ada Lovelace")
    assert stands(ticket).status == "pending"  # staff do not open a ticket again by answering
    assert answer.context["form"].data["text"] == ""


@pytest.mark.parametrize(("button", "back"), [("reply", ""), ("save", "?after=")])
def test_who_answers_an_earlier_comment_is_led_to_the_newest(
    desk: Client, make_ticket: MakeTicket, fill: Fill, button: str, back: str
) -> None:
    ticket = make_ticket()
    page = ticket_url(ticket.ticket_id)
    answer = desk.post(f"{page}?after=", fill(ticket, do=button, text="Hello", priority="high"), follow=True)
    assert answer.redirect_chain == [(page + back, 302)]


def test_the_index_knows_at_once(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    ticket = make_ticket()
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do="reply", text="Hello"))
    row = IndexedTicket.objects.get(pk=ticket.ticket_id)
    assert (row.version, row.comment_count) == (2, 1)


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ({"do": "reply", "text": "Hello"}, ["TransactWriteItems", "GetItem"]),
        ({"do": "save", "status": "pending"}, ["GetItem", "TransactWriteItems"]),
        ({"do": "reply", "text": "Hello", "status": "solved"}, ["TransactWriteItems", "GetItem"]),
        ({"do": "save"}, ["GetItem"]),
    ],
)
def test_calls_to_aws(
    desk: Client, make_ticket: MakeTicket, fill: Fill, calls: list[str], typed: dict[str, str], made: list[str]
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **typed)
    calls.clear()
    desk.post(ticket_url(ticket.ticket_id), form)
    assert calls == made


def test_what_was_just_said_is_said_twice_only_by_who_insists(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said
) -> None:
    """The browser's Back shows the text again, in a form with a new key."""
    ticket, other = make_ticket(), make_ticket()
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do="reply", text="Hello", key="1"))
    desk.post(ticket_url(ticket.ticket_id), fill(stands(ticket), do="note", text="Hello", key="2"))  # not the same
    desk.post(ticket_url(other.ticket_id), fill(other, do="note", text="Hello", key="3"))
    desk.post(ticket_url(other.ticket_id), fill(other, do="note", text="Hello", key="3"))  # a double click
    again = fill(stands(other), do="note", text="Hello", key="4")
    for _ in range(2):  # another double click
        answer = desk.post(ticket_url(other.ticket_id), again)
        assert said(answer).startswith("You have just said this, and it is saved.")
        assert answer.context["form"].data["text"] == "Hello"
        assert (len(comments(ticket)), len(comments(other))) == (2, 1)
    insisting = again | {"key": answer.context["form"].data["key"]}
    for _ in range(2):
        desk.post(ticket_url(other.ticket_id), insisting)
        assert len(comments(other)) == 2


def test_a_double_click_adds_one_reply(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    ticket = make_ticket()
    form = fill(ticket, do="reply", text="Once", status="solved")
    for _ in range(2):
        assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    assert len(comments(ticket)) == 1
    assert (stands(ticket).status, stands(ticket).version) == ("solved", 2)


def test_fields_are_changed_by_name_of_who_did_it(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    ticket = make_ticket()
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do="save", status="solved", priority="urgent", assignee="ada"))
    now = stands(ticket)
    assert (now.status, now.priority, now.assignee, now.version) == ("solved", "urgent", "ada", 2)
    row = IndexedTicket.objects.get(pk=ticket.ticket_id)
    assert (row.status, row.assignee) == ("solved", "ada")


def test_nobody_can_be_the_assignee_and_a_strange_one_stays(
    desk: Client, make_ticket: MakeTicket, fill: Fill, ada: User
) -> None:
    User.objects.create_user("bob", is_staff=True, is_active=False)
    ticket = make_ticket(assignee="network-team")
    choices = dict(desk.get(ticket_url(ticket.ticket_id)).context["form"].fields["assignee"].choices)
    assert set(choices) == {"", "network-team", "ada"}
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do="save", priority="low"))
    assert stands(ticket).assignee == "network-team"
    desk.post(ticket_url(ticket.ticket_id), fill(ticket, do="save", assignee=""))
    assert stands(ticket).assignee is None


def test_a_text_survives_when_only_the_fields_are_saved(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    ticket = make_ticket()
    form = fill(ticket, do="save", assignee="ada", text="Half a sent")
    answer = desk.post(ticket_url(ticket.ticket_id), form, follow=True)
    assert comments(ticket) == []
    assert answer.context["form"].data["text"] == "Half a sent"
    assert desk.get(ticket_url(ticket.ticket_id)).context["form"].data["text"] == ""


def test_a_closed_ticket_refuses_and_the_text_is_shown(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said
) -> None:
    ticket = make_ticket()
    form = fill(ticket, do="reply", text="Too late")
    service.change_ticket(ticket.ticket_id, None, {"status": "closed"}, DOOR)
    answer = desk.post(ticket_url(ticket.ticket_id), form)
    assert "This ticket is closed: nothing was saved" in said(answer)
    assert "Too late</textarea>" in answer.content.decode()


def test_where_aws_is_away_nothing_typed_is_lost(
    desk: Client,
    make_ticket: MakeTicket,
    fill: Fill,
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = make_ticket()
    form = fill(ticket, do="reply", text="Important", status="solved")
    with monkeypatch.context() as patch:
        patch.setattr(config_aws.dynamodb, "call", away)
        answer = desk.post(ticket_url(ticket.ticket_id), form)
    assert answer.status_code == 503
    assert "could not be saved now. Nothing you typed is lost" in said(answer)
    assert "Important</textarea>" in answer.content.decode()
    desk.post(ticket_url(ticket.ticket_id), {**answer.context["form"].data, "do": "reply"})
    assert [comment.comment for comment in comments(ticket)] == ["Important"]
    assert stands(ticket).status == "solved"


def test_a_key_that_stands_for_another_text(desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said) -> None:
    ticket = make_ticket()
    form = fill(ticket, do="reply", text="First")
    desk.post(ticket_url(ticket.ticket_id), form)
    answer = desk.post(ticket_url(ticket.ticket_id), {**form, "text": "Second"})
    assert "What you sent before is saved already" in said(answer)
    assert answer.context["form"].data["key"] != form["key"]
    desk.post(ticket_url(ticket.ticket_id), {**answer.context["form"].data, "do": "reply"})
    assert [comment.comment for comment in comments(ticket)] == ["First", "Second"]


def test_a_text_and_the_fields_beside_it_are_saved_together_or_not_at_all(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: Any, **options: Any) -> Any:
        raise config_aws.Contended("TransactionConflict")

    ticket = make_ticket()
    form = fill(ticket, do="reply", text="Hello", status="solved")
    with monkeypatch.context() as patch:
        patch.setattr(type(TICKETS), "transact", busy)
        answer = desk.post(ticket_url(ticket.ticket_id), form)
    assert "nothing was saved. Try again in a moment." in said(answer)
    assert (comments(ticket), stands(ticket)) == ([], ticket)
    desk.post(ticket_url(ticket.ticket_id), {**answer.context["form"].data, "do": "reply"})
    assert (len(comments(ticket)), stands(ticket).status) == (1, "solved")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"do": "reply", "text": " \r\n "}, "Write something first."),
        ({"do": "reply", "text": "x" * 400_000}, "The comment is too large to be stored: nothing was saved."),
        ({"do": "save", "status": "gone", "text": "kept"}, "Select a valid choice"),
        ({"do": "save", "assignee": "mallory", "text": "kept"}, "Select a valid choice"),
        ({"do": "reply", "text": "kept", "comments": "x"}, "Enter a whole number"),
        ({"do": "save", "text": "kept", "status": "solved", "seen": ""}, "This page did not say what you saw."),
        ({"do": "save", "text": "kept", "status": "solved", "seen": "{"}, "This page did not say what you saw."),
        ({"do": "save", "text": "kept", "status": "solved", "seen": '["status"]'}, "This page did not say what you"),
        ({"do": "reply", "text": "kept", "status": "solved", "seen": SEEN_WRONG}, "This page did not say what you saw"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said, typed: dict[str, str], sentence: str
) -> None:
    ticket = make_ticket()
    answer = desk.post(ticket_url(ticket.ticket_id), fill(ticket, **typed))
    assert sentence in said(answer)
    assert answer.context["form"].data["text"].strip() == typed["text"].strip()
    assert stands(ticket).version == 1
