"""What a customer answers in Zendesk after the desk closed the ticket: nothing of it is overlooked or doubled."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.client import BaseClient
from django.core.management import call_command

from config import times
from config.refusals import Stale
from ingestion.zendesk import follow_up, pipeline, tasks
from tests import record
from tests.ingestion.conftest import API, Zendesk, desk_ticket, stored
from ticketing import deliveries, index, service
from ticketing.deliveries import Delivery, raw_tickets, unfinished
from ticketing.record import many_comments
from ticketing.tickets.ticket import Actor, Conversation, Ticket

pytestmark = [pytest.mark.usefixtures("aws", "embedded"), pytest.mark.django_db]

_Client: Any = BaseClient
STEPS = 12  # calls of DynamoDB by which a delivery opens a follow-up with two comments, one by one
STAFF = Actor(name="Priya", door="desk", request_id="r")


@pytest.fixture
def zendesk(zendesk: Zendesk) -> Zendesk:
    zendesk.users[1]["role"] = "agent"
    zendesk.ticket |= {"created_at": "2026-01-05T10:00:00Z", "organization_id": None}
    zendesk.comment("We are looking into it.")
    return zendesk


def work(delivery_id: str) -> Delivery:
    """The delivery, worked to its end."""
    deliveries.receive(Delivery(delivery_id=delivery_id, door="zendesk", customer_id="default", key="12345"))
    tasks.ingest.apply((delivery_id,), throw=True)
    return stored(delivery_id)


def close(ticket: Ticket | None = None) -> Ticket:
    """The ticket (the first, if none is given), closed at the desk."""
    return service.change_ticket((ticket or desk_ticket().ticket).ticket_id, None, {"status": "closed"}, STAFF)


def closed(zendesk: Zendesk, *answers: str) -> Ticket:
    """The first ticket, closed before the customer gave these answers in Zendesk."""
    work("d-1")
    ticket = close()
    for answer in answers:
        zendesk.comment(answer, author_id=7)
    return ticket


def as_it_was(ticket: Ticket) -> bool:
    """Whether the ticket is unchanged, but for what the door notes for itself."""
    found = service.find(ticket.ticket_id)
    return found is not None and replace(found, zendesk=ticket.zendesk) == ticket


def later(zendesk: Zendesk, **changes: Any) -> None:
    """What Zendesk says of the ticket an hour later than before."""
    hour = int(zendesk.ticket["updated_at"][11:13]) + 1
    zendesk.ticket |= {"updated_at": f"2026-01-05T{hour:02}:00:00Z"} | changes


def tickets() -> list[Conversation]:
    """The desk's tickets for the Zendesk ticket, the first one first, with their comments."""
    return [service.get_conversation(one.ticket_id, None) for one in follow_up.chain("12345")]


def said() -> list[list[str]]:
    """The comments of each of them."""
    return [[one.comment for one in found.comments] for found in tickets()]


def test_an_answer_to_a_closed_ticket_opens_a_follow_up(zendesk: Zendesk) -> None:
    first = closed(zendesk, "It is still broken!")
    later(zendesk, priority="urgent", tags=["need_sme", "late"])
    before = times.now()
    delivery = work("d-2")
    assert (delivery.state, delivery.note) == ("created", None)
    assert said() == [["We are looking into it."], ["It is still broken!"]]
    ticket = tickets()[1].ticket
    assert delivery.ticket_id == ticket.ticket_id != first.ticket_id
    assert ticket.attributes["zendesk"]["follow_up_of"] == first.ticket_id
    assert ticket.attributes["zendesk"]["ticket_id"] == "12345"
    assert (ticket.status, ticket.channel, ticket.subject) == ("open", "zendesk", "No lesson")
    assert (ticket.caller_id, ticket.requester) == (first.caller_id, first.requester)
    assert (ticket.priority, ticket.tags, ticket.assignee) == ("urgent", ["need_sme", "late"], None)
    assert ticket.created_at == "2026-01-05T10:02:00.000Z"
    assert before <= ticket.received_at <= times.now()
    assert ticket.issue_description == (
        f"This follows {first.reference}, which was closed when the customer wrote again in Zendesk ticket 12345."
    )
    assert as_it_was(first)


