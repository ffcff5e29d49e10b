"""What others do to a ticket while somebody writes at the desk: only a change of the same field is a conflict."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.ticketing.desk.conftest import DOOR, MakeTicket
from tests.ticketing.desk.test_ticket_page import away
from tests.ticketing.desk.test_ticket_writing import Fill, Said, comments, stands
from tests.ticketing.writing import changes_of
from ticketing import service
from ticketing.desk.page import ticket_url
from ticketing.record import history
from ticketing.tickets.ticket import Actor, Ticket, new_comment

Meanwhile = Callable[[Ticket], Any]
KEPT = "Nothing was saved. What you typed and chose is still here: to replace this, send it again."


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", first_name="Bob", last_name="Miller", is_staff=True)


def change(by: Actor = DOOR, **changes: Any) -> Meanwhile:
    return lambda ticket: service.change_ticket(ticket.ticket_id, None, changes, by)


def comment(text: str = "It works again, thanks!", **options: Any) -> Meanwhile:
    return lambda ticket: service.add_comment(ticket.ticket_id, "acme", new_comment(text), DOOR, **options)


def nothing(ticket: Any) -> list[Any]:
    return []


def staff(name: str) -> Actor:
    return Actor(name=name, door="desk", request_id="r-2")


REPLY, NOTE = {"do": "reply", "text": "Mine"}, {"do": "note", "text": "Mine"}
SOLVE, SOLVING = {"do": "save", "status": "solved"}, {"do": "reply", "text": "Mine", "status": "solved"}


@pytest.mark.parametrize("typed", [REPLY, NOTE, SOLVE, SOLVING, REPLY | {"assignee": "ada", "priority": "high"}])
@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(comment(), id="comment"),
        pytest.param(change(tags=["seen"], subject="New"), id="fields that the desk does not show"),
        pytest.param(change(attributes={"n": 1}), id="attributes"),
    ],
)
def test_what_changes_none_of_the_same_fields_is_no_conflict(
    desk: Client, make_ticket: MakeTicket, fill: Fill, typed: dict[str, str], meanwhile: Meanwhile
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **typed)
    meanwhile(ticket)
    before = stands(ticket)
    assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    now = stands(ticket)
    assert [one.comment for one in comments(ticket)][before.comment_count :] == (["Mine"] if "text" in typed else [])
    assert (now.status, now.assignee or "", now.priority) == (
        typed.get("status", "open"),
        typed.get("assignee", ""),
        typed.get("priority", "normal"),
    )
    assert (now.tags, now.subject, now.attributes) == (before.tags, before.subject, before.attributes)
    assert now.version == before.version + 1


def test_changes_of_different_fields_by_two_people_are_both_there(
    desk: Client, make_ticket: MakeTicket, fill: Fill
) -> None:
    ticket = make_ticket()
    forms = [fill(ticket, do="save", status="pending"), fill(ticket, do="save", priority="high"), fill(ticket, **REPLY)]
    forms.append(fill(ticket, do="note", text="Taken", assignee="ada"))
    for form in forms:
        assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    now = stands(ticket)
    assert (now.status, now.priority, now.assignee, now.comment_count) == ("pending", "high", "ada", 2)
    assert [note["changes"] for note in changes_of(ticket)] == [
        {"status": ["open", "pending"]},
        {"priority": ["normal", "high"]},
        {"assignee": [None, "ada"]},
    ]
    assert {note["by"] for note in changes_of(ticket)} == {"ada"}


@pytest.mark.parametrize(
    ("typed", "meanwhile", "sentence"),
    [
        pytest.param(
            SOLVE,
            change(by=staff("bob"), status="pending"),
            "Bob Miller (bob) changed the field Status to “Pending” while you were writing.",
            id="status, by a colleague",
        ),
        pytest.param(
            SOLVING,
            change(by=staff("gone"), status="pending"),
            "gone changed the field Status to “Pending”",
            id="status beside a reply, by a former colleague",
        ),
        pytest.param(
            {"do": "save", "assignee": "ada"},
            change(assignee="bob"),
            "a program (through ITSM) changed the field Assignee to “Bob Miller (bob)”",
            id="assignee, by a program",
        ),
        pytest.param(
            NOTE | {"priority": "low"},
            change(by=staff("ada"), priority="urgent"),
            "You yourself, in another window, changed the field Priority to “Urgent”",
            id="priority beside a note, in another window",
        ),
    ],
)
def test_a_field_that_somebody_else_changed_is_refused_with_who_and_what(
    desk: Client,
    bob: User,
    make_ticket: MakeTicket,
    fill: Fill,
    said: Said,
    typed: dict[str, str],
    meanwhile: Meanwhile,
    sentence: str,
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **{"text": "kept"} | typed)
    meanwhile(ticket)
    comment(reopen=False)(ticket)
    before = stands(ticket)
    answer = desk.post(ticket_url(ticket.ticket_id), form)
    assert said(answer).startswith(sentence)
    assert said(answer).endswith(KEPT)
    assert (stands(ticket), before.comment_count) == (before, 1)
    shown = answer.context["form"].data
    assert {name: shown[name] for name in typed if name != "do"} == {n: v for n, v in typed.items() if n != "do"}
    assert shown["text"] == typed.get("text", "kept")
    again = desk.post(ticket_url(ticket.ticket_id), {**shown, "do": typed["do"]})
    assert again.status_code == 302  # who was told, and insists, is heard
    assert stands(ticket).version == before.version + 1
    assert all((getattr(stands(ticket), name) == value) for name, value in typed.items() if name not in ("do", "text"))


def test_all_fields_of_a_conflict_are_named_and_those_alone(
    desk: Client, bob: User, make_ticket: MakeTicket, fill: Fill, said: Said
) -> None:
    ticket = make_ticket(assignee="network-team")
    form = fill(ticket, do="save", status="solved", priority="high", assignee="ada")
    change(by=staff("bob"), status="pending")(ticket)
    change(assignee=None)(ticket)
    text = said(desk.post(ticket_url(ticket.ticket_id), form))
    assert "Bob Miller (bob) changed the field Status to “Pending”" in text
    assert "a program (through ITSM) changed the field Assignee to “Nobody”" in text
    assert "Priority" not in text
    assert stands(ticket).priority == "normal"


def test_a_ticket_that_a_comment_reopened_is_not_solved_by_who_saw_it_pending(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said
) -> None:
    ticket = make_ticket(status="pending")
    form = fill(ticket, **SOLVING)
    comment("It fails again")(ticket)
    answer = desk.post(ticket_url(ticket.ticket_id), form)
    assert said(answer).startswith(
        "a program (through ITSM) changed the field Status to “Open” while you were writing."
    )
    assert "It fails again" in answer.content.decode()
    assert stands(ticket).comment_count == 1


@pytest.mark.parametrize("fails", [True, False])
def test_where_nobody_can_be_named_the_field_is(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **SOLVE)
    change(status="pending")(ticket)
    monkeypatch.setattr(history, "_newest", away if fails else nothing)
    text = said(desk.post(ticket_url(ticket.ticket_id), form))
    assert text.startswith("Somebody else changed the field Status to “Pending”")


def test_what_was_chosen_is_still_compared_with_what_was_seen_after_another_refusal(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said
) -> None:
    """The page is shown anew with the new status, but nobody has told the person of it."""
    ticket = make_ticket()
    form = fill(ticket, do="reply", text="", status="solved")
    change(status="pending")(ticket)
    shown = desk.post(ticket_url(ticket.ticket_id), form).context["form"].data
    answer = desk.post(ticket_url(ticket.ticket_id), {**shown, "text": "Mine", "do": "reply"})
    assert "changed the field Status to “Pending”" in said(answer)
    assert (stands(ticket).status, comments(ticket)) == ("pending", [])


@pytest.mark.parametrize("typed", [SOLVE, SOLVING, {"do": "save", "status": "closed"}, REPLY | {"status": "closed"}])
def test_the_same_form_sent_again_is_no_conflict_with_itself(
    desk: Client, make_ticket: MakeTicket, fill: Fill, typed: dict[str, str]
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **typed)
    assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    if typed["status"] != "closed":
        comment(reopen=False)(ticket)
    assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    assert stands(ticket).status == typed["status"]
    assert [one.comment for one in comments(ticket)].count("Mine") == ("text" in typed)
    assert len(changes_of(ticket)) == 1


def test_a_reply_that_is_sent_again_undoes_nothing_that_came_after_it(
    desk: Client, make_ticket: MakeTicket, fill: Fill
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **SOLVING)
    desk.post(ticket_url(ticket.ticket_id), form)
    comment("It fails again")(ticket)
    assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    assert (stands(ticket).status, stands(ticket).comment_count) == ("open", 2)


def test_what_two_people_want_alike_is_changed_once(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    ticket = make_ticket()
    forms = [fill(ticket, **SOLVING | {"priority": "high"}), fill(ticket, **SOLVE)]
    change(status="solved")(ticket)
    for form in forms:
        assert desk.post(ticket_url(ticket.ticket_id), form).status_code == 302
    assert [note["changes"] for note in changes_of(ticket)] == [
        {"status": ["open", "solved"]},
        {"priority": ["normal", "high"]},
    ]


@pytest.mark.parametrize("assignee", ["two\nlines", "two\r\nlines", " blanks ", "", "ada\x00"])
def test_a_field_that_html_cannot_hold_as_it_is_can_be_changed(
    desk: Client, make_ticket: MakeTicket, fill: Fill, assignee: str
) -> None:
    ticket = make_ticket(assignee=assignee)
    form = fill(ticket, do="reply", text="Mine", assignee="ada")
    browsers = {name: str(value).replace("\r\n", "\n").replace("\n", "\r\n") for name, value in form.items()}
    assert desk.post(ticket_url(ticket.ticket_id), browsers).status_code == 302
    assert stands(ticket).assignee == "ada"


@pytest.mark.parametrize("typed", [REPLY, SOLVE])
@pytest.mark.parametrize(
    ("number", "sentence"), [(0, ""), (1, "One comment came in"), (2, "2 comments came in while you were writing")]
)
def test_who_writes_is_told_of_comments_that_came_in(
    desk: Client, make_ticket: MakeTicket, fill: Fill, said: Said, typed: dict[str, str], number: int, sentence: str
) -> None:
    ticket = make_ticket()
    form = fill(ticket, **typed)
    for _ in range(number):
        comment()(ticket)
    for _ in range(2):  # a double click is told the same
        answer = desk.post(ticket_url(ticket.ticket_id), form, follow=True)
        assert ("came in" in said(answer)) == bool(number)
        assert sentence in said(answer)
    assert answer.content.decode().count("It works again, thanks!") == number
