"""The eighteen tests of the ITSM API's specification, under its names, by API Gateway's events to the handler."""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from config import aws as config_aws
from tests import record
from tests.itsm.gateway import Ask, asking, error, header, said
from ticketing import service

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

NEW = {"caller_id": "lea", "issue_description": "No lesson"}
_Client: Any = BaseClient
NOBODY = "0191e7a0-0000-7000-8000-000000000000"

Refuse = Callable[..., list[str]]


@pytest.fixture
def ask() -> Ask:
    return asking()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between tries take no time; the list has their seconds."""
    slept: list[float] = []
    monkeypatch.setattr(config_aws.calls._retry, "sleep", slept.append)
    return slept


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Let DynamoDB refuse the next calls with these codes; gives the calls made from then on."""

    def start(*codes: str) -> list[str]:
        made: list[str] = []
        original = _Client._make_api_call

        def answer(self: Any, operation: str, parameters: Any) -> Any:
            made.append(operation)
            if len(made) > len(codes):
                return original(self, operation, parameters)
            code = codes[len(made) - 1]
            raise ClientError({"Error": {"Code": code, "Message": "poc-itsm-tickets is slow"}}, operation)

        monkeypatch.setattr(_Client, "_make_api_call", answer)
        return made

    return start


def opened(ask: Ask, **more: Any) -> Any:
    answer = ask("POST", "/tickets", NEW | more)
    assert answer["statusCode"] == 201, answer
    return said(answer)


# --- Create ticket ----------------------------------------------------------------------------------


def test_create_ticket_success(ask: Ask) -> None:
    answer = ask("POST", "/tickets", NEW)
    ticket = said(answer)
    assert answer["statusCode"] == 201
    assert str(uuid.UUID(ticket["ticket_id"])) == ticket["ticket_id"]
    assert {name: ticket[name] for name in NEW} == NEW
    assert (ticket["status"], ticket["customer_id"], ticket["version"]) == ("open", "acme", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ticket["created_at"])
    assert header(answer, "Location").endswith(f"/tickets/{ticket['ticket_id']}")
    assert record.get(ticket["ticket_id"]).to_json() == ticket


def test_create_ticket_missing_caller_id(ask: Ask) -> None:
    for body in ({"issue_description": "No lesson"}, NEW | {"caller_id": ""}, NEW | {"caller_id": None}):
        assert error(ask("POST", "/tickets", body)) == (400, "caller_id is required")
    assert record.ticket_ids() == []


def test_create_ticket_missing_issue_description(ask: Ask) -> None:
    for body in ({"caller_id": "lea"}, NEW | {"issue_description": " "}, NEW | {"issue_description": None}):
        assert error(ask("POST", "/tickets", body)) == (400, "issue_description is required")
    assert record.ticket_ids() == []


def test_create_ticket_invalid_json(ask: Ask) -> None:
    for body in ("{not json", '{"caller_id": "lea",}', '{"caller_id": NaN}', "[]"):
        assert error(ask("POST", "/tickets", body)) == (400, "Request body is not valid JSON")
    assert error(ask("POST", "/tickets", None)) == (400, "Request body is required")
    assert record.ticket_ids() == []


def test_create_ticket_dynamodb_error(ask: Ask, refuse: Refuse) -> None:
    refuse("ResourceNotFoundException")
    answer = ask("POST", "/tickets", NEW)
    assert error(answer) == (500, "Internal server error")
    assert "poc-itsm-tickets" not in answer["body"]
    assert record.ticket_ids() == []


# --- Get ticket status ------------------------------------------------------------------------------


def test_get_ticket_success(ask: Ask) -> None:
    ticket = opened(ask)
    answer = ask("GET", f"/tickets/{ticket['ticket_id']}")
    assert answer["statusCode"] == 200
    assert said(answer) == ticket | {"comments": [], "comments_cursor": None}


def test_get_ticket_not_found(ask: Ask) -> None:
    others = opened(asking(customer="rival"))["ticket_id"]
    for ticket_id in (NOBODY, "12345", others):
        assert error(ask("GET", f"/tickets/{ticket_id}")) == (404, "Ticket not found")


def test_get_ticket_missing_id(ask: Ask) -> None:
    assert error(ask("GET", "/tickets/")) == (400, "ticket_id is required")


# --- Add comment ------------------------------------------------------------------------------------