@pytest.mark.parametrize(
    ("requester_id", "users", "known"),
    [
        (7, [], {"name": "Léa Moreau", "email": "lea@family.test"}),
        (9, [], None),
        (9, [{"id": 9, "name": "Omar"}], None),
    ],
)
def test_the_follow_up_is_the_requesters_as_far_as_they_are_known(
    zendesk: Zendesk, requester_id: int, users: list[dict[str, Any]], known: dict[str, str] | None
) -> None:
    closed(zendesk, "It is still broken!")
    zendesk.users = users
    zendesk.ticket["requester_id"] = requester_id
    work("d-2")
    ticket = tickets()[1].ticket
    assert ticket.caller_id == f"zendesk:{requester_id}"
    assert ticket.requester == (known or ({"name": users[0]["name"]} if users else None))


def test_the_follow_up_holds_what_agents_wrote_since_too_in_order(zendesk: Zendesk) -> None:
    closed(zendesk)
    zendesk.comment("Ask the tutor.", public=False)
    zendesk.comment("Any news?", author_id=7)
    zendesk.comment("Tomorrow.")
    work("d-2")
    assert said() == [["We are looking into it."], ["Ask the tutor.", "Any news?", "Tomorrow."]]
    assert [(one.visibility, one.door) for one in tickets()[1].comments] == [
        ("internal", "desk"),
        ("public", "zendesk"),
        ("public", "desk"),
    ]
    assert tickets()[1].ticket.created_at == "2026-01-05T10:03:00.000Z"


def test_later_answers_and_changes_go_to_the_open_follow_up(zendesk: Zendesk) -> None:
    first = closed(zendesk, "It is still broken!")
    work("d-2")
    zendesk.comment("Hello?", author_id=7)
    zendesk.comment("Checked.", public=False)
    later(zendesk, status="pending", priority="low")
    delivery = work("d-3")
    assert (delivery.state, delivery.note) == ("updated", None)
    assert said()[1:] == [["It is still broken!", "Hello?", "Checked."]]
    ticket = tickets()[1].ticket
    assert delivery.ticket_id == ticket.ticket_id
    assert (ticket.status, ticket.priority) == ("pending", "low")
    assert ticket.issue_description.startswith("This follows ")
    assert ticket.attributes["zendesk"]["follow_up_of"] == first.ticket_id
    assert ticket.attributes["zendesk"]["opening"]["author"] == "Foyer"
    assert as_it_was(first)


def test_what_zendesk_redacts_is_replaced_in_each_ticket_of_the_chain(zendesk: Zendesk) -> None:
    first = closed(zendesk, "My card is 4111.")
    work("d-2")
    close(tickets()[1].ticket)
    zendesk.comment("And my code is 123.", author_id=7)
    work("d-3")
    later(zendesk, description="▇▇▇")
    zendesk.comments[0]["body"] = "▇▇▇"
    for comment in zendesk.comments[1:]:
        comment["body"] = f"▇{comment['id']}"
    delivery = work("d-4")
    assert (delivery.state, delivery.note) == ("updated", None)
    assert said() == [["▇901"], ["▇902"], ["▇903"]]
    texts = [one.ticket.issue_description for one in tickets()]
    assert texts[0] == "▇▇▇"
    assert all(text.startswith("This follows F-") for text in texts[1:])
    assert first.reference in texts[1]


def test_what_zendesk_redacts_in_a_closed_ticket_is_not_left_out(zendesk: Zendesk) -> None:
    closed(zendesk)
    later(zendesk, description="▇▇▇", priority="urgent")
    zendesk.comments[0]["body"] = "▇▇▇"
    assert "ticket 12345: priority. No customer" in str(work("d-2").note)
    assert tickets()[0].ticket.issue_description == "▇▇▇"


def test_a_follow_up_that_was_solved_is_open_again_after_an_answer(zendesk: Zendesk) -> None:
    closed(zendesk, "It is still broken!")
    work("d-2")
    service.change_ticket(tickets()[1].ticket.ticket_id, None, {"status": "solved"}, STAFF)
    zendesk.comment("No, it is not.", author_id=7)
    work("d-3")
    assert tickets()[1].ticket.status == "open"


