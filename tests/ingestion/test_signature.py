"""The Zendesk signature."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import times
from ingestion.zendesk.signature import is_valid, sign

BODY = b'{"ticket_id": 12345, "tag_added": "need_sme"}'
SECRET = "webhook secret"


def at(seconds: int) -> str:
    """The time so many seconds from now."""
    return times.stamp(datetime.now(UTC) + timedelta(seconds=seconds))


def test_is_the_hmac_that_zendesk_documents() -> None:
    # Computed with: printf '%s%s' 2021-03-25T05:09:27Z '{}' | openssl dgst -sha256 -hmac secret -binary | base64
    assert sign("secret", "2021-03-25T05:09:27Z", b"{}") == "GhpvRAaZJm2qK40ZLj6n1F3eNwgxlwXQSHVuQ3hNtsA="


def test_takes_both_forms_of_the_timestamp() -> None:
    for timestamp in (at(0), at(0)[:19] + "Z", str(int(time.time()))):
        assert is_valid(sign(SECRET, timestamp, BODY), timestamp, BODY)


@pytest.mark.parametrize("seconds", [-400, 400])
def test_refuses_what_is_too_old_or_too_new(seconds: int) -> None:
    for timestamp in (at(seconds), str(int(time.time()) + seconds)):
        assert not is_valid(sign(SECRET, timestamp, BODY), timestamp, BODY)


@pytest.mark.parametrize("timestamp", ["0", "99999999999", "", "yesterday", "\u00b2", "1e9", "9" * 40])
def test_refuses_what_is_no_time(timestamp: str) -> None:
    assert not is_valid(sign(SECRET, timestamp, BODY), timestamp, BODY)


def test_tolerance_is_a_setting(settings: Any) -> None:
    settings.ZENDESK_SIGNATURE_TOLERANCE_SECONDS = 1000
    timestamp = at(-400)
    assert is_valid(sign(SECRET, timestamp, BODY), timestamp, BODY)


@pytest.mark.parametrize("signature", ["", "abc", "é", sign("another secret", "2026", BODY)])
def test_refuses_a_wrong_signature(signature: str) -> None:
    assert not is_valid(signature, at(0), BODY)


def test_refuses_another_secret() -> None:
    timestamp = at(0)
    assert not is_valid(sign("another secret", timestamp, BODY), timestamp, BODY)


def test_refuses_another_body_or_timestamp_than_was_signed() -> None:
    timestamp = at(0)
    signature = sign(SECRET, timestamp, BODY)
    assert not is_valid(signature, timestamp, BODY.replace(b"12345", b"12346"))
    assert not is_valid(signature, at(1), BODY)


def test_two_secrets_hold_at_once(settings: Any) -> None:
    settings.ZENDESK_WEBHOOK_SECRET = "new secret, webhook secret"
    timestamp = at(0)
    assert is_valid(sign("new secret", timestamp, BODY), timestamp, BODY)
    assert is_valid(sign(SECRET, timestamp, BODY), timestamp, BODY)
    assert not is_valid(sign("new secret, webhook secret", timestamp, BODY), timestamp, BODY)


@pytest.mark.parametrize("secret", ["", " ", ","])
def test_without_a_secret_nothing_is_valid(settings: Any, secret: str) -> None:
    settings.ZENDESK_WEBHOOK_SECRET = secret
    timestamp = at(0)
    assert not is_valid(sign("", timestamp, BODY), timestamp, BODY)
