"""Strict readers of what a request carries beside its path: body, idempotency key, limit, cursor."""

import re
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from rest_framework.request import Request

from config import json
from config.web.errors import BadRequest, TooLarge, UnsupportedMediaType

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def read_json(request: Request | HttpRequest, limit: int | None = None) -> Any:
    """Read the body as JSON (numbers exact, see config/json.py), of at most `limit` bytes (default 1 MiB).

    Raises BadRequest (400), TooLarge (413) and UnsupportedMediaType (415).
    """
    return parse_json(read_bytes(request, limit))


def read_object(request: Request | HttpRequest, limit: int | None = None) -> dict[str, Any]:
    """Like `read_json`, but the body must be a JSON object."""
    value = read_json(request, limit)
    if not isinstance(value, dict):
        raise BadRequest("Request body is not valid JSON")
    return value


def read_bytes(request: Request | HttpRequest, limit: int | None = None) -> bytes:
    """Read the body as it came, to check a signature first. Raises TooLarge (413) and UnsupportedMediaType (415)."""
    limit = limit or settings.REQUEST_MAX_BYTES
    media_type = (request.content_type or "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Content-Type must be application/json")
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"Request body is larger than {limit} bytes")
    return body


def parse_json(body: bytes) -> Any:
    """Parse JSON text from outside. Raises BadRequest (400) with the reason."""
    if not body.strip():
        raise BadRequest("Request body is required")
    try:
        return json.loads(body)
    except json.Refused as error:
        raise BadRequest(f"Request body cannot be kept as it is: {error}") from None
    except ValueError:
        raise BadRequest("Request body is not valid JSON") from None


def idempotency_key(request: Request) -> str | None:
    """`Idempotency-Key` without its quotes, or None if none was sent. Raises BadRequest (400) if it is not valid."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not _KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key is not valid")
    return key


def page_limit(request: Request) -> int:
    """`limit` from the query: 1 to 100, 20 if absent. Raises BadRequest (400) for anything else."""
    text = request.query_params.get("limit", "20")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise BadRequest("limit must be a whole number from 1 to 100")
    return int(text)


def seal_cursor(position: Any, *belongs_to: str) -> str | None:
    """Turn a position in a list (any JSON, None at its end) into an opaque, signed cursor.

    The cursor is valid only with the same `belongs_to`, which names the list and the caller.
    """
    if position is None:
        return None
    return signing.dumps(position, salt=_salt(belongs_to), compress=True)


def open_cursor(request: Request, *belongs_to: str) -> Any:
    """The position in the query's `cursor`, None if it has none. Raises BadRequest (400) if it is not this list's."""
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
    try:
        return signing.loads(cursor, salt=_salt(belongs_to))
    except (signing.BadSignature, ValueError):
        raise BadRequest("cursor is not valid") from None


def _salt(belongs_to: tuple[str, ...]) -> str:
    return "cursor:" + json.dumps(list(belongs_to))
