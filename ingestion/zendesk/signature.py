"""Zendesk's webhook signature: base64(HMAC-SHA256(secret, timestamp + raw body)), with nothing between the two.

https://developer.zendesk.com/documentation/webhooks/verifying/ documents the form, with a timestamp in ISO 8601. Older
triggers send seconds since 1970; both are taken.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime

from django.conf import settings

from config import times

_EPOCH = re.compile(r"[0-9]{1,11}")


def is_valid(signature: str, timestamp: str, body: bytes) -> bool:
    """Whether one of our secrets signed these very bytes, and not longer ago than the tolerance.

    `signature` and `timestamp` are the headers as they came, empty if missing. Never raises. The caller answers
    401 without looking at the body.
    """
    return _is_fresh(timestamp) and _is_signed(signature, timestamp.encode() + body)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Zendesk would send with this."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, hashlib.sha256)).decode()


def _is_signed(signature: str, message: bytes) -> bool:
    """Every secret is tried, each in constant time: two at once allow one to be replaced without a gap."""
    given = signature.encode()
    matches = [hmac.compare_digest(given, sign(secret, "", message).encode()) for secret in _secrets()]
    return any(matches)


def _secrets() -> list[str]:
    """The secrets in force. An empty one would be known to everybody, so it is none."""
    return [secret.strip() for secret in settings.ZENDESK_WEBHOOK_SECRET.split(",") if secret.strip()]


def _is_fresh(timestamp: str) -> bool:
    """Within the tolerance of now, on either side: an old message is a replay, one from the future could be kept."""
    moment = _moment(timestamp)
    if moment is None:
        return False
    age = abs((datetime.now(UTC) - moment).total_seconds())
    return age <= float(settings.ZENDESK_SIGNATURE_TOLERANCE_SECONDS)


def _moment(timestamp: str) -> datetime | None:
    if _EPOCH.fullmatch(timestamp):
        return datetime.fromtimestamp(int(timestamp), UTC)
    return times.parse(timestamp)
