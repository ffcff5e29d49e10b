"""Pointers: messages that only say where in S3 their payload is. Foyer writes the first form and reads all.

1. `{"type": "S3_REFERENCE", "bucket", "key", "size"}`.
2. That of AWS's extended clients: `["<class name>", {"s3BucketName", "s3Key"}]`, perhaps with further elements.
3. The object of form 2 alone: with nothing else in it, or in a message with the attribute by which the clients tell.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from ticketing.submissions import large

_CLASSES = {
    "software.amazon.payloadoffloading.PayloadS3Pointer",
    "com.amazon.sqs.javamessaging.MessageS3Pointer",  # before version 2 of the Java client
}
_ATTRIBUTES = {"ExtendedPayloadSize", "SQSLargePayloadSize"}  # today's and the older one
_BARE = {"s3BucketName", "s3Key"}


@dataclass(frozen=True)
class Pointer:
    """Where a payload is. `size` is what the message says of it."""

    bucket: str
    key: str
    size: Any = None

    @property
    def is_allowed(self) -> bool:
        """Whether a message may point there."""
        return self.bucket == settings.LARGE_MESSAGE_BUCKET and large.is_ours(self.key)


def find(value: Any, attributes: Collection[str] = ()) -> Pointer | None:
    """The pointer that a message's JSON is, allowed or not, or None.

    `attributes` are the names of the message's attributes.
    """
    match value:
        case {"type": "S3_REFERENCE", "bucket": str(bucket), "key": str(key)}:
            return Pointer(bucket, key, value.get("size"))
        case [str(name), {"s3BucketName": str(bucket), "s3Key": str(key)}, *_] if name in _CLASSES:
            return Pointer(bucket, key)
        case {"s3BucketName": str(bucket), "s3Key": str(key)} if set(value) == _BARE or _ATTRIBUTES & set(attributes):
            return Pointer(bucket, key)
    return None
