"""The ITSM door: changing a ticket."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests import record
from tests.itsm.asking import PATH, error, opened, patch, post

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


CHANGES: dict[str, Any] = {
    "subject": "New",
    "issue_description": "Other",
    "type": "question",
    "status": "pending",
    "priority": "low",
    "assignee": "ada",
    "tags": ["x"],
    "attributes": {"b": 2},
    "requester": {"name": "Léa", "email": "lea@family.test"},
}


def test_every_changeable_field_is_replaced_whole(client: APIClient) -> None:
    ticket = opened(client, attributes={"a": 1}, tags=["t"])
    answer = patch(client, ticket, CHANGES)
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    body = answer.json()
    assert body == ticket | CHANGES | {"version": 2, "updated_at": body["updated_at"]}
    assert record.get(ticket["ticket_id"]).to_json() == body
    nothing: dict[str, Any] = {
        "subject": None,
        "type": None,
        "assignee": None,
        "requester": None,
        "tags": [],
        "attributes": {},
    }
    assert patch(client, ticket, nothing).json() == body | nothing | {
        "version": 3,
        "updated_at": record.get(ticket["ticket_id"]).updated_at,
    }


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_change_alone_changes_nothing_else(client: APIClient, name: str) -> None:
    ticket = opened(client)
    body = patch(client, ticket, {name: CHANGES[name]}).json()
    assert {key for key in ticket if ticket[key] != body[key]} - {"updated_at"} == {name, "version"}


def test_what_changes_nothing_keeps_the_version(client: APIClient) -> None:
    ticket = opened(client, tags=["a"])
    for same in ({}, {"tags": ["a"]}, {"status": "open", "subject": None}):
        answer = patch(client, ticket, same)
        assert (answer.status_code, answer.json()) == (200, ticket)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"caller_id": "x"}, "caller_id cannot be changed; these can: "),
        ({"subject": "x", "version": 7}, "version cannot be changed; these can: "),
        ({"unknown": 1}, "unknown cannot be changed; these can: "),
        ({"status": "weird"}, "status must be one of: open, pending, solved, closed"),
        ({"status": None}, "status must be one of: open, pending, solved, closed"),
        ({"issue_description": " "}, "issue_description is required"),
        ({"issue_description": None}, "issue_description is required"),
        ({"tags": None}, "tags must be a list of texts"),
        ({"attributes": None}, "attributes must be a JSON object"),
        ({"requester": {"phone": "1"}}, "requester must be null or an object of name and email"),
        ({"requester": {"name": 1}}, "requester must be null or an object of name and email"),
    ],
)
def test_a_change_that_cannot_be_is_400_and_changes_nothing(client: APIClient, body: Any, sentence: str) -> None:
    ticket = opened(client)
    code, told = error(patch(client, ticket, body))
    assert (code, told.startswith(sentence)) == (400, True), told
    assert record.get(ticket["ticket_id"]).to_json() == ticket


def test_if_match_guards_against_a_stale_version(client: APIClient) -> None:
    ticket = opened(client)
    assert patch(client, ticket, {"subject": "1"}, If_Match='"1"').json()["version"] == 2
    for stale in ('"1"', '"3"'):
        assert patch(client, ticket, {"subject": "2"}, If_Match=stale).status_code == 412, stale
    assert record.get(ticket["ticket_id"]).subject == "1"
    assert patch(client, ticket, {"subject": "2"}, If_Match="*").json()["version"] == 3


@pytest.mark.parametrize("malformed", ["1", "abc", '"abc"', 'W/"1"', '"1", "2"', '"-1"', '"1', ""])
def test_an_if_match_that_is_no_version_is_400_so_that_nobody_reads_again_for_it(
    client: APIClient, malformed: str
) -> None:
    ticket = opened(client)
    answer = patch(client, ticket, {"subject": "x"}, If_Match=malformed)
    assert error(answer) == (400, 'If-Match must be the ticket\'s version in quotes, e.g. "3"')
    assert record.get(ticket["ticket_id"]).to_json() == ticket


def test_a_closed_ticket_is_409(client: APIClient) -> None:
    ticket = opened(client)
    for status in ("solved", "open", "pending", "closed"):
        assert patch(client, ticket, {"status": status}).json()["status"] == status
    assert error(patch(client, ticket, {"status": "open"})) == (409, "Ticket is closed")
    answer = post(client, {"comment": "x"}, f"{PATH}/{ticket['ticket_id']}/comments")
    assert error(answer) == (409, "Ticket is closed")