def test_a_follow_up_that_is_closed_too_has_a_follow_up(zendesk: Zendesk) -> None:
    first = closed(zendesk, "It is still broken!")
    work("d-2")
    second = close(tickets()[1].ticket)
    zendesk.comment("Once more.", author_id=7)
    assert work("d-3").state == "created"
    assert said() == [["We are looking into it."], ["It is still broken!"], ["Once more."]]
    third = tickets()[2].ticket
    assert third.attributes["zendesk"]["follow_up_of"] == second.ticket_id
    assert second.attributes["zendesk"]["follow_up_of"] == first.ticket_id
    assert second.reference in third.issue_description


def test_a_follow_up_closes_with_zendesks_ticket_after_it_got_everything(zendesk: Zendesk) -> None:
    closed(zendesk, "It is still broken!", "Solved by myself.")
    later(zendesk, status="closed")
    assert work("d-2").state == "created"
    assert (tickets()[1].ticket.status, said()[1]) == ("closed", ["It is still broken!", "Solved by myself."])
    assert work("d-3").state == "updated"
    assert len(tickets()) == 2


def test_webhooks_three_times_in_any_order_open_one_follow_up(zendesk: Zendesk) -> None:
    first = closed(zendesk, "One")
    early = zendesk.ticket, list(zendesk.comments)
    zendesk.comment("Two", author_id=7)
    later(zendesk, priority="urgent")
    late = zendesk.ticket, list(zendesk.comments)
    ends = []
    for number, (ticket, comments) in enumerate([late, early, late, early, early, late]):
        zendesk.ticket, zendesk.comments = ticket, comments
        ends.append(work(f"d-{number + 2}").state)
    assert ends == ["created", *["updated"] * 5]
    assert said() == [["We are looking into it."], ["One", "Two"]]
    assert tickets()[1].ticket.priority == "urgent"
    assert record.ticket_ids() == sorted([first.ticket_id, tickets()[1].ticket.ticket_id])


# --- What opens no follow-up ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comment",
    [{}, {"public": False}, {"author_id": 7, "public": False}, {"author_id": -1}, {"author_id": None}],
    ids=["agent", "note", "private", "Zendesk", "nobody"],
)
def test_what_no_customer_wrote_opens_no_work_but_is_told_and_comes_with_the_next_answer(
    zendesk: Zendesk, comment: dict[str, Any]
) -> None:
    first = closed(zendesk)
    zendesk.comment("Refunded.", **comment)
    delivery = work("d-2")
    assert (delivery.state, delivery.ticket_id) == ("updated", first.ticket_id)
    told = f"{first.reference} is closed, so it did not get what is new in Zendesk ticket 12345: 1 comment."
    assert f"{told} No customer wrote" in str(delivery.note)
    assert f"{API}/agent/tickets/12345" in str(delivery.note)
    assert [one.delivery_id for one in unfinished.noted_page().deliveries] == ["d-2"]
    assert len(tickets()) == 1
    zendesk.comment("Thank you, but the other one too.", author_id=7)
    assert work("d-3").note is None
    assert said()[1] == ["Refunded.", "Thank you, but the other one too."]


@pytest.mark.parametrize(
    "comment",
    [
        {"author_id": 99},
        {"author_id": -1, "type": "VoiceComment"},
        {"author_id": -1, "type": "ChatTranscript"},
        {"public": None, "author_id": 7},
    ],
    ids=["stranger", "voicemail", "chat", "visible"],
)
def test_whoever_may_be_a_customer_is_not_overlooked(zendesk: Zendesk, comment: dict[str, Any]) -> None:
    closed(zendesk)
    zendesk.comment("It is still broken!", **comment)
    assert work("d-2").state == "created"


def test_an_agent_who_is_the_requester_answers_as_a_customer(zendesk: Zendesk) -> None:
    zendesk.ticket["requester_id"] = 8
    closed(zendesk)
    zendesk.comment("It is still broken!", author_id=8)
    assert work("d-2").state == "created"


def test_changed_fields_of_a_closed_ticket_are_told(zendesk: Zendesk) -> None:
    first = closed(zendesk)
    later(zendesk, priority="urgent", tags=["late"], status="pending")
    note = str(work("d-2").note)
    assert ": status, priority, tags." in note
    assert as_it_was(first)


