"""Service levels: each request that takes a ticket in is a sample, a fault only if it is ours; no call is made."""

from typing import Any

import pytest
from django.db import OperationalError

from config import aws
from config.aws import metrics
from config.aws.events import SqsEvent
from routing import tokens
from tests.itsm.asking import NEW
from ticketing import service
from ticketing.submissions import worker

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

DOORS = [
    ("itsm", "itsm", "/itsm/tickets", NEW, "PostTickets"),
    ("route", "routing", "/routing/tickets", {"type": "question", "message": "No lesson"}, "PostTickets"),
    ("submit", "submission", "/ticketing/submissions", {"subject": "No lesson"}, "SubmitTicket"),
]
door = pytest.mark.parametrize(("scope", "channel", "path", "body", "operation"), DOORS)


def counted() -> dict[str, tuple[int, float]]:
    """Every metric since the last look, as `name value value`, with its number of samples and their sum."""
    return {
        " ".join([metric.name, *(value for _, value in metric.dimensions)]): (sums.count, sums.total)
        for metric, sums in metrics._collected.take().items()
        if metric.namespace in ("Foyer", "ApplicationSignals")
    }


def post(client: Any, path: str, body: Any) -> int:
    return int(client.post(path, body, format="json").status_code)


@door
def test_a_good_request_and_a_refused_one_are_no_faults(
    token_client: Any, scope: str, channel: str, path: str, body: Any, operation: str
) -> None:
    client = token_client(scope, tier="gold")
    assert post(client, path, body) in (201, 202)
    assert post(client, path, []) == 400
    found = counted()
    assert found.pop(f"TicketsCreated {channel} gold", None) == (None if scope == "submit" else (1, 1.0))
    assert found == {f"{operation}Fault {channel} gold": (2, 0.0), f"Fault Foyer {operation}": (2, 0.0)}


@door
def test_a_5xx_is_a_fault(
    token_client: Any,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    channel: str,
    path: str,
    body: Any,
    operation: str,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise aws.Retryable("ThrottlingException")

    client = token_client(scope)
    monkeypatch.setattr(aws.dynamodb, "call", away)
    assert post(client, path, body) >= 500
    assert counted() == {f"{operation}Fault {channel} general": (1, 1.0), f"Fault Foyer {operation}": (1, 1.0)}


@door
def test_a_request_whose_token_cannot_be_looked_up_is_a_fault_of_nobody_known(
    token_client: Any,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    channel: str,
    path: str,
    body: Any,
    operation: str,
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection refused")

    client = token_client(scope)
    monkeypatch.setattr(tokens, "_look_up", away)
    answer = client.post(path, body, format="json")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "Internal server error", "request_id": answer["X-Request-Id"]},
    )
    assert counted() == {f"{operation}Fault {channel} unknown": (1, 1.0), f"Fault Foyer {operation}": (1, 1.0)}


def test_a_request_of_nobody_known_is_counted_too(client: Any) -> None:
    assert client.post("/itsm/tickets", NEW, content_type="application/json").status_code == 401
    assert counted() == {"PostTicketsFault itsm unknown": (1, 0.0), "Fault Foyer PostTickets": (1, 0.0)}


def test_reading_and_commenting_are_no_samples(token_client: Any) -> None:
    client = token_client("itsm")
    ticket_id = client.post("/itsm/tickets", NEW, format="json").json()["ticket_id"]
    counted()
    assert client.get("/itsm/tickets", {"caller": "lea"}).status_code == 200
    assert post(client, f"/itsm/tickets/{ticket_id}/comments", {"comment": "Hello"}) == 201
    assert counted() == {}


def test_counting_makes_no_call(token_client: Any, calls: list[str]) -> None:
    assert post(token_client("itsm"), "/itsm/tickets", NEW) == 201
    assert calls == ["PutItem"]


def test_a_ticket_is_counted_once_however_often_it_is_sent(token_client: Any) -> None:
    client = token_client("itsm")
    for _ in range(3):
        client.post("/itsm/tickets", NEW, format="json", headers={"Idempotency-Key": "k"})
    found = counted()
    assert found["TicketsCreated itsm general"] == (1, 1.0)
    assert found["PostTicketsFault itsm general"] == (3, 0.0)


def message(body: str) -> SqsEvent:
    return {"Records": [{"messageId": "m-1", "body": body}]}


def test_a_message_that_becomes_a_ticket_is_a_sample_and_its_redelivery_another() -> None:
    for _ in range(2):
        assert worker.handler(message('{"subject": "No lesson"}')) == {"batchItemFailures": []}
    assert counted() == {
        "TicketsCreated submission general": (1, 1.0),
        "PostTicketsFault submission general": (2, 0.0),
        "Fault Foyer PostTickets": (2, 0.0),
    }


def test_a_poisonous_message_is_no_fault_of_ours() -> None:
    assert worker.handler(message("no JSON"))["batchItemFailures"] == []
    assert counted()["PostTicketsFault submission general"] == (1, 0.0)


def test_a_message_that_cannot_be_worked_now_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise aws.Retryable("ThrottlingException")

    monkeypatch.setattr(service, "open_ticket", away)
    assert worker.handler(message("{}"))["batchItemFailures"]
    assert counted()["PostTicketsFault submission general"] == (1, 1.0)


def test_an_error_nobody_expected_is_a_fault_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service, "open_ticket", broken)
    with pytest.raises(ZeroDivisionError):
        worker.handler(message("{}"))
    assert counted()["PostTicketsFault submission general"] == (1, 1.0)
