"""The ITSM door as its callers ask it."""

from typing import Any

from rest_framework.test import APIClient

from config import json

PATH = "/itsm/tickets"
NEW = {"caller_id": "lea", "issue_description": "No lesson"}


def send(client: APIClient, method: str, path: str, body: Any, **headers: str) -> Any:
    content = json.dumps(body).encode()
    return getattr(client, method)(path, content, content_type="application/json", headers=headers)


def post(client: APIClient, body: Any, path: str = PATH, **headers: str) -> Any:
    return send(client, "post", path, body, **headers)


def patch(client: APIClient, ticket: Any, body: Any, **headers: str) -> Any:
    return send(client, "patch", f"{PATH}/{ticket['ticket_id']}", body, **headers)


def opened(client: APIClient, **more: Any) -> Any:
    answer = post(client, NEW | more)
    assert answer.status_code == 201, answer.content
    return answer.json()


def error(answer: Any) -> tuple[int, str]:
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    return answer.status_code, answer.json()["error"]