@pytest.mark.parametrize("status", ["open", "solved", "closed", "archived"])
def test_a_ticket_that_was_closed_here_and_ends_in_zendesk_too_is_nothing_to_tell(
    zendesk: Zendesk, status: str
) -> None:
    closed(zendesk)
    later(zendesk, status=status)
    delivery = work("d-2")
    assert delivery.state == "updated"
    assert "did not get" not in str(delivery.note)


def test_an_older_state_has_nothing_that_a_closed_ticket_lacks(zendesk: Zendesk) -> None:
    closed(zendesk)
    zendesk.ticket |= {"updated_at": "2026-01-05T09:00:00Z", "priority": "low"}
    assert work("d-2").note is None


def test_the_comment_that_opened_the_ticket_is_no_answer_however_it_is_worded_now(zendesk: Zendesk) -> None:
    closed(zendesk)
    zendesk.comments[0]["body"] = "Worded anew."
    assert work("d-2").state == "updated"
    assert len(tickets()) == 1


def test_a_ticket_that_zendesk_deleted_opens_no_follow_up(zendesk: Zendesk) -> None:
    closed(zendesk, "It is still broken!")
    later(zendesk, status="deleted")
    delivery = work("d-2")
    assert delivery.state == "updated"
    assert "is deleted" in str(delivery.note)
    assert "ticket 12345: 1 comment. Look at it" in str(delivery.note)
    assert len(tickets()) == 1


def test_a_priority_that_foyer_does_not_know_is_told(zendesk: Zendesk) -> None:
    zendesk.ticket["priority"] = "critical"
    delivery = work("d-1")
    assert desk_ticket().ticket.priority == "normal"
    assert delivery.note == (
        "Zendesk ticket 12345 has the priority `critical`, which Foyer does not know: it is `normal` here"
    )


# --- Deaths and races -------------------------------------------------------------------------------------


