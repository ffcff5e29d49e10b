"""Errors as callers see them: one JSON form, a request id, and no inside of ours."""

import logging
import uuid
from typing import Any

import pytest
from botocore.client import BaseClient
from django.test import Client
from rest_framework.test import APIClient

from config.request_id import RequestIdFilter

pytestmark = pytest.mark.django_db
JSON = "application/json"


def checked(answer: Any, status: int, sentence: str | None = None) -> dict[str, Any]:
    """The body of an error in its one form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == JSON
    body: dict[str, Any] = answer.json()
    assert set(body) == {"error", "request_id"}
    assert body["request_id"] == answer["X-Request-Id"]
    assert sentence in (None, body["error"])
    return body


def test_no_token_and_an_unknown_one_are_401() -> None:
    for headers in ({}, {"Token": "foyer_no"}, {"Authorization": "Bearer foyer_no"}, {"Authorization": "Basic eA=="}):
        answer = APIClient(headers=headers).get("/itsm/tickets?caller=lea")
        checked(answer, 401)
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        (("events", "submit", "route"), "get", "/itsm/tickets?caller=lea"),
        (("itsm", "submit", "route"), "post", "/ingest"),
        (("itsm", "events", "route"), "post", "/ticketing/submissions"),
        (("itsm", "events", "submit"), "get", "/routing/tickets"),
    ],
)
def test_a_token_without_the_scope_is_403(token_client: Any, scopes: tuple[str, ...], method: str, path: str) -> None:
    answer = getattr(token_client(*scopes), method)(path)
    checked(answer, 403, "The token does not have the scope for this")


@pytest.mark.parametrize("path", ["/", "/nothing", "/itsm", "/itsm/tickets/a/b", "/ingest/", "/api/none", "/%ff", "/é"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404(client: Client, path: str, method: str) -> None:
    checked(client.generic(method, path, "{}", content_type=JSON), 404, "Not found")


@pytest.mark.parametrize("path", ["/itsm/tickets", "/itsm/tickets/1", "/routing/tickets", "/ticketing/submissions"])
def test_a_method_that_a_path_does_not_have_is_405(token_client: Any, path: str) -> None:
    answer = token_client("itsm", "route", "submit").put(path, {}, format="json")
    checked(answer, 405, "Method not allowed")
    assert answer["Allow"]


def test_a_body_over_the_limit_is_413_and_another_type_is_415(token_client: Any) -> None:
    client = token_client("itsm")
    checked(client.post("/itsm/tickets", b"x" * (1024 * 1024 + 1), content_type=JSON), 413)
    checked(
        client.post("/itsm/tickets", b"{}", content_type="text/plain"), 415, "Content-Type must be application/json"
    )
    checked(client.patch("/itsm/tickets/1", b"{}", content_type="text/xml"), 415)


def test_accept_is_no_reason_for_another_error(token_client: Any) -> None:
    checked(token_client("itsm").get("/itsm/tickets", headers={"Accept": "text/html"}), 400, "caller is required")


def test_a_wrong_host_is_refused_as_json(client: Client) -> None:
    checked(client.get("/itsm/tickets", headers={"Host": "evil.example"}), 400, "The request is not valid")


@pytest.mark.parametrize(
    "error_code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"]
)
def test_a_500_tells_nothing_of_aws_and_the_log_tells_all(
    aws: None,
    token_client: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error_code: str,
) -> None:
    from botocore.exceptions import ClientError

    def refuse(self: Any, operation: str, parameters: Any) -> Any:
        raise ClientError({"Error": {"Code": error_code, "Message": "table poc-itsm-tickets, arn:aws:x"}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    answer = token_client("itsm").get("/itsm/tickets?caller=lea")
    checked(answer, 500, "Internal server error")
    assert error_code in caplog.text


def test_what_fails_outside_a_view_is_500_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.web.health.JsonResponse", lambda _: 1 / 0)
    answer = Client(raise_request_exception=False).get("/healthz")
    checked(answer, 500, "Internal server error")


def test_a_request_id_is_taken_and_returned(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "my-id.7"})["X-Request-Id"] == "my-id.7"


@pytest.mark.parametrize("sent", [None, "", "two words", "x" * 129, "é"])
def test_a_request_id_is_made_where_none_can_be_taken(client: Client, sent: str | None) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": sent} if sent is not None else {})
    assert uuid.UUID(answer["X-Request-Id"])
    assert client.get("/healthz")["X-Request-Id"] != answer["X-Request-Id"]


def test_every_log_line_of_a_request_has_its_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.WARNING):
        client.get("/nothing", headers={"X-Request-Id": "traced"})
    assert [getattr(one, "request_id", None) for one in caplog.records] == ["traced"]
