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


@pytest.mark.parametrize(
    "sent",
    ['W/"1"', '"1", "99"', '"99","1"', 'W/"7" ,\tW/"1"', ', "1",', '"abc", "1"', '"1-gzip"', 'W/"1-br"', '"1--gzip"'],
)
def test_an_if_match_may_be_weakened_marked_by_a_proxy_or_a_list(client: APIClient, sent: str) -> None:
    ticket = opened(client)
    assert patch(client, ticket, {"subject": "1"}, If_Match=sent).json()["version"] == 2
    assert error(patch(client, ticket, {"subject": "2"}, If_Match=sent))[0] == 412
    assert record.get(ticket["ticket_id"]).subject == "1"


@pytest.mark.parametrize(
    "sent", ['"01"', '"99"', 'W/"2"', '"2", "3"', '"0"', '"1.0", "2"', '"1-2", "2"', f'"{"9" * 4400}"']
)
def test_an_if_match_without_the_tickets_version_is_412(client: APIClient, sent: str) -> None:
    ticket = opened(client)
    answer = patch(client, ticket, {"subject": "x"}, If_Match=sent)
    assert error(answer) == (412, "The ticket was changed meanwhile: it is at version 1")
    assert record.get(ticket["ticket_id"]).to_json() == ticket


def test_one_of_the_versions_is_enough_whichever_it_is_when_the_change_comes(client: APIClient) -> None:
    ticket = opened(client)
    for version in (1, 2):
        answer = patch(client, ticket, {"subject": f"of {version}"}, If_Match='"1", "2"')
        assert answer.json()["version"] == version + 1
    assert patch(client, ticket, {"subject": "of 3"}, If_Match='"1", "2"').status_code == 412


MALFORMED = ["1", "abc", '"abc"', 'w/"1"', '"1" "2"', '"1", 2', '*, "1"', '"1", *', '"-1"', '"1', "W/1", "", ",", '""']


@pytest.mark.parametrize("malformed", MALFORMED)
def test_an_if_match_that_is_no_version_is_400_so_that_nobody_reads_again_for_it(
    client: APIClient, malformed: str
) -> None:
    ticket = opened(client)
    answer = patch(client, ticket, {"subject": "x"}, If_Match=malformed)
    assert error(answer) == (400, 'If-Match must be the ticket\'s version in quotes, e.g. "3"')
    assert record.get(ticket["ticket_id"]).to_json() == ticket


@pytest.mark.parametrize("sent", ['"1"', 'W/"1"', '"9", W/"1"', '"1-gzip"', "*"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_ticket_that_the_client_has_already_is_304_with_its_tag(client: APIClient, sent: str, method: str) -> None:
    path = f"{PATH}/{opened(client)['ticket_id']}"
    answer = getattr(client, method)(path, headers={"If-None-Match": sent})
    assert (answer.status_code, answer["ETag"], answer.content) == (304, '"1"', b"")
    assert not answer.has_header("Content-Type")


@pytest.mark.parametrize("sent", ['"2"', '"01"', "1", '"abc"', "", '""', '"1'])
def test_a_ticket_that_the_client_does_not_have_is_sent(client: APIClient, sent: str) -> None:
    answer = client.get(f"{PATH}/{opened(client)['ticket_id']}", headers={"If-None-Match": sent})
    assert (answer.status_code, answer["ETag"], answer.json()["version"]) == (200, '"1"', 1)


def test_a_ticket_that_changed_is_sent_again(client: APIClient) -> None:
    ticket = opened(client)
    post(client, {"comment": "x"}, f"{PATH}/{ticket['ticket_id']}/comments")
    answer = client.get(f"{PATH}/{ticket['ticket_id']}", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer["ETag"], len(answer.json()["comments"])) == (200, '"2"', 1)


def test_what_a_client_has_does_not_tell_whether_another_customers_ticket_exists(
    client: APIClient, rival: APIClient
) -> None:
    path = f"{PATH}/{opened(client)['ticket_id']}"
    assert error(rival.get(path, headers={"If-None-Match": "*"})) == (404, "Ticket not found")
    assert client.get(PATH, {"caller": "lea"}, headers={"If-None-Match": "*"}).status_code == 200  # no tag, no 304


def test_a_closed_ticket_is_continued_by_one_that_names_it(client: APIClient) -> None:
    described = client.get("/api/schema", {"format": "json"}).json()["paths"]
    path = f"{PATH}/{{ticket_id}}"
    for operation in (described[path]["patch"], described[f"{path}/comments"]["post"]):
        assert "open a new ticket, and give the closed one's `ticket_id` as `follow_up_of`" in operation["description"]
    first = opened(client)
    body = {"caller_id": "lea", "issue_description": "More", "follow_up_of": first["ticket_id"]}
    assert post(client, body, PATH).json()["attributes"] == {"follow_up_of": first["ticket_id"]}


def test_a_closed_ticket_is_409(client: APIClient) -> None:
    ticket = opened(client)
    for status in ("solved", "open", "pending", "closed"):
        assert patch(client, ticket, {"status": status}).json()["status"] == status
    assert error(patch(client, ticket, {"status": "open"})) == (409, "Ticket is closed")
    answer = post(client, {"comment": "x"}, f"{PATH}/{ticket['ticket_id']}/comments")
    assert error(answer) == (409, "Ticket is closed")
