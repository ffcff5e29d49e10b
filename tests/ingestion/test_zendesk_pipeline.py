"""From a delivery to the desk, with everything that may die on the way."""

import json
from typing import Any

import pytest
from django.core.files.storage import storages

from config import aws, times
from ingestion.zendesk import embedding, pipeline, tasks
from ingestion.zendesk.errors import GiveUp
from tests.ingestion.conftest import API, Zendesk, desk_ticket, stored
from ticketing import service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.record import many_comments
from ticketing.tickets.ticket import Actor

pytestmark = pytest.mark.usefixtures("aws")

STAFF = Actor(name="Priya", door="desk", request_id="r")


def die(*_: Any) -> None:
    raise KeyboardInterrupt


def run(delivery: Delivery) -> None:
    """Run the delivery's job once more, whatever became of it before."""
    outcome = pipeline.run(delivery)
    assert outcome.ticket_id == desk_ticket().ticket.ticket_id


def test_a_new_ticket_comes_to_the_desk(received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]) -> None:
    zendesk.comment("We are looking into it.")
    zendesk.comment("Happened before.", public=False, author_id=99)

    tasks.ingest.apply(("d-1",), throw=True)

    found = desk_ticket()
    ticket = found.ticket
    assert (ticket.channel, ticket.customer_id, ticket.caller_id) == ("zendesk", "default", "zendesk:7")
    assert (ticket.subject, ticket.issue_description) == ("No lesson", "The lesson did not start.")
    assert (ticket.status, ticket.priority, ticket.type) == ("open", "high", "incident")
    assert ticket.tags == ["need_sme", "ib"]
    assert ticket.requester == {"name": "Léa Moreau", "email": "lea@family.test"}
    assert ticket.attributes["zendesk"]["ticket_id"] == "12345"
    assert ticket.attributes["zendesk"]["url"] == f"{API}/agent/tickets/12345"
    assert [(one.comment, one.author, one.visibility, one.created_at) for one in found.comments] == [
        ("We are looking into it.", "Jonas Weber", "public", "2026-01-05T10:01:00.000Z"),
        ("Happened before.", "zendesk:99", "internal", "2026-01-05T10:02:00.000Z"),
    ]
    delivery = stored("d-1")
    assert (delivery.state, delivery.ticket_id) == ("created", ticket.ticket_id)
    assert embedded == [
        {
            "ticket_id": "12345",
            "s3_bucket": "zendesk-sme-tickets",
            "s3_key": raw_tickets.key("12345", delivery.received_at),
        }
    ]


def test_the_ticket_was_created_when_the_customer_wrote_and_received_now(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.ticket["created_at"] = "2025-04-04T23:30:00Z"
    before = times.now()
    run(received)
    ticket = desk_ticket().ticket
    assert ticket.created_at == "2025-04-04T23:30:00.000Z"
    assert before <= ticket.received_at <= times.now()
    zendesk.ticket |= {"updated_at": "2026-01-06T10:00:00Z", "subject": "Changed"}
    run(received)
    after = desk_ticket().ticket
    assert (after.subject, after.created_at, after.received_at) == ("Changed", ticket.created_at, ticket.received_at)


@pytest.mark.parametrize("said", [None, "", "some day"])
def test_a_ticket_of_which_zendesk_does_not_say_when_it_was_created_was_created_when_it_came(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]], said: str | None
) -> None:
    zendesk.ticket["created_at"] = said
    run(received)
    assert desk_ticket().ticket.created_at == desk_ticket().ticket.received_at


