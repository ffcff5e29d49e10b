"""Ids of tickets and comments, and the short reference that people say on the telephone."""

import hashlib
import re
import uuid
from decimal import Decimal

import uuid_utils

from config import json, times

# The namespace of every id that is derived from a key. If it changed, every idempotency key would be forgotten.
_NAMESPACE = uuid.UUID("6f0c1f8e-9d0b-5f3a-8f5e-2b1a7c9d4e10")
_LAST_PLACE = 0xFFF  # the highest one that 12 bits can hold
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISHEARD = str.maketrans("OIL", "011")
_FOUR, _APART = "([0-9A-HJKMNP-TV-Z]{4})", "[-\\s\u2010-\u2015]*"  # other programs' dashes too
_REFERENCE = re.compile(f"(?:F{_APART})?{_FOUR}{_APART}{_FOUR}")


def new_id() -> str:
    """A fresh UUID (version 7). It begins with the clock's milliseconds, however many are made in one of them.

    Ids of one process are in the order in which they were made, and those of several processes in the order of time.
    """
    return str(uuid_utils.uuid7())


def keyed_id(customer_id: str, operation: str, key: str) -> str:
    """The UUID (version 5) of a key. The same customer, operation and key always give the same UUID."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([customer_id, operation, key])))


def timed_id(moment: str, place: int, name: str) -> str:
    """The one UUID that a name stands for. It sorts by the moment (ISO 8601), then by the place (from 0).

    It has the shape of version 7:

    1. The first 48 bits are the moment, in milliseconds since 1970. They are 0 if it is no time, or an earlier one.
    2. After the version, 12 bits hold the place, up to 4,095.
    3. After the variant, 62 bits come from the SHA-256 of the name.
    4. From place 4,095 on, the 12 bits stay full. The first 30 of the 62 bits then hold how far the place is beyond
       4,095.

    Step 4 was added later and leaves the ids of smaller places as they were, so a repeated import duplicates nothing.
    """
    at = times.parse(moment)
    milliseconds = max(0, int(at.timestamp() * 1000)) if at else 0
    random = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 2
    if place >= _LAST_PLACE:
        random = place - _LAST_PLACE << 32 | random >> 30
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | min(place, _LAST_PLACE) << 64 | 2 << 62 | random))


def is_id(text: str) -> bool:
    """Whether a text is a UUID in its usual lower-case form, as all ids made here are."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_timed(text: str) -> bool:
    """Whether a text is a UUID that sorts by its time (version 7), as the ids of comments must."""
    return is_id(text) and uuid.UUID(text).version == 7


def from_number(number: int | Decimal) -> str:
    """The text of a number that is an id: the same however it was written. `7`, `7.0` and `0.7E1` are all `7`."""
    if not number:
        return "0"  # without a sign, or places
    # Exact, while `normalize` would round it to 28 digits.
    digits = str(number) if isinstance(number, int) else f"{number:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def reference(ticket_id: str) -> str:
    """The ticket's reference, e.g. `F-7K3M-9Q2D`: the first 40 bits of the id's SHA-256 in Crockford's base 32."""
    bits = int.from_bytes(hashlib.sha256(ticket_id.encode()).digest()[:5])
    code = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"F-{code[:4]}-{code[4:]}"


def parse_reference(text: str) -> str | None:
    """The reference that somebody typed, in its written form; None if it cannot be one.

    Case, dashes, spaces and a missing `F-` do not matter. O counts as 0, and I and L count as 1 (Crockford's rule).
    """
    match = _REFERENCE.fullmatch(text.strip().upper().translate(_MISHEARD))
    return f"F-{match[1]}-{match[2]}" if match else None
