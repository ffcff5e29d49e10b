"""The ITSM door: whatever JSON is sent is kept as it is, or refused with a reason."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from rest_framework.test import APIClient

from config import json
from tests import anything, record
from tests.itsm.asking import NEW, PATH, post, send

pytestmark = [pytest.mark.any_json, pytest.mark.usefixtures("aws"), pytest.mark.django_db]

FIELDS = {"caller_id", "issue_description", "subject", "type", "priority", "tags"}
CHANGES = FIELDS - {"caller_id"} | {"status", "assignee", "attributes", "requester"}
COMMENT = {"comment", "author", "visibility"}

bodies = anything.objects(*FIELDS, "attributes", "status", "requester", "comment")


@pytest.fixture(autouse=True)
def _no_warnings_of_each_400() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def kept(stored: dict[str, Any], sent: dict[str, Any], fields: set[str]) -> None:
    """Fields of the ticket's own under their names, every digit and letter of them; the others in `attributes`."""
    for name, value in sent.items():
        if name == "attributes":
            mine = {key: stored["attributes"][key] for key in value}
        else:
            mine = stored[name] if name in fields else stored["attributes"][name]
        assert json.dumps(mine) == json.dumps(value)


@given(anything.values)
@anything.examples(500)
def test_any_json_as_a_ticket_is_answered(client: APIClient, body: Any) -> None:
    answer = post(client, body)
    assert answer.status_code in (201, 400), answer.content


@given(bodies)
@anything.examples(2500)
def test_a_ticket_comes_back_as_it_was_sent(client: APIClient, body: dict[str, Any]) -> None:
    answer = post(client, NEW | body)
    assert answer.status_code in (201, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["error"]
    else:
        stored = json.loads(client.get(answer["Location"]).content)
        kept(stored, NEW | body, FIELDS)
        record.forget(stored["ticket_id"])  # the fake's queries read every item there is


@given(anything.objects(*CHANGES) | anything.values)
@anything.examples(2500)
def test_a_change_is_kept_as_it_was_sent(client: APIClient, body: Any) -> None:
    ticket_id = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    record.put(ticket_id=ticket_id, customer_id="acme")
    answer = send(client, "patch", f"{PATH}/{ticket_id}", body)
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["error"]
    else:
        stored = json.loads(answer.content)
        assert json.dumps({name: stored[name] for name in body}) == json.dumps(body)


@given(anything.objects(*COMMENT).map(lambda more: {"comment": "Hello"} | more) | anything.values)
@anything.examples(3000)
def test_a_comment_comes_back_as_it_was_sent(client: APIClient, body: Any) -> None:
    ticket_id = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    record.put(ticket_id=ticket_id, customer_id="acme")
    answer = post(client, body, f"{PATH}/{ticket_id}/comments")
    assert answer.status_code in (201, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["error"]
    else:
        [*_, stored] = record.items(ticket_id, f"TICKET#COMMENT#{answer.json()['comment_id']}")
        assert {name: stored.get(name) for name in body} == body
