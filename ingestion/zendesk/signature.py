"""Zendesk's webhook signature: base64(HMAC-SHA256(secret, timestamp + raw body)), with nothing between the two.

https://developer.zendesk.com/documentation/webhooks/verifying/ documents the form, with a timestamp in ISO 8601. Older
triggers send seconds since 1970. Both are accepted.
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
    """Whether one of our secrets signed exactly these bytes, no longer ago than the tolerance.

    `signature` and `timestamp` are the headers as they came, empty if missing. Never raises. If the signature is not
    valid, the caller answers 401 without looking at the body.
    """
    return _is_fresh(timestamp) and _is_signed(signature, timestamp.encode() + body)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Zendesk would send with these."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, hashlib.sha256)).decode()


def _is_signed(signature: str, message: bytes) -> bool:
    """Tries every secret, each in constant time. Two secrets at once allow one to be replaced without a gap."""
    given = signature.encode()
    matches = [hmac.compare_digest(given, sign(secret, "", message).encode()) for secret in secrets()]
    return any(matches)


def secrets() -> list[str]:
    """The secrets in force. Empty ones are left out, since everybody would know them."""
    return [secret.strip() for secret in settings.ZENDESK_WEBHOOK_SECRET.split(",") if secret.strip()]


def _is_fresh(timestamp: str) -> bool:
    """Whether it is within the tolerance of now, before or after.

    An old message is a replay, and one from the future could be kept and sent later.
    """
    moment = _moment(timestamp)
    if moment is None:
        return False
    age = abs((datetime.now(UTC) - moment).total_seconds())
    return age <= float(settings.ZENDESK_SIGNATURE_TOLERANCE_SECONDS)


def _moment(timestamp: str) -> datetime | None:
    if _EPOCH.fullmatch(timestamp):
        return datetime.fromtimestamp(int(timestamp), UTC)
    return times.parse(timestamp)
