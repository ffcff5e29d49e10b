"""Seals a JSON object's text, so that whoever reads it later knows that Foyer wrote it, and when.

The seal is the object's last field: the time, and the keyed digest (HMAC) of all that stands before it. The key is
derived from DJANGO_SECRET_KEY. A text that somebody wrote anew, even with the same values, has no valid seal.
"""

import hashlib
import hmac
import re
import time
from functools import lru_cache
from typing import Final

from django.conf import settings

HOLDS_SECONDS: Final = 24 * 60 * 60
_SKEW_SECONDS: Final = 5 * 60  # clocks may differ by this
_SEAL: Final = re.compile(r',"seal":"([0-9]{10})\.([0-9a-f]{64})"\}')
_LENGTH: Final = 86


def seal(text: str) -> str:
    """The text of a JSON object that is not empty, with its seal."""
    at = str(int(time.time()))
    return f'{text[:-1]},"seal":"{at}.{_digest(text[:-1], at)}"}}'


def holds(text: str) -> bool:
    """Whether Foyer sealed this very text within the last day. What is older may be of a ticket that is gone since."""
    found = _SEAL.fullmatch(text, max(len(text) - _LENGTH, 0))
    if not found or not hmac.compare_digest(found[2], _digest(text[: found.start()], found[1])):
        return False
    return -_SKEW_SECONDS <= time.time() - int(found[1]) <= HOLDS_SECONDS


def _digest(text: str, at: str) -> str:
    return hmac.digest(_key(settings.SECRET_KEY), f"{at} {text}".encode("utf-8", "surrogatepass"), "sha256").hex()


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    """A key of its own, so that a digest is good for nothing else that the secret signs."""
    return hashlib.sha256(b"foyer.seal\0" + secret.encode()).digest()
