"""An announcement: its form, its size, and back to the ticket."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest

from config import json, seal
from tests import record
from tests.ticketing.submitting import published
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket

TICKET = Ticket(
    ticket_id="01a1fd35-2ef3-7740-852a-2debefcc0860",
    channel="routing",
    customer_id="acme",
    caller_id="customer:acme",
    issue_description="No lesson",
    created_at="2026-02-08T10:11:12.345Z",
    received_at="2026-02-09T10:11:12.345Z",
    updated_at="2026-02-09T10:11:13.345Z",
    requester={"name": "Léa"},
    tags=["a"],
    attributes={"deep": [{"n": 1, "lone": "\ud800"}]},
    tier="gold",
    version=3,
    request_id="r-1",
)
ODD: list[dict[str, Any]] = [
    {"version": "3"},
    {"version": True},
    {"status": "weird"},
    {"tier": None},
    {"created_at": 7},
    {"received_at": 7},
    {"tags": [1]},
    {"requester": "Lea"},
    {"attributes": []},
    {"subject": 7},
]


def body(**more: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(announcement.to_message(TICKET, "ticket.updated")[0])
    del loaded["seal"]
    return loaded | more


def sealed(values: dict[str, Any]) -> str:
    return seal.seal(json.dumps(values))


def test_an_announcement_has_the_form_that_everybody_reads() -> None:
    message, attributes = announcement.to_message(TICKET, "ticket.updated")
    values = json.loads(message)
    assert re.fullmatch("[0-9]{10}[.][0-9a-f]{64}", values.pop("seal"))
    assert values == {
        "event": "ticket.updated",
        "ticket_id": TICKET.ticket_id,
        "version": 3,
        "tier": "gold",
        "channel": "routing",
        "request_id": "r-1",
        "occurred_at": "2026-02-09T10:11:13.345Z",
        "ticket": TICKET.to_json(),
    }
    assert attributes == {"event": "ticket.updated", "tier": "gold", "channel": "routing"}


def test_an_announcement_in_snss_envelope_is_read_as_well() -> None:
    message, _ = announcement.to_message(TICKET, "ticket.updated")
    wrapped = published(message)
    assert announcement.from_message(wrapped) == announcement.from_message(message)
    assert announcement.about({"messageId": "m-1", "body": wrapped}) == {TICKET.ticket_id}


@pytest.mark.parametrize("text", ["no JSON", "[1]", "{}", '"text"', ""])
def test_another_notification_is_no_announcement(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        announcement.from_message(published(text))
    assert announcement.about({"messageId": "m-1", "body": published(text)}) == set()


def test_the_ticket_comes_back_as_it_went() -> None:
    announced = announcement.from_message(announcement.to_message(TICKET, "ticket.created")[0])
    assert announced.ticket == TICKET
    assert (announced.event, announced.version, announced.request_id) == ("ticket.created", 3, "r-1")


@pytest.mark.parametrize("large", [{"issue_description": "x" * 200_000}, {"attributes": {"a": "x" * 200_000}}])
def test_a_large_ticket_goes_without_what_makes_it_large(large: dict[str, Any]) -> None:
    from dataclasses import replace

    message, _ = announcement.to_message(replace(TICKET, **large), "ticket.created")
    values = json.loads(message)
    assert values["partial"] is True
    assert set(TICKET.to_json()) - set(values["ticket"]) == {"issue_description", "attributes"}
    assert len(message) < 10_000
    assert announcement.from_message(message).ticket is None


def test_a_ticket_just_small_enough_goes_whole() -> None:
    from dataclasses import replace

    spare = announcement.MAX_TICKET_BYTES - len(json.dumps(replace(TICKET, issue_description="").to_json()))
    whole, _ = announcement.to_message(replace(TICKET, issue_description="x" * spare), "ticket.created")
    assert "partial" not in json.loads(whole)
    partial, _ = announcement.to_message(replace(TICKET, issue_description="x" * (spare + 1)), "ticket.created")
    assert json.loads(partial)["partial"] is True


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no JSON",
        "[]",
        "7",
        "{}",
        json.dumps(body(ticket=None)),
        json.dumps(body(ticket=[])),
        json.dumps(body(event=7)),
        json.dumps(body(ticket_id="", partial=True)),
        json.dumps(body(occurred_at=None)),
        *(json.dumps(body(ticket=TICKET.to_json() | odd)) for odd in ODD),
    ],
)
def test_what_is_no_announcement_is_refused_and_breaks_nothing(message: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        announcement.from_message(message)


def test_a_field_that_is_missing_is_refused() -> None:
    for name in body():
        without = {key: value for key, value in body().items() if key != name}
        with pytest.raises(ValueError, match="not an announcement"):
            announcement.from_message(json.dumps(without))


def test_a_field_that_came_later_is_passed_over() -> None:
    values = body(new=1) | {"ticket": TICKET.to_json() | {"new": 1}}
    assert announcement.from_message(sealed(values)).ticket == TICKET


def test_a_message_from_before_tickets_said_when_they_were_received_is_read() -> None:
    ticket = {name: value for name, value in TICKET.to_json().items() if name != "received_at"}
    announced = announcement.from_message(sealed(body(ticket=ticket)))
    assert announced.ticket
    assert announced.ticket.received_at == TICKET.created_at


def test_a_draft_of_the_record_fits(aws: None) -> None:
    ticket = record.opened(subject="s", type="t", assignee="a")
    assert announcement.from_message(announcement.to_message(ticket, "ticket.created")[0]).ticket == ticket


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(body()),  # as an earlier version wrote it
        json.dumps(body() | {"seal": f"{int(time.time())}.{'0' * 64}"}),
        sealed(body()).replace('"version":3', '"version":9'),
        sealed(body()).replace('"seal":"', '"seal":"1'),
        sealed(body()) + " ",
    ],
)
def test_what_foyer_did_not_seal_says_only_which_ticket_to_look_at(text: str) -> None:
    announced = announcement.from_message(text)
    assert (announced.ticket_id, announced.ticket) == (TICKET.ticket_id, None)
    assert announcement.from_message(published(text)).ticket is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_ticket_with_very_many_values_is_announced_if_foyer_sealed_it(wrapped: bool) -> None:
    many = replace(TICKET, attributes={"a": [0] * (json.MAX_VALUES + 1)})
    text = seal.seal(json.dumps(body(ticket=many.to_json())))
    assert announcement.from_message(published(text) if wrapped else text).ticket == many
    unsealed = text.replace('"seal":"', '"seal":"0')
    with pytest.raises(ValueError, match="more than"):
        announcement.from_message(published(unsealed) if wrapped else unsealed)
