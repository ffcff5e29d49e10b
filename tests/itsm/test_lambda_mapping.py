"""API Gateway's events and answers: what of them reaches the application, and comes back."""

import base64
import json
from typing import Any

import pytest

from itsm.lambda_handler import lambda_handler
from routing import tokens
from tests import record
from tests.itsm.gateway import Ask, asking, error, event, header, said

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


def test_an_event_with_single_values_alone_is_answered_with_single_values(token: str) -> None:
    """As the specification's own tests make them, and API Gateway's console."""
    asked = {"httpMethod": "POST", "path": "/tickets", "headers": {"Token": token}, "body": json.dumps(NEW)}
    answer = lambda_handler(asked, None)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (201, "application/json")
    listing = {"httpMethod": "GET", "path": "/tickets", "headers": {"token": token}}
    answer = lambda_handler(listing | {"queryStringParameters": {"caller": NEW["caller_id"]}}, None)
    assert len(json.loads(answer["body"])["tickets"]) == 1


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
    odd: list[dict[str, Any]] = [{}, {"Records": []}, {"version": "2.0", "rawPath": "/tickets"}]
    for one in odd:
        answer = lambda_handler(one, None)
        assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (404, "Not found")