def test_comments_of_one_moment_stay_in_zendesks_order(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    for number in (30, 9, 2000):
        zendesk.comment(str(number), id=number, created_at="2026-01-05T11:00:00Z")
    run(received)
    assert [one.comment for one in desk_ticket().comments] == ["30", "9", "2000"]


def test_the_raw_ticket_lies_under_the_day_of_the_webhook(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.ticket["custom"] = 1.10
    key = raw_tickets.key("12345", "2025-01-05T23:59:59.999Z")
    assert key == "raw-tickets/year=2025/month=01/day=05/ticket-12345.json"
    pipeline.run(Delivery(**{**received.__dict__, "received_at": "2025-01-05T23:59:59.999Z"}))
    with storages["raw_tickets"].open(key) as file:
        assert json.load(file) == {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users}


def test_a_second_run_doubles_nothing(received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]) -> None:
    zendesk.comment("We are looking into it.")
    run(received)
    first = desk_ticket()
    run(received)
    assert desk_ticket() == first


def test_a_later_webhook_brings_what_is_new(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    run(received)
    zendesk.comment("Any news?", author_id=7)
    zendesk.ticket |= {"status": "hold", "priority": None, "tags": ["late"], "updated_at": "2026-01-06T00:00:00Z"}
    outcome = pipeline.run(Delivery(**{**received.__dict__, "delivery_id": "d-2"}))
    assert outcome.end == "updated"
    found = desk_ticket()
    assert (found.ticket.status, found.ticket.priority, found.ticket.tags) == ("pending", "normal", ["late"])
    assert found.ticket.attributes["zendesk"]["status"] == "hold"
    assert found.ticket.attributes["zendesk"]["delivery_id"] == "d-1"
    assert [one.comment for one in found.comments] == ["Any news?"]


def test_an_older_state_does_not_replace_a_newer(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    run(received)
    zendesk.ticket |= {"status": "solved", "updated_at": "2026-01-05T09:00:00Z"}
    zendesk.comment("Late, but new.")
    run(received)
    found = desk_ticket()
    assert found.ticket.status == "open"
    assert [one.comment for one in found.comments] == ["Late, but new."]


def test_what_the_desk_keeps_beside_zendesk_stays(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    run(received)
    ticket = desk_ticket().ticket
    changes = {"assignee": "priya", "attributes": ticket.attributes | {"expert": "Chemistry"}}
    service.change_ticket(ticket.ticket_id, None, changes, STAFF)
    zendesk.ticket |= {"subject": "No lesson again", "updated_at": "2026-01-06T00:00:00Z"}
    run(received)
    ticket = desk_ticket().ticket
    assert (ticket.subject, ticket.assignee, ticket.attributes["expert"]) == ("No lesson again", "priya", "Chemistry")


@pytest.mark.parametrize("updated_at", ["2026-01-05T10:00:00Z", "2026-01-06T00:00:00Z", None])
def test_what_staff_changed_stays_as_long_as_zendesk_says_the_same(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]], updated_at: str | None
) -> None:
    zendesk.ticket["updated_at"] = updated_at and "2026-01-05T10:00:00Z"
    run(received)
    done = {"status": "solved", "priority": "low", "tags": ["done"]}
    service.change_ticket(desk_ticket().ticket.ticket_id, None, done, STAFF)
    before = desk_ticket()
    run(received)
    assert desk_ticket() == before
    zendesk.ticket |= {"tags": ["late"], "updated_at": updated_at}  # perhaps in the same second
    run(received)
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.priority, ticket.tags) == ("solved", "low", ["late"])
    zendesk.ticket |= {"status": "hold"}
    run(received)
    assert (desk_ticket().ticket.status, desk_ticket().ticket.priority) == ("pending", "low")


@pytest.mark.parametrize(
    ("answer", "there", "status"),
    [
        ({"author_id": 7}, "open", "open"),
        ({"author_id": 7}, "hold", "pending"),
        ({"author_id": 7}, "solved", "solved"),
        ({"author_id": 7, "public": False}, "open", "solved"),
        ({"author_id": 8}, "open", "solved"),
        ({"author_id": 9}, "open", "open"),  # somebody in copy
        ({"author_id": 9}, "hold", "pending"),
        ({"author_id": 99}, "open", "solved"),  # whom Zendesk does not tell: perhaps an agent
        ({"author_id": -1, "type": "VoiceComment"}, "open", "open"),
        ({"author_id": -1}, "open", "solved"),
    ],
)
@pytest.mark.parametrize("dies", [False, True])
def test_an_answer_of_a_customer_is_not_overlooked_as_solved(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, Any],
    there: str,
    status: str,
    dies: bool,
) -> None:
    zendesk.ticket["status"] = there
    zendesk.users[1]["role"] = "agent"
    zendesk.users.append({"id": 9, "name": "Omar", "role": "end-user"})
    run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved"}, STAFF)
    zendesk.comment("It is still broken!", **answer)
    if dies:
        with monkeypatch.context() as broken:
            broken.setattr("ingestion.zendesk.sync._bring_up_to_date", die)
            with pytest.raises(KeyboardInterrupt):
                run(received)
    run(received)
    assert desk_ticket().ticket.status == status
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved"}, STAFF)
    run(received)  # the same once more is no answer
    assert desk_ticket().ticket.status == "solved"


