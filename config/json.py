"""JSON exactly as sent: numbers keep every digit, NaN is refused, depth and text cannot break the server."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import simplejson
from rest_framework.renderers import BaseRenderer

# Deeper than anything people send, and far from what Python's own stack bears.
MAX_DEPTH = 200


def loads(text: str | bytes) -> Any:
    """JSON text as Python values; a number with a point or an exponent becomes a Decimal.

    Raises ValueError for what is no JSON (NaN and Infinity are none, nor is what is no UTF-8) and for what
    is nested deeper than MAX_DEPTH.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")  # UnicodeDecodeError is a ValueError
    try:
        value = simplejson.loads(text, parse_float=_decimal)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _deeper_than(value, MAX_DEPTH):
        raise ValueError("nested too deeply")
    return value


def dumps(value: Any) -> str:
    """Python values as compact ASCII JSON, the twin of `loads`."""
    return simplejson.dumps(value, use_decimal=True, separators=(",", ":"))


def fingerprint(value: Any) -> str:
    """SHA-256 of the value as canonical JSON: the same for the same JSON, whatever its spacing or order."""
    canonical = simplejson.dumps(value, use_decimal=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > 100_000:
        raise ValueError("a number is out of range")
    return number


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested deeper than that; level by level, so that it cannot overflow itself."""
    level = [value]
    for _ in range(depth):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return any(True for one in level for _ in _children(one))


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    return []


class ExactJSONRenderer(BaseRenderer):
    """Writes an answer with every digit of its numbers."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8; no parameter is defined for it

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else dumps(data).encode()
