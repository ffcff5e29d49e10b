"""Lambda's own formats: the events that AWS passes to a handler, and what the handler answers.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and with-ddb.html show the events, and
services-sqs-errorhandling.html the answer that names the failed records.
"""

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict


class MessageAttribute(TypedDict):
    """An attribute that a message's sender set."""

    dataType: NotRequired[str]
    stringValue: NotRequired[str]
    binaryValue: NotRequired[str]  # base64


class SqsRecord(TypedDict):
    """A message of a queue."""

    messageId: str
    body: str
    receiptHandle: NotRequired[str]
    attributes: NotRequired[dict[str, str]]
    messageAttributes: NotRequired[dict[str, MessageAttribute]]
    eventSource: NotRequired[str]
    eventSourceARN: NotRequired[str]


class Change(TypedDict):
    """A change of one item, from a table's change stream. Images are in DynamoDB's wire format."""

    SequenceNumber: str
    Keys: NotRequired[dict[str, Any]]
    NewImage: NotRequired[dict[str, Any]]
    OldImage: NotRequired[dict[str, Any]]
    ApproximateCreationDateTime: NotRequired[Any]


class StreamRecord(TypedDict):
    """A record of a table's change stream. `eventName` is INSERT, MODIFY or REMOVE."""

    eventID: NotRequired[str]
    eventName: str
    dynamodb: Change


class SqsEvent(TypedDict):
    Records: list[SqsRecord]


class StreamEvent(TypedDict):
    Records: list[StreamRecord]


class Failure(TypedDict):
    itemIdentifier: str


class BatchAnswer(TypedDict):
    """The records that must come again, by message id or sequence number."""

    batchItemFailures: list[Failure]


def failed(ids: Iterable[str]) -> BatchAnswer:
    """The answer of a handler that failed on the records with these ids."""
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


def attribute(record: SqsRecord, name: str) -> str | None:
    """The text of a message's attribute, or None if it is missing or empty."""
    value = record.get("messageAttributes", {}).get(name, {}).get("stringValue")
    return value if isinstance(value, str) and value else None
