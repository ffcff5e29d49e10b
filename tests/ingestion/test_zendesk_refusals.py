"""A signed webhook that is refused stands under Deliveries, since Zendesk tells nobody of it."""

import gzip
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from config import celery, times
from ingestion.zendesk import masking
from tests.ingestion.conftest import Post
from ticketing import deliveries
from ticketing.deliveries import Delivery, unfinished

PAGE = "/desk/ticketing/delivery/"
BROKEN = b'{"ticket_id": 4711, "subject": "She said "no"", "tag_added": "need_sme"}'
INVOCATION = {"X-Zendesk-Webhook-Invocation-Id": "01H0000"}

written_down = pytest.mark.usefixtures("aws")


def refused() -> list[Delivery]:
    return unfinished.page("failed").deliveries


@written_down
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (BROKEN, "Request body is not valid JSON"),
        (b'{"ticket_id": "1", "subject": "two\nlines"}', "Request body is not valid JSON"),
        (b"", "Request body is required"),
        (b"[]", "Request body is not valid JSON"),
        (b'{"subject": "Help"}', "ticket_id is required"),
        (b'{"ticket_id": "{{ticket.id}}"}', "ticket_id is not valid"),
        (b'{"type": "zen:event-type:ticket.tags_changed", "detail": {}}', "ticket_id is required"),
        (b"\xff\x00", "Request body is not valid JSON"),
    ],
)
def test_it_says_what_came_and_what_to_mend(webhook: Post, body: bytes, sentence: str) -> None:
    answer = webhook(body, **INVOCATION)
    assert (answer.status_code, answer.json()["error"]) == (400, sentence)
    [one] = refused()
    assert (one.door, one.key, one.state, one.customer_id) == ("zendesk", "01H0000", "failed", "default")
    assert one.request_id == answer["X-Request-Id"]
    assert str(one.error).startswith(f"Refused: {sentence}. Mend the trigger in Zendesk")
    assert f"It has {len(body)} bytes and begins so, masked: {masking.beginning(body)}" in str(one.error)


@written_down
def test_a_name_that_came_twice_is_not_quoted(webhook: Post) -> None:
    body = b'{"ticket_id": 12, "My card is 4111 1111": "x", "My card is 4111 1111": ""}'
    assert "4111" in webhook(body, **INVOCATION).json()["error"]  # whoever signed it has it
    [one] = refused()
    assert str(one.error).startswith("Refused: Request body cannot be kept as it is. Mend the trigger")
    assert "4111" not in str(one.error)
    assert "card" not in str(one.error)


@written_down
def test_one_invocation_is_one_row(webhook: Post) -> None:
    webhook(BROKEN, **INVOCATION)
    webhook(BROKEN, **INVOCATION, timestamp=times.now())
    assert len(refused()) == 1
    webhook(BROKEN, **{"X-Zendesk-Webhook-Invocation-Id": "01H0001"})
    assert len(refused()) == 2


@written_down
def test_without_an_invocation_the_same_call_is_one_row(webhook: Post) -> None:
    at = times.now()
    webhook(BROKEN, timestamp=at)
    webhook(BROKEN, timestamp=at)
    assert len(refused()) == 1


@written_down
def test_what_is_not_signed_leaves_no_row(webhook: Post, client: Client) -> None:
    assert webhook(BROKEN, secret="wrong").status_code == 401
    assert webhook(BROKEN, timestamp="1609459200").status_code == 401
    assert client.post("/webhooks/zendesk", BROKEN, content_type="application/json").status_code == 401
    assert refused() == []


@written_down
def test_what_is_understood_and_ignored_leaves_no_row(webhook: Post) -> None:
    assert webhook({"ticket_id": 1, "tag_added": "vip"}).status_code == 200
    assert refused() == []


@written_down
def test_a_packed_body_is_shown_as_it_reads(webhook: Post) -> None:
    webhook(gzip.compress(BROKEN), **{"Content-Encoding": "gzip"})
    [one] = refused()
    assert masking.beginning(BROKEN) in str(one.error)


@written_down
def test_a_table_that_is_away_is_503_so_that_zendesk_sends_it_again(webhook: Post, settings: Any) -> None:
    settings.DELIVERIES_TABLE = "not-there"
    answer = webhook(BROKEN, **INVOCATION)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


@written_down
@pytest.mark.django_db
def test_it_can_be_set_aside_at_once_but_not_run(
    webhook: Post, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(celery, "send", lambda *arguments: queued.append(arguments))
    webhook(BROKEN, **INVOCATION)
    [one] = refused()
    [row] = admin_client.get(PAGE).context["rows"]
    assert (row["button"], row["said"]) == ("", one.error)
    assert row["aside"]
    assert b"there is nothing to run" in admin_client.post(PAGE, {"delivery": one.delivery_id}, follow=True).content
    assert queued == []
    admin_client.post(row["aside"], {"why": "the trigger is mended"})
    assert refused() == []
    webhook(BROKEN, **INVOCATION)  # a late repeat
    assert refused() == []


@written_down
@pytest.mark.django_db
def test_reconcile_names_it_until_it_is_set_aside(webhook: Post, capsys: pytest.CaptureFixture[str]) -> None:
    webhook(BROKEN, **INVOCATION)
    [one] = refused()
    with pytest.raises(CommandError):
        call_command("reconcile")
    said = capsys.readouterr().out
    assert f"no ticket, delivery {one.delivery_id} (door zendesk, key 01H0000) failed (Refused: Request body" in said
    assert "then tag the ticket anew in Zendesk and set this delivery aside" in said
    deliveries.set_aside(one, "Ada: the trigger is mended")
    call_command("reconcile")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (BROKEN, '{"ticket_id": 0000, "subject": "xxx xxxx "xx"", "tag_added": "xxxx_xxx"}'),
        (b'{"subject": "a\nb"}', '{"subject": "x↵x"}'),
        ('{"subject": "Grüße, 早 à 5€"}'.encode(), '{"subject": "xxxxx, x x 0x"}'),
        (b'{"a": "Call "Smith": now"}', '{"a": "xxxx "xxxxx": xxx"}'),
        (b'{"a": {"b": [true, "c"]},\r\n "d.e": null}', '{"a": {"b": [xxxx, "x"]},↵ "d.e": xxxx}'),
        (b"ticket_id=12&subject=Help", "xxxxxx_xx=00&xxxxxxx=xxxx"),
        (b'{"my secret": 1}', '{"xx xxxxxx": 0}'),
        (b"\xff\x00\x1b[31m", "xxx[00x"),
        (b"", ""),
        (b"a" * 300, "x" * 300),
        (b"a" * 301, "x" * 300 + "…"),
        (b"\n" * 3_000, "↵" * 300 + "…"),
    ],
)
def test_names_and_structure_are_shown_and_values_are_not(body: bytes, shown: str) -> None:
    assert masking.beginning(body) == shown


@given(st.text(), st.booleans())
def test_no_letter_and_no_digit_of_a_value_is_shown(value: str, ascii_only: bool) -> None:
    body = json.dumps({"subject": f', "{value}": {{"{value}": 1', "n": [1.5]}, ensure_ascii=ascii_only)
    shown = masking.beginning(body.encode("utf-8", "surrogatepass")).replace('{"subject":', "", 1).replace('"n":', "")
    assert {one for one in shown if one.isalnum()} <= {"x", "0"}


def test_a_value_that_is_cut_off_is_masked_too() -> None:
    body = json.dumps({"subject": "Maria " * 500}).encode()
    shown = masking.beginning(body)
    assert shown.startswith('{"subject": "xxxxx xxxxx')
    assert "Maria" not in shown