def test_add_comment_success(ask: Ask) -> None:
    ticket_id = opened(ask)["ticket_id"]
    answer = ask("POST", f"/tickets/{ticket_id}/comments", {"comment": "Still none", "author": "Lea"})
    comment = said(answer)
    assert answer["statusCode"] == 201
    assert (comment["ticket_id"], comment["comment"], comment["author"]) == (ticket_id, "Still none", "Lea")
    ticket = said(ask("GET", f"/tickets/{ticket_id}"))
    assert ticket["comments"] == [comment]
    assert (ticket["comment_count"], ticket["last_comment_id"], ticket["version"]) == (1, comment["comment_id"], 2)


def test_add_comment_missing_comment(ask: Ask) -> None:
    ticket_id = opened(ask)["ticket_id"]
    for body in ({}, {"comment": ""}, {"comment": None}, {"author": "Lea"}):
        assert error(ask("POST", f"/tickets/{ticket_id}/comments", body)) == (400, "comment is required")
    assert record.get(ticket_id).comment_count == 0


def test_add_comment_ticket_not_found(ask: Ask) -> None:
    others = opened(asking(customer="rival"))["ticket_id"]
    for ticket_id in (NOBODY, "12345", others):
        answer = ask("POST", f"/tickets/{ticket_id}/comments", {"comment": "Hello?"})
        assert error(answer) == (404, "Ticket not found")
    assert record.get(others).comment_count == 0


# --- List recent tickets ----------------------------------------------------------------------------


def test_list_tickets_success(ask: Ask) -> None:
    made = [opened(ask)["ticket_id"] for _ in range(3)]
    opened(ask, caller_id="jonas")
    opened(asking(customer="rival"))
    answer = ask("GET", "/tickets", query={"caller": "lea"})
    assert answer["statusCode"] == 200
    assert [ticket["ticket_id"] for ticket in said(answer)["tickets"]] == made[::-1]
    assert said(answer)["next_cursor"] is None


def test_list_tickets_empty(ask: Ask) -> None:
    opened(ask)
    answer = ask("GET", "/tickets", query={"caller": "nobody"})
    assert (answer["statusCode"], said(answer)) == (200, {"tickets": [], "next_cursor": None})


def test_list_tickets_missing_caller(ask: Ask) -> None:
    for query in (None, {"caller": ""}, {"limit": "5"}):
        assert error(ask("GET", "/tickets", query=query)) == (400, "caller is required")


# --- Retry logic ------------------------------------------------------------------------------------


def test_retry_on_throttling(ask: Ask, refuse: Refuse, waits: list[float], caplog: pytest.LogCaptureFixture) -> None:
    made = refuse("ThrottlingException", "ProvisionedThroughputExceededException")
    with caplog.at_level(logging.WARNING, "config.aws"):
        ticket = opened(ask)
    assert made.count("PutItem") == 3
    assert 0.1 <= waits[0] <= 0.15  # doubling, each up to half as long again
    assert 0.2 <= waits[1] <= 0.3
    assert len(waits) == 2
    assert [message.partition(",")[0] for message in caplog.messages if "AWS call failed" in message] == [
        "AWS call failed at try 1",
        "AWS call failed at try 2",
    ]
    assert record.ticket_ids() == [ticket["ticket_id"]]


def test_retry_max_attempts_exceeded(ask: Ask, refuse: Refuse, waits: list[float]) -> None:
    made = refuse(*["ThrottlingException"] * 3)
    answer = ask("POST", "/tickets", NEW)
    assert error(answer) == (500, "Internal server error")
    assert made.count("PutItem") == 3
    assert len(waits) == 2
    assert record.ticket_ids() == []


# --- Error handling ---------------------------------------------------------------------------------


def test_invalid_endpoint(ask: Ask) -> None:
    for path in ("/", "/invalid", "/tickets/1/2/3", "/ticketsx", "/desk/", "/healthz", "/ingest"):
        for method in ("GET", "POST", "DELETE"):
            assert error(ask(method, path)) == (404, "Not found")


def test_unexpected_exception(ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(service, "open_ticket", broken)
    answer = ask("POST", "/tickets", NEW)
    assert error(answer) == (500, "Internal server error")
    assert "secret" not in answer["body"]
    assert "a secret of ours" in caplog.text  # in CloudWatch, for us
