"""Ids of tickets and comments, and the reference that people say on the telephone."""

import hashlib
import re
import uuid

import uuid6

from config import json, times

# The namespace of every id that is derived from a key. Changing it would forget every idempotency key.
_NAMESPACE = uuid.UUID("6f0c1f8e-9d0b-5f3a-8f5e-2b1a7c9d4e10")
_LAST_PLACE = 0xFFF
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISHEARD = str.maketrans("OIL", "011")
_FOUR, _APART = "([0-9A-HJKMNP-TV-Z]{4})", "[-\\s\u2010-\u2015]*"  # dashes as other programs set them, too
_REFERENCE = re.compile(f"(?:F{_APART})?{_FOUR}{_APART}{_FOUR}")


def new_id() -> str:
    """A fresh, time-ordered UUID (version 7)."""
    return str(uuid6.uuid7())


def keyed_id(customer_id: str, operation: str, key: str) -> str:
    """The one UUID that a key stands for: the same customer, operation and key always give the same."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([customer_id, operation, key])))


def timed_id(moment: str, place: int, name: str) -> str:
    """The one UUID that a name stands for, in the order of the moment (ISO 8601), then of the place (from 0).

    It has the shape of version 7. Of what is random there, the first twelve bits are the place, and thirty more beyond
    the last place that those can say; the rest comes from the name.
    """
    at = times.parse(moment)
    milliseconds = max(0, int(at.timestamp() * 1000)) if at else 0
    random = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 2
    if place >= _LAST_PLACE:
        random = place - _LAST_PLACE << 32 | random >> 30
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | min(place, _LAST_PLACE) << 64 | 2 << 62 | random))


def is_id(text: str) -> bool:
    """Whether a text is a UUID in its usual form, as all ids made here are."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_timed(text: str) -> bool:
    """Whether a text is a UUID that sorts by its time (version 7), as the ids of comments have to."""
    return is_id(text) and uuid.UUID(text).version == 7


def reference(ticket_id: str) -> str:
    """The ticket's reference, e.g. `F-7K3M-9Q2D`: forty bits of the id's SHA-256 in Crockford's base 32."""
    bits = int.from_bytes(hashlib.sha256(ticket_id.encode()).digest()[:5])
    code = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"F-{code[:4]}-{code[4:]}"


def parse_reference(text: str) -> str | None:
    """What somebody typed as a reference, in its written form; None if it cannot be one.

    Case, dashes, spaces and a missing `F-` do not matter, nor O for 0, I and L for 1 (Crockford's rule).
    """
    match = _REFERENCE.fullmatch(text.strip().upper().translate(_MISHEARD))
    return f"F-{match[1]}-{match[2]}" if match else None
