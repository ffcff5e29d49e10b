"""AWS's own formats: the events that Lambda passes to a handler, what the handler answers, and SNS's envelope.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and with-ddb.html show the events, and
services-sqs-errorhandling.html the answer that names the failed records.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html shows the envelope.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Notification:
    """What was published to a topic: its text, and what SNS says of it. `attributes` has the names of attributes."""

    text: str
    message_id: str | None
    subject: str | None
    attributes: frozenset[str]


def notification(value: Any) -> Notification | None:
    """The notification in a message's JSON, if SNS put its envelope around it; None for anything else.

    SNS does so unless the subscription has raw delivery.
    """
    if not isinstance(value, dict) or value.get("Type") != "Notification" or not isinstance(value.get("Message"), str):
        return None
    names = value.get("MessageAttributes")
    return Notification(
        text=value["Message"],
        message_id=_text(value.get("MessageId")),
        subject=_text(value.get("Subject")),
        attributes=frozenset(names) if isinstance(names, dict) else frozenset(),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
