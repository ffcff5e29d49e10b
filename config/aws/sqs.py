"""SQS: send, receive, forward, delete. Only the reader of a queue knows what its messages mean."""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings

from config.aws.calls import call, call_once
from config.aws.clients import client
from config.aws.events import MessageAttribute, SqsRecord
from config.batched import batched

_POLL_SECONDS = 20  # the longest long poll that SQS allows
_LONGEST_HIDDEN = 43_000  # seconds: SQS allows twelve hours since the message was received


@dataclass(frozen=True)
class Message:
    """A received message. `record` has the form of Lambda's SQS event; `attributes` are all its own, in SQS's form."""

    record: SqsRecord = field(repr=False)
    attributes: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def message_id(self) -> str:
        return self.record["messageId"]

    @property
    def receipt(self) -> str:
        return self.record["receiptHandle"]


@cache
def url(name: str) -> str:
    """Return the queue's URL. Raises aws.NotFound if there is no such queue: run `manage.py provision`."""
    given: str | None = settings.QUEUE_URLS.get(name)
    return given or call(client("sqs").get_queue_url, QueueName=name)["QueueUrl"]


def send(name: str, body: str, attributes: dict[str, str] | None = None, delay_seconds: int = 0) -> str:
    """Send one message and return its id; empty attributes are left out. Nobody receives it before `delay_seconds`.

    Raises aws.AwsError. After aws.Retryable the message may have been sent all the same.
    """
    answer = call(
        client("sqs").send_message,
        QueueUrl=url(name),
        MessageBody=body,
        DelaySeconds=delay_seconds,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items() if value
        },
    )
    return answer["MessageId"]


def forward(name: str, message: Message, more: dict[str, str]) -> str:
    """Send a received message to another queue with all its attributes and those in `more`. Returns the new id.

    The message also stays where it was: delete it there afterwards. Raises aws.AwsError; Permanent means that the queue
    will never take it.
    """
    added = {key: {"DataType": "String", "StringValue": value} for key, value in more.items()}
    answer = call(
        client("sqs").send_message,
        QueueUrl=url(name),
        MessageBody=message.record["body"],
        MessageAttributes=message.attributes | added,
    )
    return answer["MessageId"]


def send_again(name: str, record: SqsRecord, more: dict[str, str]) -> str:
    """Like `forward`, for a message in Lambda's form."""
    given = {key: _attribute(value) for key, value in record.get("messageAttributes", {}).items()}
    return forward(name, Message(record, given), more)


def receive(
    name: str, limit: int, wait_seconds: int = _POLL_SECONDS, hidden_seconds: int | None = None
) -> list[Message]:
    """Receive up to `limit` messages (10 at most), waiting up to `wait_seconds` for the first. Raises aws.AwsError.

    They are hidden from other readers for `hidden_seconds`, by default for as long as the queue says.
    """
    hidden: dict[str, Any] = {} if hidden_seconds is None else {"VisibilityTimeout": hidden_seconds}
    answer = call_once(
        client("sqs", _POLL_SECONDS + 5.0).receive_message,
        QueueUrl=url(name),
        MaxNumberOfMessages=min(limit, 10),
        WaitTimeSeconds=wait_seconds,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
        **hidden,
    )
    return [Message(_record(name, one), _own_attributes(one)) for one in answer.get("Messages", [])]


def delete(name: str, messages: list[Message]) -> None:
    """Delete the messages, ten per call. If one stays, it comes again, which is harmless."""
    for ten in batched(messages, 10):
        entries = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(ten)]
        call(client("sqs").delete_message_batch, QueueUrl=url(name), Entries=entries)  # type: ignore[arg-type]


def hide(name: str, seconds: Mapping[str, float]) -> None:
    """Hide received messages (by receipt) from all readers for so long, 0 to twelve hours. Raises aws.AwsError.

    A message that is not ours any more stays as it is.
    """
    for ten in batched(list(seconds.items()), 10):
        entries = [
            {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": min(math.ceil(one), _LONGEST_HIDDEN)}
            for n, (receipt, one) in enumerate(ten)
        ]
        call(client("sqs").change_message_visibility_batch, QueueUrl=url(name), Entries=entries)  # type: ignore[arg-type]


def count(name: str) -> int:
    """Return roughly how many messages wait in the queue (SQS gives no exact number). Raises aws.AwsError."""
    names: Any = ["ApproximateNumberOfMessages"]
    answer = call(client("sqs").get_queue_attributes, QueueUrl=url(name), AttributeNames=names)
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def arn(name: str) -> str:
    """Return the queue's ARN. Always asks SQS, so an answer shows that the queue is there. Raises aws.AwsError."""
    answer = call_once(client("sqs").get_queue_attributes, QueueUrl=url(name), AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def _own_attributes(message: Any) -> dict[str, Any]:
    """The attributes that the sender set, in the form in which they can be sent again."""
    kept = ("DataType", "StringValue", "BinaryValue")
    given = message.get("MessageAttributes", {})
    return {key: {part: value[part] for part in kept if part in value} for key, value in given.items()}


def _attribute(value: MessageAttribute) -> dict[str, Any]:
    """An attribute in SQS's form, from Lambda's, which has bytes as base64."""
    kind = value.get("dataType", "String")
    if "binaryValue" in value:
        return {"DataType": kind, "BinaryValue": base64.b64decode(value["binaryValue"])}
    return {"DataType": kind, "StringValue": value.get("stringValue", "")}


def _lambda_attribute(value: Any) -> MessageAttribute:
    if "BinaryValue" in value:
        return {"dataType": value["DataType"], "binaryValue": base64.b64encode(value["BinaryValue"]).decode()}
    return {"dataType": value["DataType"], "stringValue": value.get("StringValue", "")}


def _record(name: str, message: Any) -> SqsRecord:
    """The message as Lambda's event source would pass it on."""
    attributes: dict[str, MessageAttribute] = {
        key: _lambda_attribute(value) for key, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{settings.REGION}::{name}",
    }
