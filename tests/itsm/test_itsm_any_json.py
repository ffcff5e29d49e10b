"""The ITSM door: whatever JSON is sent is kept as it is, or refused with a reason."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.itsm.asking import NEW, PATH, post, send
from ticketing import service

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


_texts = st.text(st.characters(exclude_categories=()), max_size=8)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.decimals(-(10**6), 10**6, places=4) | _texts,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(_texts, one, max_size=3),
    max_leaves=6,
)
_fields = st.sampled_from([*NEW, "subject", "type", "priority", "tags", "attributes", "status", "requester", "comment"])
_bodies = st.dictionaries(_fields | _texts, _json, max_size=5)


@given(_json)
@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_answered_and_never_with_a_5xx(client: APIClient, body: Any) -> None:
    ticket = service.Key("acme", "test", "one", "f")
    record.put(ticket_id=ticket.keyed_id, customer_id="acme")
    path = f"{PATH}/{ticket.keyed_id}"
    for answer in (post(client, body), send(client, "patch", path, body), post(client, body, f"{path}/comments")):
        assert answer.status_code in (200, 201, 400), answer.content


@given(_bodies)
@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_stored_comes_back_as_it_was_sent(client: APIClient, body: dict[str, Any]) -> None:
    sent = NEW | body
    answer = post(client, sent)
    assert answer.status_code in (201, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["error"]
        return
    stored = json.loads(client.get(answer["Location"]).content)
    own = {"caller_id", "issue_description", "subject", "type", "priority", "tags"}
    for name, value in sent.items():
        if name in own:
            assert json.dumps(stored[name]) == json.dumps(value)
        elif name == "attributes":
            assert json.dumps({key: stored["attributes"][key] for key in value}) == json.dumps(value)
        else:
            assert json.dumps(stored["attributes"][name]) == json.dumps(value)
