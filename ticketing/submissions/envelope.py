"""A submission's message: made from a payload in one of three forms, and read in these and in others.

1. Plain JSON.
2. `{"type": "COMPRESSED", "data": <base64 of gzip>}`, perhaps with further fields.
3. A pointer to S3 (pointers.py).

Another service may have put each into a wrapper of its own (wrappers.py). What is compressed or in S3 is the payload
itself: no further form or wrapper is looked for in it.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings

from config import json
from ticketing.submissions import large, pointers, wrappers
from ticketing.submissions.pointers import Pointer

Transport = Literal["inline", "compressed", "s3"]

# The door takes 5 MiB. Written in ASCII (`\u00e9`), that is three times as much at most.
# No gzip may unpack to more either.
MAX_PAYLOAD_BYTES = 3 * 5 * 1024 * 1024
_LEVEL = 6  # at 9, five MiB of Cyrillic take twelve seconds, and are only a tenth smaller

_ALLOW = "LARGE_MESSAGE_PREFIXES says which prefixes are allowed"


class Unreadable(Exception):
    """The message can never become a ticket. The text says why, in plain words."""


@dataclass(frozen=True)
class Opened:
    """The payload of a message. If it has no subject, it has that of its wrapper.

    `pointer` says where in S3 it was, to be deleted once the ticket is stored, and `owner` which submission the door
    stored it for. `sent_as` is what all messages with the same payload have in common: the S3 object, or the id that a
    wrapper gave it, with the payload's own digest.
    """

    payload: dict[str, Any]
    pointer: Pointer | None = None
    sent_as: str | None = None
    owner: str | None = None


def seal(payload: dict[str, Any], attributes: dict[str, str], object_name: str) -> tuple[str, Transport]:
    """A message's body and its form: inline if it fits, else compressed if that fits, else a pointer to S3.

    For a pointer, the payload is written to S3 here, under `object_name`. Sizes are bytes on the wire, attributes
    included. A payload that looks like another form or a wrapper never goes inline: it is the sender's data. Raises
    aws.AwsError if S3 cannot take it.
    """
    room = settings.SQS_MAX_MESSAGE_BYTES - sum(
        len(name.encode()) + len("String") + len(value.encode()) for name, value in attributes.items()
    )
    text = json.dumps(payload)
    is_plain = not (wrappers.is_form(payload) or wrappers.is_wrapped(payload))
    if len(text) <= room and is_plain:  # ASCII: a character is a byte
        return text, "inline"
    data = base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode()
    compressed = json.dumps({"type": "COMPRESSED", "data": data})
    if len(compressed) <= room:
        return compressed, "compressed"
    key = large.store(object_name, text, attributes.get("submission_id"))
    pointer = {"type": "S3_REFERENCE", "bucket": settings.LARGE_MESSAGE_BUCKET, "key": key, "size": len(text)}
    return json.dumps(pointer), "s3"


def unseal(body: str, attributes: Collection[str] = ()) -> Opened:
    """The payload of a message in any form. `attributes` are the names of the message's attributes.

    Raises Unreadable if it can never be read, and large.TooLarge if its S3 object is larger than a payload may be.
    Raises large.Gone if the object is missing, as in a redelivery of what has become a ticket. Raises aws.AwsError if
    S3 cannot be asked now.
    """
    found = wrappers.unwrap(_json(body), attributes)
    value, at = found.value, pointers.find(found.value, found.attributes)
    if at and not at.is_allowed:
        raise Unreadable(f"The message points to an object outside the bucket and prefixes of large messages. {_ALLOW}")
    if at:
        stored = large.read(at.key, MAX_PAYLOAD_BYTES)
        payload = _titled(_json(stored.text), found.subject)
        return Opened(payload, at, f"s3 {at.key} {stored.written}", stored.submission_id)
    if wrappers.is_compressed(value):
        value = _json(_decompress(value["data"]))
    payload = _titled(value, found.subject)
    # Who claims another message's id, with other words, speaks for itself alone.
    return Opened(payload, None, f"{found.sent_as} {json.fingerprint(payload)}" if found.sent_as else None)


def transport(body: str) -> Transport:
    """The form that a message's body has. Nothing is read from S3."""
    try:
        value = _json(body)
    except Unreadable:
        return "inline"
    return "s3" if pointers.find(value) else "compressed" if wrappers.is_compressed(value) else "inline"


def pointer(body: str, attributes: Collection[str] = ()) -> Pointer | None:
    """The allowed pointer in a message; None if it has none. Nothing is read from S3."""
    try:
        found = wrappers.unwrap(_json(body), attributes)
    except Unreadable:
        return None
    at = pointers.find(found.value, found.attributes)
    return at if at and at.is_allowed else None


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


def _titled(value: Any, subject: str | None) -> dict[str, Any]:
    """The payload, with the wrapper's subject if it has none. One of another kind than a text is the sender's data."""
    if not isinstance(value, dict):
        raise Unreadable("The message is JSON, but no JSON object")
    own = value.get("subject")
    has_none = own is None or (isinstance(own, str) and not own.strip())
    return value | {"subject": subject} if subject and has_none else value
