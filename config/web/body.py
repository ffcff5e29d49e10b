"""Strict readers of what a request carries beside its path: body, idempotency key, limit, cursor."""

import re
import zlib
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, UnreadablePostError
from rest_framework.request import Request

from config import json
from config.web.errors import BadRequest, RequestTimeout, TooLarge, UnsupportedMediaType
from config.web.waiting import TooSlow

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's word for "gzip, and nothing else"


def read_json(request: Request | HttpRequest, limit: int | None = None) -> Any:
    """Read the body as JSON (numbers exact, see config/json.py), of at most `limit` bytes (default 1 MiB).

    Raises BadRequest (400), TooLarge (413) and UnsupportedMediaType (415).
    """
    return parse_json(plain(request, read_bytes(request, limit), limit), limit)


def read_object(request: Request | HttpRequest, limit: int | None = None) -> dict[str, Any]:
    """Like `read_json`, but the body must be a JSON object."""
    value = read_json(request, limit)
    if not isinstance(value, dict):
        raise BadRequest("Request body is not valid JSON")
    return value


def read_bytes(request: Request | HttpRequest, limit: int | None = None) -> bytes:
    """Read the body as it came, to check a signature first.

    Raises BadRequest (400) and RequestTimeout (408) if it does not come whole, TooLarge (413) and UnsupportedMediaType
    (415).
    """
    limit = limit or settings.REQUEST_MAX_BYTES
    media_type = (request.content_type or "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Content-Type must be application/json")
    try:
        body: bytes = request.read(limit + 1)
    except UnreadablePostError as error:
        if isinstance(error.__cause__, TooSlow):
            raise RequestTimeout("Request body did not arrive in time: send it again, without pauses") from None
        raise BadRequest("Request body broke off, or its chunks are not valid") from None
    if len(body) > limit:
        raise _too_large(limit)
    return body


def plain(request: Request | HttpRequest, body: bytes, limit: int | None = None) -> bytes:
    """The body as its headers want it read: in UTF-8, and without its `Content-Encoding`, which may be gzip.

    It is unpacked to `limit` bytes and not further.

    Raises BadRequest (400), TooLarge (413) and UnsupportedMediaType (415).
    """
    named = [one.strip() for one in request.headers.get("Content-Encoding", "").split(",")]
    codings = [one for one in named if one.lower() not in ("", "identity")]
    if codings and body:
        if [one.lower() for one in codings] not in (["gzip"], ["x-gzip"]):
            sentence = f"Content-Encoding {', '.join(codings)[:100]} is not taken: send the body in gzip, or as it is"
            raise UnsupportedMediaType(sentence, Accept_Encoding="gzip")
        body = _gunzip(body, limit or settings.REQUEST_MAX_BYTES)
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8") and not body.isascii():  # ASCII is the same in nearly all of them
        raise UnsupportedMediaType(f"Content-Type's charset {charset[:100]} is not taken: send JSON in UTF-8")
    return body


def _gunzip(packed: bytes, limit: int) -> bytes:
    """Python's `gzip` takes several archives behind each other, and seconds for half a million empty ones."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(packed, limit + 1)
    except zlib.error:
        raise _no_gzip() from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacking.eof or unpacking.unused_data:
        raise _no_gzip()
    return plain


def _no_gzip() -> BadRequest:
    return BadRequest("Request body is not valid gzip, which its Content-Encoding says it is")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"Request body is larger than {limit} bytes")


def parse_json(body: bytes, limit: int | None = None) -> Any:
    """Parse JSON text from outside, of a body that may have `limit` bytes. Raises BadRequest (400) with the reason."""
    if not body.strip():
        raise BadRequest("Request body is required")
    try:
        return json.loads(body, max_values=1 + (limit or settings.REQUEST_MAX_BYTES) // json.BYTES_PER_VALUE)
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