def at_call(monkeypatch: pytest.MonkeyPatch, number: int, *, done: bool, act: Callable[[], Any]) -> None:
    """Do something else at the call of DynamoDB with this number (from 0): before it is done, or after."""
    original, made = _Client._make_api_call, Counter[str]()

    def call(self: Any, operation: str, parameters: Any) -> Any:
        made["calls"] += self.meta.service_model.service_name == "dynamodb"
        is_it = made["calls"] == number + 1 and self.meta.service_model.service_name == "dynamodb"
        if is_it and not done:
            act()
        try:
            return original(self, operation, parameters)
        finally:
            if is_it and done:
                act()

    monkeypatch.setattr(_Client, "_make_api_call", call)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comment has a transaction of its own, so that something may come between."""
    monkeypatch.setattr(many_comments, "AT_ONCE", 1)


def die() -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("one_by_one")
def test_no_step_is_left_out_below(zendesk: Zendesk, calls: list[str]) -> None:
    closed(zendesk, "One", "Two")
    deliveries.receive(Delivery(delivery_id="d-2", door="zendesk", customer_id="default", key="12345"))
    calls.clear()
    tasks.ingest.apply(("d-2",), throw=True)
    assert len([one for one in calls if one != "PutObject"]) == STEPS


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("number", range(STEPS))
def test_a_death_between_any_two_steps_leaves_one_follow_up_with_each_comment_once(
    zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    closed(zendesk, "One", "Two")
    deliveries.receive(Delivery(delivery_id="d-2", door="zendesk", customer_id="default", key="12345"))
    with monkeypatch.context() as dying:
        at_call(dying, number, done=done, act=die)
        with pytest.raises(KeyboardInterrupt):
            tasks.ingest.apply(("d-2",), throw=True)
    assert work("d-2").state == "created"
    assert said() == [["We are looking into it."], ["One", "Two"]]
    assert len(record.ticket_ids()) == 2


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("number", range(STEPS + 1))
def test_two_workers_at_once_open_one_follow_up(zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    closed(zendesk, "One", "Two")
    ends = []
    with monkeypatch.context() as racing:
        at_call(racing, number, done=False, act=lambda: ends.append(work("d-3").state))
        ends.append(work("d-2").state)
    assert sorted(ends) == ["created", "updated"]
    assert said() == [["We are looking into it."], ["One", "Two"]]


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("number", range(STEPS))
def test_a_ticket_that_is_closed_while_its_answers_come_doubles_none_and_leaves_none_out(
    zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    work("d-1")
    for text in ("One", "Two", "Three"):
        zendesk.comment(text, author_id=7)
    later(zendesk, priority="urgent")
    with monkeypatch.context() as racing:
        at_call(racing, number, done=False, act=close)
        with suppress(Stale):  # a worker tries that again
            work("d-2")
    work("d-2")
    found = said()
    assert sum(found, []) == ["We are looking into it.", "One", "Two", "Three"]  # noqa: RUF017 - two short lists
    assert [one.ticket.arriving for one in tickets()] == [None] * len(tickets())
    note = str(stored("d-2").note)
    assert tickets()[-1].ticket.priority == "urgent" or ": priority." in note


# --- Replays, redrives, Zendesk's own follow-ups -------------------------------------------------------------


def test_a_message_is_about_every_ticket_of_the_chain(zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(zendesk, "One")
    work("d-2")
    monkeypatch.setattr(tasks, "delivery_ids", lambda _: {"d-2"})
    message: Any = {}
    assert tasks.about(message) == {"d-2", *(one.ticket.ticket_id for one in tickets())}


def replay(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    call_command("replay", "--since", "1d", "--until", times.now(), *options)
    return capsys.readouterr().out


def test_a_replay_opens_the_follow_up_of_an_answer_that_was_left_out_before(
    zendesk: Zendesk, capsys: pytest.CaptureFixture[str]
) -> None:
    first = closed(zendesk, "It is still broken!")
    raw = raw_tickets.key("12345", times.now())
    raw_tickets.store(raw, {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users})
    would = replay(capsys, "--dry-run")
    assert "1 would be opened, 0 there already" in would
    assert len(tickets()) == 1
    assert replay(capsys) == "1 opened, 0 there already, 0 refused.\n"
    assert said() == [["We are looking into it."], ["It is still broken!"]]
    assert f"{tickets()[1].ticket.reference} would be opened" in would
    before = tickets()
    assert replay(capsys) == "0 opened, 1 there already, 0 refused.\n"
    assert f"{before[1].ticket.reference} is there" in replay(capsys, "--dry-run")
    assert tickets() == before
    assert before[1].ticket.attributes["zendesk"]["follow_up_of"] == first.ticket_id


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_replay_says_what_a_closed_ticket_does_not_get(
    zendesk: Zendesk, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    first = closed(zendesk)
    zendesk.comment("Refunded.")
    work("d-2")
    assert f"{first.reference} is closed, so it did not get" in replay(capsys, *options)


@pytest.mark.django_db
def test_reconcile_says_what_a_closed_ticket_did_not_get_and_misses_nothing(
    zendesk: Zendesk, capsys: pytest.CaptureFixture[str]
) -> None:
    first = closed(zendesk)
    zendesk.comment("Refunded.")
    work("d-2")
    zendesk.comment("It is still broken!", author_id=7)
    work("d-3")
    for found in tickets():
        index.apply([found.ticket], found.comments)
    capsys.readouterr()
    call_command("reconcile")
    [line] = [one for one in capsys.readouterr().out.splitlines() if one.startswith(first.ticket_id)]
    assert "ended `updated` with a note" in line
    assert "1 comment" in line


@pytest.mark.parametrize("times_closed", [0, 1])
def test_a_follow_up_of_zendesks_own_names_the_desks_last_ticket(zendesk: Zendesk, times_closed: int) -> None:
    first = closed(zendesk, "One")
    if times_closed:
        work("d-2")
    source = {"from": {"ticket_id": 12345, "subject": "No lesson"}, "rel": "follow_up"}
    zendesk.ticket = zendesk.ticket | {"id": 777, "via": {"channel": "email", "source": source}, "description": "Again"}
    zendesk.comments = []
    zendesk.comment("Again", author_id=7)
    key = raw_tickets.key("777", "2026-01-06")
    raw_tickets.store(key, {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users})
    for _ in range(2):
        pipeline.again("777", key, "d-9")
    ticket = desk_ticket("777").ticket
    before = tickets()[-1].ticket
    assert (before.ticket_id == first.ticket_id) == (not times_closed)
    assert ticket.attributes["zendesk"]["follow_up_of"] == before.ticket_id
    assert ticket.attributes["zendesk"]["follows"] == {"ticket_id": "12345", "url": f"{API}/agent/tickets/12345"}
    assert ticket.issue_description == "Again"