def test_an_agents_comment_of_before_is_no_answer_if_zendesk_tells_nobody_this_time(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.users[1]["role"] = "agent"
    zendesk.comment("It is still broken!", author_id=7)
    zendesk.comment("We look into it.", author_id=8)
    run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved"}, STAFF)
    everybody = zendesk.users
    for told in ([], everybody):
        zendesk.users = told
        run(received)
        assert desk_ticket().ticket.status == "solved"


@pytest.mark.parametrize("spoiled", [None, 7, {}, {"seen": "x"}, {"updated_at": 5}])
def test_a_ticket_that_does_not_say_what_was_seen_is_as_zendesk_has_it(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]], spoiled: Any
) -> None:
    run(received)
    changes = {"status": "solved", "attributes": {"zendesk": spoiled}, "zendesk": {}}
    service.change_ticket(desk_ticket().ticket.ticket_id, None, changes, STAFF)
    assert pipeline.run(received).end == "updated"
    assert desk_ticket().ticket.status == "open"


def test_a_closed_ticket_has_its_comments(received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]) -> None:
    zendesk.ticket["status"] = "closed"
    zendesk.comment("Done.")
    run(received)
    found = desk_ticket()
    assert found.ticket.status == "closed"
    assert [one.comment for one in found.comments] == ["Done."]


def test_a_ticket_closed_at_the_desk_stays_as_it_is(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "closed"}, STAFF)
    before = desk_ticket()
    zendesk.comment("But wait!", public=False)
    run(received)
    assert desk_ticket() == before
    assert len(embedded) == 2


