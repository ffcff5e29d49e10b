"""The ITSM door: opening tickets, whose they are, and the list of a caller's."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests import record
from tests.itsm.asking import NEW, PATH, error, opened, post, send
from tests.record import ACTOR
from ticketing import service

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_a_ticket_is_opened_with_everything_that_it_takes(client: APIClient) -> None:
    given_: dict[str, Any] = {
        "subject": " As sent ",
        "type": "incident",
        "priority": "urgent",
        "tags": ["b", "a", "b"],
        "attributes": {"deep": [{"n": 1}]},
    }
    answer = post(client, NEW | given_, **{"X-Request-Id": "r-3"})
    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"{PATH}/{body['ticket_id']}"
    assert {name: body[name] for name in given_} == given_
    assert body == record.get(body["ticket_id"]).to_json()
    assert uuid.UUID(body["ticket_id"]).version == 7
    assert {name: body[name] for name in ("channel", "customer_id", "tier", "status", "version", "comment_count")} == {
        "channel": "itsm",
        "customer_id": "acme",
        "tier": "gold",
        "status": "open",
        "version": 1,
        "comment_count": 0,
    }
    assert record.get(body["ticket_id"]).request_id == "r-3"


def test_an_opened_ticket_has_the_contracts_fields_in_order(client: APIClient) -> None:
    names = (
        "ticket_id reference channel customer_id caller_id requester subject issue_description type status priority "
        "tier assignee tags attributes comment_count last_comment_id created_at received_at updated_at version"
    )
    assert list(opened(client)) == names.split()


@pytest.mark.parametrize("name", ["caller_id", "issue_description"])
def test_a_text_that_is_missing_is_required(client: APIClient, name: str) -> None:
    missing: list[Any] = [None, "", " \t", 7, False, [], {}, ["x"]]
    for wrong in missing:
        assert error(post(client, NEW | {name: wrong})) == (400, f"{name} is required"), wrong
    assert error(post(client, {key: NEW[key] for key in NEW if key != name})) == (400, f"{name} is required")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"subject": 7}, "subject must be a text"),
        ({"type": []}, "type must be a text"),
        ({"priority": "extreme"}, "priority must be one of: low, normal, high, urgent"),
        ({"priority": None}, "priority must be one of: low, normal, high, urgent"),
        ({"tags": "a"}, "tags must be a list of texts"),
        ({"tags": [1]}, "tags must be a list of texts"),
        ({"attributes": []}, "attributes must be a JSON object"),
        ({"caller_id": "customer:acme"}, "caller_id must not start with customer:"),
        ({"caller_id": "é" * 1025}, "caller_id must not be longer than 2048 bytes"),
        ({"subject": "a\0b"}, "subject has a NUL character, which cannot be kept"),
        ({"issue_description": "\ud800"}, "issue_description has a lone surrogate, which is no character"),
        ({"status": "closed", "attributes": {"status": 1}}, "status stands in attributes already"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(
    client: APIClient, wrong: dict[str, Any], sentence: str
) -> None:
    assert error(post(client, NEW | wrong)) == (400, sentence)
    assert record.ticket_ids() == []


def test_unknown_fields_are_kept_in_attributes_under_their_names(client: APIClient) -> None:
    unknown = {"ticket_id": "x", "status": "closed", "customer_id": "rival", "": None, "\ud800": "\0", "n": {"a": [1]}}
    body = opened(client, attributes={"a": 1}, **unknown)
    assert body["attributes"] == {"a": 1} | unknown
    assert (body["status"], body["customer_id"]) == ("open", "acme")


def test_numbers_keep_every_digit(client: APIClient) -> None:
    text = '{"a":1.10,"b":12345678901234567890.123456789012345678901234567890,"c":1,"d":-0.0,"e":1E+400}'
    content = f'{{"caller_id":"lea","issue_description":"d","attributes":{text}}}'.encode()
    answer = client.post(PATH, content, content_type="application/json")
    shown = client.get(answer["Location"])
    assert f'"attributes":{text}' in answer.content.decode()
    assert f'"attributes":{text}' in shown.content.decode()


def test_a_body_too_large_for_the_record_is_never_a_500(client: APIClient) -> None:
    assert post(client, NEW | {"x": "y" * 900_000}).status_code in (201, 400)


def test_the_list_is_the_callers_own_newest_first_and_paged(client: APIClient, rival: APIClient) -> None:
    made = [opened(client)["ticket_id"] for _ in range(5)]
    opened(rival)
    opened(client, caller_id="jonas")
    seen, cursor = [], ""
    while True:
        page = client.get(PATH, {"caller": "lea", "limit": "2", "cursor": cursor}).json()
        assert set(page) == {"tickets", "next_cursor"}
        seen += [one["ticket_id"] for one in page["tickets"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("caller", ["nobody", "x" * 3000, "\0", "é", "customer:acme"])
def test_an_unknown_caller_has_no_tickets(client: APIClient, caller: str) -> None:
    answer = client.get(PATH, {"caller": caller})
    assert (answer.status_code, answer.json()) == (200, {"tickets": [], "next_cursor": None})


def test_what_a_list_needs(client: APIClient) -> None:
    for query in ({}, {"caller": ""}, {"caller": " "}):
        assert error(client.get(PATH, query)) == (400, "caller is required")
    assert error(client.get(PATH, {"caller": "lea", "limit": "101"}))[0] == 400
    assert error(client.get(f"{PATH}/")) == (400, "ticket_id is required")


def test_a_cursor_of_another_list_caller_or_customer_is_refused(client: APIClient, rival: APIClient) -> None:
    tickets = [opened(client) for _ in range(2)]
    cursor = client.get(PATH, {"caller": "lea", "limit": "1"}).json()["next_cursor"]
    comments = f"{PATH}/{tickets[0]['ticket_id']}/comments"
    for asking, path, query in (
        (client, PATH, {"caller": "jonas", "cursor": cursor}),
        (rival, PATH, {"caller": "lea", "cursor": cursor}),
        (client, PATH, {"caller": "lea", "cursor": cursor[:-2]}),
        (client, comments, {"cursor": cursor}),
    ):
        assert error(asking.get(path, query)) == (400, "cursor is not valid")


@pytest.mark.parametrize("of", ["rival", "nobody", "no uuid", "upper case of rival's"])
def test_a_ticket_that_is_not_the_callers_own_is_404_everywhere(client: APIClient, rival: APIClient, of: str) -> None:
    mine = opened(client)["ticket_id"]
    asking = rival if "rival" in of else client
    upper = mine.upper()
    ticket_id = {"rival": mine, "nobody": str(uuid.uuid4()), "no uuid": "12345", "upper case of rival's": upper}[of]
    path = f"{PATH}/{ticket_id}"
    for answer in (
        asking.get(path),
        send(asking, "patch", path, {"subject": "x"}),
        send(asking, "patch", path, {"subject": "x"}, If_Match='"9"'),
        post(asking, {"comment": "x"}, f"{path}/comments"),
        post(asking, {"comment": "x"}, f"{path}/comments", Idempotency_Key="k"),
        asking.get(f"{path}/comments"),
    ):
        assert error(answer) == (404, "Ticket not found")
    assert record.get(mine).version == 1


def test_a_token_sees_its_customers_tickets_of_every_door(client: APIClient) -> None:
    ticket = record.opened(channel="submission", caller_id="ops")
    assert client.get(f"{PATH}/{ticket.ticket_id}").json()["channel"] == "submission"
    assert [one["ticket_id"] for one in client.get(PATH, {"caller": "ops"}).json()["tickets"]] == [ticket.ticket_id]


@pytest.mark.parametrize("spelt", [str.upper, lambda one: one[:18].upper() + one[18:]])
def test_a_uuid_is_found_in_either_case_and_keeps_its_own(client: APIClient, spelt: Callable[[str], str]) -> None:
    ticket = opened(client)
    path = f"{PATH}/{spelt(ticket['ticket_id'])}"
    assert send(client, "patch", path, {"priority": "high"}, If_Match='"1"').json()["version"] == 2
    first = post(client, {"comment": "Hello"}, f"{path}/comments", Idempotency_Key="k")
    again = post(client, {"comment": "Hello"}, f"{PATH}/{ticket['ticket_id']}/comments", Idempotency_Key="k")
    assert first.json() == again.json()
    assert first.json()["ticket_id"] == ticket["ticket_id"] == client.get(path).json()["ticket_id"]
    post(client, {"comment": "World"}, f"{PATH}/{ticket['ticket_id']}/comments")
    cursor = client.get(f"{path}/comments", {"limit": "1"}).json()["next_cursor"]
    rest = client.get(f"{PATH}/{ticket['ticket_id']}/comments", {"cursor": cursor}).json()
    assert [one["comment"] for one in rest["comments"]] == ["World"]


def test_another_programs_ticket_is_served_under_the_very_id_that_the_list_shows(client: APIClient) -> None:
    written = str(uuid.uuid4()).upper()
    record.put(ticket_id=written, customer_id="acme", caller_id="lea", created_at="2026-01-01T00:00:00.000Z")
    [listed] = client.get(PATH, {"caller": "lea"}).json()["tickets"]
    path = f"{PATH}/{listed['ticket_id']}"
    assert send(client, "patch", path, {"priority": "high"}).json()["version"] == 2
    assert post(client, {"comment": "Hello"}, f"{path}/comments").json()["ticket_id"] == written
    assert client.get(path).json()["comments"] == client.get(f"{path}/comments").json()["comments"] != []
    assert error(client.get(path.lower())) == (404, "Ticket not found")


def test_a_waiting_ticket_is_opened_again_by_a_public_comment_alone(client: APIClient) -> None:
    ticket = opened(client)
    path = f"{PATH}/{ticket['ticket_id']}/comments"
    service.change_ticket(ticket["ticket_id"], "acme", {"status": "solved"}, ACTOR)
    post(client, {"comment": "A note", "visibility": "internal"}, path)
    assert record.get(ticket["ticket_id"]).status == "solved"
    post(client, {"comment": "Again"}, path)
    assert record.get(ticket["ticket_id"]).status == "open"
