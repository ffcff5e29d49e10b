"""API Gateway's events and answers: what of them reaches the application, and comes back."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from itsm.lambda_handler import lambda_handler
from routing import tokens
from tests import record
from tests.itsm.gateway import Ask, asking, error, event, header, said
from tests.ticketing.transfer.transferring import imported

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

NEW = {"caller_id": "léa & co/1+1=2?", "issue_description": "Grüße"}


@pytest.fixture
def ask() -> Ask:
    return asking()


@pytest.fixture
def token() -> str:
    return tokens.issue("gateway", "acme", "gold", ["itsm"])


def test_the_webs_own_paths_are_taken_too(ask: Ask) -> None:
    ticket = said(ask("POST", "/itsm/tickets", NEW))
    for path in ("/tickets", "/itsm/tickets"):
        assert said(ask("GET", f"{path}/{ticket['ticket_id']}"))["issue_description"] == "Grüße"
    assert error(ask("GET", "/itsm/itsm/tickets", query={"caller": "x"}))[0] == 404


def test_a_query_comes_as_it_was_meant(ask: Ask) -> None:
    ticket = said(ask("POST", "/tickets", NEW))
    page = said(ask("GET", "/tickets", query={"caller": NEW["caller_id"], "limit": "1"}))
    assert [one["ticket_id"] for one in page["tickets"]] == [ticket["ticket_id"]]


def test_a_cursor_survives_the_way(ask: Ask) -> None:
    made = [said(ask("POST", "/tickets", NEW))["ticket_id"] for _ in range(2)]
    first = said(ask("GET", "/tickets", query={"caller": NEW["caller_id"], "limit": "1"}))
    second = said(ask("GET", "/tickets", query={"caller": NEW["caller_id"], "cursor": first["next_cursor"]}))
    assert [one["ticket_id"] for one in first["tickets"] + second["tickets"]] == made[::-1]


def test_a_body_may_come_in_base64(token: str) -> None:
    asked = event("POST", "/tickets", base64.b64encode(json.dumps(NEW).encode()).decode(), Token=token)
    answer = lambda_handler(asked | {"isBase64Encoded": True}, None)
    assert said(answer)["caller_id"] == NEW["caller_id"]
    assert record.get(said(answer)["ticket_id"]).tier == "gold"


MULTI = ("multiValueHeaders", "multiValueQueryStringParameters")


def single(asked: dict[str, Any], leave: str) -> dict[str, Any]:
    """An event with single values alone, and the other ones as the console or a hand-made test has them."""
    rest = {name: value for name, value in asked.items() if name not in MULTI}
    left: dict[str, dict[str, Any]] = {
        "absent": {},
        "null": dict.fromkeys(MULTI),
        "empty": {name: {} for name in MULTI},
    }
    return rest | left[leave]


@pytest.mark.parametrize("leave", ["absent", "null", "empty"])
def test_an_event_with_single_values_alone_is_answered_with_single_values(token: str, leave: str) -> None:
    """As the specification's own tests make them, and API Gateway's console."""
    answer = lambda_handler(single(event("POST", "/tickets", json.dumps(NEW), Token=token), leave), None)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (201, "application/json")
    query = {"caller": NEW["caller_id"], "limit": "1"}
    answer = lambda_handler(single(event("GET", "/tickets", query=query, token=token), leave), None)
    assert len(json.loads(answer["body"])["tickets"]) == 1
    path = f"/tickets/{json.loads(answer['body'])['tickets'][0]['ticket_id']}"
    change = event("PATCH", path, '{"priority": "high"}', Token=token, If_Match='W/"1"')
    answer = lambda_handler(single(change, leave), None)
    assert (answer["statusCode"], answer["headers"]["ETag"]) == (200, '"2"')


def test_an_event_of_nothing_but_what_a_hand_made_test_gives_is_enough(token: str) -> None:
    new = {"httpMethod": "POST", "path": "/tickets", "headers": {"Token": token}, "body": json.dumps(NEW)}
    assert lambda_handler(new, None)["statusCode"] == 201
    asked: dict[str, Any] = {"httpMethod": "GET", "path": "/tickets", "headers": {"token": token}, "body": None}
    answer = lambda_handler(asked | {"queryStringParameters": {"caller": NEW["caller_id"]}}, None)
    assert len(json.loads(answer["body"])["tickets"]) == 1


@pytest.mark.parametrize("name", MULTI)
def test_one_of_the_two_may_have_several_values_and_the_other_single_ones(token: str, name: str) -> None:
    lambda_handler(event("POST", "/tickets", json.dumps(NEW), Token=token), None)
    asked = event("GET", "/tickets", query={"caller": NEW["caller_id"]}, Token=token)
    answer = lambda_handler(asked | {name: None}, None)
    assert (answer["statusCode"], len(json.loads(answer["body"])["tickets"])) == (200, 1)


def second_format(method: str, path: str, body: str = "", query: str = "", **headers: str) -> dict[str, Any]:
    """A request as an HTTP API hands it to a function, in the format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": ["a=b"],
        "headers": {name.lower().replace("_", "-"): value for name, value in headers.items()} | {"host": "x.example"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_an_http_apis_event_is_answered_in_its_form(token: str) -> None:
    first = lambda_handler(second_format("POST", "/tickets", json.dumps(NEW), Token=token, Idempotency_Key="k"), None)
    assert (first["statusCode"], first["headers"]["content-type"], first["cookies"]) == (201, "application/json", [])
    query = urlencode({"caller": NEW["caller_id"]})
    listed = lambda_handler(second_format("GET", "/tickets", query=query, Token=token), None)
    assert [one["ticket_id"] for one in json.loads(listed["body"])["tickets"]] == [said_once(first)["ticket_id"]]
    wrong = lambda_handler(second_format("GET", "/nowhere", Token=token), None)
    assert (wrong["statusCode"], said_once(wrong)["error"]) == (404, "Not found")


def test_an_http_apis_event_may_lack_what_is_empty(token: str) -> None:
    asked: dict[str, Any] = {"version": "2.0", "rawPath": "/tickets", "requestContext": {"http": {"method": "GET"}}}
    assert lambda_handler(asked, None)["statusCode"] == 401
    asked |= {"headers": {"token": token}, "rawQueryString": None, "cookies": None, "body": None}
    assert said_once(lambda_handler(asked, None))["error"] == "caller is required"


@pytest.mark.parametrize("path", ["/prod/tickets", "/prod/itsm/tickets", "/tickets"])
@pytest.mark.parametrize("stage", ["prod", "$default", None])
def test_an_http_apis_stage_is_no_part_of_the_path(token: str, path: str, stage: str | None) -> None:
    asked = second_format("GET", path, query="caller=lea", Token=token)
    asked["requestContext"]["stage"] = stage
    found = stage == "prod" or not path.startswith("/prod")
    assert lambda_handler(asked, None)["statusCode"] == (200 if found else 404)


def said_once(answer: dict[str, Any]) -> Any:
    assert answer["isBase64Encoded"] is False
    return json.loads(answer["body"])


@pytest.mark.parametrize("ticket_id", ["FD-22", "a/b c", "x?y#z", "ü-1", "50%"])
def test_an_imported_tickets_id_is_named_as_everywhere(ask: Ask, token: str, ticket_id: str) -> None:
    imported({"ticket_id": ticket_id, "customer_id": "acme", "caller_id": "lea", "issue_description": "Old"})
    path = f"/tickets/{quote(ticket_id, safe='')}"
    assert said(ask("GET", path))["ticket_id"] == ticket_id
    assert said(ask("POST", f"/itsm{path}/comments", {"comment": "New"}))["ticket_id"] == ticket_id
    assert said_once(lambda_handler(second_format("GET", path, Token=token), None))["comment_count"] == 1


def test_headers_go_both_ways(ask: Ask) -> None:
    asked: dict[str, Any] = {"Idempotency_Key": "k-1", "X_Request_Id": "r-7"}
    first, again = ask("POST", "/tickets", NEW, **asked), ask("POST", "/tickets", NEW, **asked)
    assert (first["statusCode"], again["statusCode"]) == (201, 201)
    assert said(first)["ticket_id"] == said(again)["ticket_id"]
    assert header(again, "Idempotency-Replayed") == "true"
    assert header(again, "X-Request-Id") == "r-7"


def test_a_change_has_its_precondition(ask: Ask) -> None:
    path = f"/tickets/{said(ask('POST', '/tickets', NEW))['ticket_id']}"
    assert ask("PATCH", path, {"status": "solved"}, If_Match='"1"')["statusCode"] == 200
    assert ask("PATCH", path, {"status": "open"}, If_Match='"1"')["statusCode"] == 412


@pytest.mark.parametrize("headers", [{}, {"Token": "foyer_unknown"}])
def test_nobody_comes_in_without_a_token(headers: dict[str, str]) -> None:
    assert error(lambda_handler(event("GET", "/tickets", query={"caller": "lea"}, **headers), None))[0] == 401


def test_an_event_that_is_no_request_is_answered_too() -> None:
    odd: list[dict[str, Any]] = [{}, {"Records": []}, {"version": "2.0", "rawPath": "/tickets"}, {"path": None}]
    for one in odd:
        answer = lambda_handler(one, None)
        assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (404, "Not found")


@pytest.mark.parametrize(
    "odd",
    [
        {"headers": {"Token": 5}},
        {"headers": "secret-7"},
        {"multiValueHeaders": {"Token": "secret-7", "A": None}},
        {"queryStringParameters": 7},
        {"body": {"caller_id": "lea"}},
        {"body": "secret-7", "isBase64Encoded": True},
        {"path": 7},
        {"httpMethod": "POST", "path": ["secret-7"]},
        {"requestContext": "secret-7"},
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": 7},
    ],
)
def test_an_event_that_cannot_be_read_is_a_400_without_its_content_anywhere(
    odd: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = lambda_handler(odd, None)
    error = said_once(answer)
    assert (answer["statusCode"], error["error"]) == (400, "The event is no request of API Gateway's")
    assert error["request_id"] == answer["headers"]["X-Request-Id"]
    assert "secret-7" not in caplog.text + answer["body"]
