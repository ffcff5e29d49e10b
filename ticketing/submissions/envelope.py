"""A submission's message: made from a payload in one of three forms, and read in these or a fourth.

1. Plain JSON.
2. `{"type": "COMPRESSED", "data": <base64 of gzip>}`.
3. `{"type": "S3_REFERENCE", "bucket", "key", "size"}`.
4. That of AWS's extended client, `["…PayloadS3Pointer", {"s3BucketName", "s3Key"}]`, which is only read.
"""

import base64
import binascii
import gzip
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings

from config import json
from ticketing.submissions import large

Transport = Literal["inline", "compressed", "s3"]

# The door takes 5 MiB. Written in ASCII (`\u00e9`), that is three times as much at most.
# No gzip may unpack to more either.
MAX_PAYLOAD_BYTES = 3 * 5 * 1024 * 1024
_LEVEL = 6  # at 9, five MiB of Cyrillic take twelve seconds, and are only a tenth smaller
_EXTENDED_CLIENT = "software.amazon.payloadoffloading.PayloadS3Pointer"


class Unreadable(Exception):
    """The message can never become a ticket. The text says why, in plain words."""


@dataclass(frozen=True)
class Opened:
    """The payload of a message. `stored_at` is its S3 key, to be deleted once the ticket is stored."""

    payload: dict[str, Any]
    stored_at: str | None


def seal(payload: dict[str, Any], attributes: dict[str, str], object_name: str) -> tuple[str, Transport]:
    """A message's body and its form: inline if it fits, else compressed if that fits, else a pointer to S3.

    For a pointer, the payload is written to S3 here, under `object_name`. Sizes are bytes on the wire, attributes
    included. A payload that looks like one of the other forms never goes inline: it is the sender's data, not Foyer's
    pointer. Raises aws.AwsError if S3 cannot take it.
    """
    room = settings.SQS_MAX_MESSAGE_BYTES - sum(
        len(name.encode()) + len("String") + len(value.encode()) for name, value in attributes.items()
    )
    text = json.dumps(payload)
    if len(text) <= room and not (_pointer(payload) or _is_compressed(payload)):  # ASCII: a character is a byte
        return text, "inline"
    data = base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode()
    compressed = json.dumps({"type": "COMPRESSED", "data": data})
    if len(compressed) <= room:
        return compressed, "compressed"
    key = large.store(object_name, text)
    pointer = {"type": "S3_REFERENCE", "bucket": settings.LARGE_MESSAGE_BUCKET, "key": key, "size": len(text)}
    return json.dumps(pointer), "s3"


def unseal(body: str) -> Opened:
    """The payload of a message in any of the four forms.

    Raises Unreadable if it can never be read, and large.TooLarge if its S3 object is larger than a payload may be.
    Raises large.Gone if the object is missing, as in a redelivery of what has become a ticket. Raises aws.AwsError if
    S3 cannot be asked now.
    """
    value = _json(body)
    pointer = _pointer(value)
    if pointer:
        bucket, key = pointer
        if bucket != settings.LARGE_MESSAGE_BUCKET or not large.is_ours(key):
            raise Unreadable("The message points to an object outside the bucket and prefix of large messages")
        return Opened(_object(_json(large.read(key, MAX_PAYLOAD_BYTES))), key)
    if _is_compressed(value):
        value = _json(_decompress(value["data"]))
    return Opened(_object(value), None)


def transport(body: str) -> Transport:
    """The form that a message's body has. Nothing is read from S3."""
    try:
        value = _json(body)
    except Unreadable:
        return "inline"
    return "s3" if _pointer(value) else "compressed" if _is_compressed(value) else "inline"


def stored_at(body: str) -> str | None:
    """The S3 key that a message points to; None if it points to none of ours. Nothing is read from S3."""
    try:
        pointer = _pointer(_json(body))
    except Unreadable:
        return None
    allowed = pointer and pointer[0] == settings.LARGE_MESSAGE_BUCKET and large.is_ours(pointer[1])
    return pointer[1] if pointer and allowed else None


def _pointer(value: Any) -> tuple[str, str] | None:
    match value:
        case {"type": "S3_REFERENCE", "bucket": str(bucket), "key": str(key)}:
            return bucket, key
        case [name, {"s3BucketName": str(bucket), "s3Key": str(key)}] if name == _EXTENDED_CLIENT:
            return bucket, key
    return None


def _is_compressed(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "COMPRESSED" and set(value) == {"type", "data"}


def _decompress(data: Any) -> bytes:
    """Unpack no more than a payload may have, so that a small bomb stays small."""
    try:
        packed = base64.b64decode(data, validate=True)
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip
        text = unpacker.decompress(packed, MAX_PAYLOAD_BYTES + 1)
    except (TypeError, ValueError, binascii.Error, zlib.error):
        raise Unreadable("The message says COMPRESSED, but its data is no base64 of gzip") from None
    if len(text) > MAX_PAYLOAD_BYTES:
        raise Unreadable(f"The message unpacks to more than {MAX_PAYLOAD_BYTES} bytes")
    if not unpacker.eof:
        raise Unreadable("The message's compressed data is cut off")
    return text


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreadable(f"The message is not valid JSON: {error}") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("The message is JSON, but no JSON object")
    return value