@pytest.mark.parametrize(
    "place", ["pipeline.raw_tickets.store", "sync.write", "sync._bring_up_to_date", "embedding.invoke"]
)
def test_a_run_that_died_is_completed_by_the_next(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    zendesk.comment("We are looking into it.")
    with monkeypatch.context() as broken:
        broken.setattr(f"ingestion.zendesk.{place}", die)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(received)
    assert embedded == []
    tasks.ingest.apply(("d-1",), throw=True)
    assert [one.comment for one in desk_ticket().comments] == ["We are looking into it."]
    assert stored("d-1").state == "created"
    assert len(embedded) == 1


def test_a_run_that_died_among_the_comments_is_completed(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        zendesk.comment(f"Comment {number}")
    transact, left = aws.Table.transact, iter(range(2))

    def die_at_the_third(*args: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        transact(*args)

    with monkeypatch.context() as broken:
        broken.setattr(many_comments, "AT_ONCE", 1)
        broken.setattr(aws.Table, "transact", die_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(received)
    run(received)
    assert [one.comment for one in desk_ticket().comments] == [f"Comment {number}" for number in range(4)]


def test_text_that_no_database_keeps_is_mended(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.ticket |= {"subject": "a\0b", "description": "half \ud83d of a smile, whole \U0001f600", "tags": ["\udc00"]}
    zendesk.ticket["updated_at"] = "no time \0"
    zendesk.users[1]["name"] = "\0"
    zendesk.comment("\ud83d\0")
    run(received)
    found = desk_ticket()
    assert found.ticket.subject == "a\ufffdb"
    assert found.ticket.issue_description == "half \ufffd of a smile, whole \U0001f600"
    assert found.ticket.tags == ["\ufffd"]
    assert found.comments[-1].comment == "\ufffd\ufffd"


@pytest.mark.parametrize(
    ("subject", "description", "expected"),
    [("Hello", "", "Hello"), (None, None, "(no description)"), ("  ", "\n", "(no description)")],
)
def test_a_ticket_without_a_description_has_one(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    subject: str | None,
    description: str | None,
    expected: str,
) -> None:
    zendesk.ticket |= {"subject": subject, "description": description}
    zendesk.comments = []
    zendesk.comment("")
    zendesk.comment("")
    run(received)
    found = desk_ticket()
    assert found.ticket.issue_description == expected
    assert [one.comment for one in found.comments] == ["(no text)"]


def test_a_first_comment_that_is_not_the_description_is_kept(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.comments[0]["body"] = "Something else."
    run(received)
    assert [one.comment for one in desk_ticket().comments] == ["Something else."]


def test_the_requester_of_a_mail_is_its_sender(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    sender = {"name": "Omar", "address": "omar@family.test"}
    zendesk.ticket |= {"requester_id": 55, "via": {"channel": "email", "source": {"from": sender}}}
    run(received)
    assert desk_ticket().ticket.requester == {"name": "Omar", "email": "omar@family.test"}


@pytest.mark.parametrize(
    ("ticket", "sentence"),
    [
        (None, "ticket breaks the rule 'type'"),
        ({}, "ticket breaks the rule 'required'"),
        ({"id": 12345, "subject": 5}, "ticket.subject breaks the rule 'type'"),
        ({"id": 12345, "tags": "need_sme"}, "ticket.tags breaks the rule 'type'"),
        ({"id": 999}, "another ticket than 12345"),
    ],
)
def test_what_is_no_whole_ticket_fails(received: Delivery, zendesk: Zendesk, ticket: Any, sentence: str) -> None:
    zendesk.ticket = ticket
    tasks.ingest.apply(("d-1",), throw=True)
    delivery = stored("d-1")
    assert delivery.state == "failed"
    assert sentence in str(delivery.error)


def test_a_ticket_with_nothing_but_an_id_is_one(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.ticket = {"id": 12345}
    zendesk.comments = []
    run(received)
    assert desk_ticket().ticket.caller_id == "customer:default"


def test_an_oversized_description_is_kept_whole(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    zendesk.ticket["description"] = "x" * 400_000
    run(received)
    assert desk_ticket().ticket.issue_description == "x" * 400_000


def test_a_ticket_that_cannot_be_stored_fails_with_the_sentence(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.ticket["tags"] = ["x" * 100_000] * 4
    tasks.ingest.apply(("d-1",), throw=True)
    assert (stored("d-1").state, stored("d-1").error) == ("failed", "The ticket is too large to be stored")


def test_a_ticket_that_zendesk_does_not_have_fails(received: Delivery, http: Any) -> None:
    http.get(f"{API}/api/v2/tickets/12345.json", status=404)
    tasks.ingest.apply(("d-1",), throw=True)
    delivery = stored("d-1")
    assert delivery.state == "failed"
    assert "no such ticket" in str(delivery.error)


def test_a_missing_embedding_function_fails_after_the_ticket(
    received: Delivery, zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise aws.NotFound("ResourceNotFoundException")

    class Functions:
        invoke = missing

    client = aws.client
    monkeypatch.setattr(aws, "client", lambda name, *more: Functions() if name == "lambda" else client(name, *more))
    with pytest.raises(GiveUp, match="EMBEDDING_FUNCTION"):
        embedding.invoke("12345", "key")
    tasks.ingest.apply(("d-1",), throw=True)
    assert stored("d-1").state == "failed"
    assert desk_ticket().ticket.version == 1
