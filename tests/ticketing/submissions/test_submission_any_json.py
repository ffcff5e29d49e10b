"""The submission door and its worker: whatever JSON object is sent stands in its ticket, unchanged."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from rest_framework.test import APIClient

from config import json
from config.aws import sqs
from config.aws.events import SqsRecord
from tests import anything, record
from tests.ticketing.submitting import failed, message, submit
from ticketing import deliveries

pytestmark = [pytest.mark.any_json, pytest.mark.usefixtures("aws"), pytest.mark.django_db]

KNOWN = {"caller_id", "subject", "type", "priority", "tags"}
DESCRIPTIONS = ("issue_description", "description", "message")

payloads = anything.objects(*KNOWN, *DESCRIPTIONS, "attributes", "data", "bucket", "key", "ticket_id")


@pytest.fixture(autouse=True)
def _no_warnings_of_each_400() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[SqsRecord]:
    """What was put on the queue, straight to the worker: the fake's queue is slow."""
    records: list[SqsRecord] = []

    def send(name: str, body: str, attributes: dict[str, str]) -> str:
        records.append(message(body, f"m-{len(records)}", **attributes))
        return str(records[-1]["messageId"])

    monkeypatch.setattr(sqs, "send", send)
    monkeypatch.setattr(deliveries, "accept", lambda *_: None)
    return records


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the deliveries ended. They are not updated: the fake is slow at that too."""
    ended: list[str] = []
    monkeypatch.setattr(deliveries, "finish", lambda _, end, *__, **___: ended.append(end))
    return ended


@given(anything.values)
@anything.examples(500)
def test_any_json_is_answered(submitter: APIClient, sent: list[Any], payload: Any) -> None:
    answer = submit(submitter, payload)
    assert answer.status_code == (202 if isinstance(payload, dict) else 400), answer.content


@given(payloads)
@anything.examples(1000)
def test_an_object_becomes_a_ticket_that_has_all_of_it(
    submitter: APIClient, sent: list[SqsRecord], ends: list[str], payload: dict[str, Any]
) -> None:
    answer = submit(submitter, payload)
    assert answer.status_code == 202, answer.content
    assert failed(sent[-1]) == []
    if ends[-1] == "duplicate":
        assert payload["ticket_id"] is not None  # another example had the sender's id already
        return
    ticket = record.get(answer.json()["ticket_id"])
    described = next((name for name in DESCRIPTIONS if name in payload and name not in ticket.attributes), None)
    taken = {name: getattr(ticket, name) for name in KNOWN & payload.keys() - ticket.attributes.keys()}
    whole = ticket.attributes | taken | ({described: ticket.issue_description} if described else {})
    assert json.fingerprint(whole) == json.fingerprint(payload)
