"""The wiring: every route asks who calls, every queue has a consumer, every consumer a queue."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from config.consumer.sources import sources
from tests import moto_stack

# Who may come in without a token or a login. A new route does not belong here unless a reader agrees.
OPEN_TO_ALL = {
    "healthz",
    "readyz",
    "api/schema",
    "api/docs",
    "desk/login/",
    "webhooks/zendesk",  # its signature is its authentication
}
SAMPLES = {
    "ticket_id": "01a1fd35-2ef3-7740-852a-2debefcc0860",
    "submission_id": "none",
    "object_id": "1",
    "app_label": "auth",
}


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


ROUTES = sorted(set(_routes(get_resolver().url_patterns)))


def _filled(route: str) -> str:
    """The route with something in its places: `itsm/tickets/<str:ticket_id>` to a path."""
    parts = []
    for piece in route.replace("^", "").replace("$", "").split("<"):
        name, bracket, rest = piece.partition(">")
        parts.append(SAMPLES.get(name.split(":")[-1], "1") + rest if bracket else piece)
    return "/" + "".join(parts).replace("\\Z", "").replace("(?P", "")


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if route not in OPEN_TO_ALL])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_route_refuses_an_anonymous_caller(route: str, method: str) -> None:
    answer = Client().generic(method.upper(), _filled(route), b"{}", content_type="application/json")
    if route.startswith("desk/"):
        assert answer.status_code in (302, 403, 405)
        if answer.status_code == 302 and route == "desk/logout/":
            answer = Client().get(answer["Location"])  # there is nobody to log out; what it leads to refuses
        if answer.status_code == 302:
            assert answer["Location"].startswith("/desk/login/"), answer["Location"]
    else:
        assert answer.status_code == 401, answer.content
        assert answer.json()["error"]


def test_the_list_of_open_routes_has_no_route_that_is_gone() -> None:
    assert set(ROUTES) >= OPEN_TO_ALL


@pytest.mark.django_db
def test_the_webhook_refuses_a_caller_without_a_signature(client: Client) -> None:
    answer = client.post("/webhooks/zendesk", data=b'{"ticket_id": 1}', content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (401, "Invalid signature")


def _queues() -> set[str]:
    return {moto_stack.text(one["QueueName"]) for one in moto_stack.of_type("AWS::SQS::Queue")}


def test_every_queue_but_the_dead_letter_queues_has_a_consumer() -> None:
    consumed = {source.of for source in sources() if source.kind != "change-stream"}
    assert {name for name in _queues() if not name.endswith("DLQ")} == consumed


def test_every_consumer_has_a_queue_or_a_table_with_a_change_stream() -> None:
    tables = {
        moto_stack.text(one["TableName"])
        for one in moto_stack.of_type("AWS::DynamoDB::Table")
        if "StreamSpecification" in one
    }
    for source in sources():
        assert source.of in (tables if source.kind == "change-stream" else _queues()), source.name


def test_every_consumer_has_a_handler_that_can_be_loaded() -> None:
    for source in sources():
        assert callable(source.load_handler())
        assert not source.catch_up or callable(import_string(source.catch_up))
