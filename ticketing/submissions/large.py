"""Payloads too large for a message, as S3 objects: Foyer's under `large-tickets/`, others' where a setting allows."""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from config import aws
from ticketing.tickets import ids

PREFIX = "large-tickets/"
_OWNER = "submission-id"  # the object's metadata of this name says whose it is
_KEY_BYTES = 1024  # S3's limit
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # no S3 key has one, since keys are UTF-8


class Gone(Exception):
    """The object is missing: it was deleted when its ticket was stored, or it never existed."""


class TooLarge(Exception):
    """The object is larger than a payload may be."""


@dataclass(frozen=True)
class Stored:
    """An object. `written` differs if a program has written the key anew, even with the same text.

    `submission_id` is the submission that the door stored it for, None for another program's object.
    """

    text: bytes = field(repr=False)
    written: str
    submission_id: str | None = None


def store(name: str, text: str, submission_id: str | None = None) -> str:
    """Store the payload under `large-tickets/<name>.json`, or nearly so, as that submission's. Returns the key.

    An existing object is never overwritten. The name is the request's id, which a sender may have used before. If it is
    taken, a fresh id is added to it. Raises aws.AwsError.
    """
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    key = f"{PREFIX}{safe}.json"
    try:
        _put(key, text, submission_id)
    except aws.Conflict:
        key = f"{PREFIX}{safe}-{ids.new_id()}.json"
        _put(key, text, submission_id)
    return key


def read(key: str, limit: int) -> Stored:
    """The payload's JSON text. Raises Gone, TooLarge if it has more than `limit` bytes, and aws.AwsError."""
    try:
        return aws.call(_content, key, limit)  # one call for both: reading the body may break off too
    except aws.NotFound:
        raise Gone(key) from None


def delete(key: str) -> None:
    """Delete the object. One that is gone already is fine. Raises aws.AwsError."""
    aws.call(aws.client("s3").delete_object, Bucket=settings.LARGE_MESSAGE_BUCKET, Key=key)


def owner(head: Mapping[str, Any]) -> str | None:
    """The submission that an object was stored for, by S3's answer to a HEAD of it."""
    said: str | None = head.get("Metadata", {}).get(_OWNER)
    return said


def is_ours(key: str) -> bool:
    """Whether a message may point to this key. Foyer's own prefix is always allowed."""
    if len(key.encode("utf-8", "surrogatepass")) > _KEY_BYTES or _LONE_SURROGATE.search(key):
        return False
    return any(_is_under(prefix, key) for prefix in (PREFIX, *settings.LARGE_MESSAGE_PREFIXES))


def _is_under(prefix: str, key: str) -> bool:
    """An empty prefix stands for the root: a name without a folder, as the extended clients give by default."""
    if not prefix:
        return bool(key) and "/" not in key
    return key.startswith(prefix) and key != prefix


def _content(key: str, limit: int) -> Stored:
    answer = aws.client("s3").get_object(Bucket=settings.LARGE_MESSAGE_BUCKET, Key=key)
    with closing(answer["Body"]) as body:
        if answer["ContentLength"] > limit:
            raise TooLarge(key)
        written = f"{answer['LastModified'].isoformat()} {answer['ETag']}"
        return Stored(body.read(), written, answer.get("Metadata", {}).get(_OWNER))


def _put(key: str, text: str, submission_id: str | None) -> None:
    aws.call(
        aws.client("s3").put_object,
        Bucket=settings.LARGE_MESSAGE_BUCKET,
        Key=key,
        Body=text.encode(),
        ContentType="application/json",
        Metadata={_OWNER: submission_id} if submission_id else {},
        IfNoneMatch="*",
    )
