"""The SNS topic `TicketRouting`: publishes announcements, ten per call, within the limit of bytes."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config import aws
from config.batched import batched_by_size

MAX_ENTRIES = 10
MAX_BYTES = 262_144  # of one message, and of a whole call; emulators accept more, so it is checked here


@dataclass(frozen=True)
class Message:
    """One announcement to publish. `name` is what the caller knows it by."""

    name: str
    body: str
    attributes: dict[str, str]

    @property
    def size(self) -> int:
        """Its bytes as SNS counts them: the body, and the attributes' names, types and values."""
        extra = sum(len(key) + len("String") + len(value) for key, value in self.attributes.items())
        return len(self.body.encode()) + extra


@dataclass(frozen=True)
class Outcome:
    """What was not published, by name, and why: `again` may work later, `never` cannot."""

    again: dict[str, str]
    never: dict[str, str]


def publish(messages: list[Message]) -> Outcome:
    """Publish the messages in order. Raises nothing: the outcome says which were not published, and why."""
    never = {one.name: f"larger than {MAX_BYTES} bytes" for one in messages if one.size > MAX_BYTES}
    again: dict[str, str] = {}
    fitting = (one for one in messages if one.name not in never)
    for batch in batched_by_size(fitting, MAX_ENTRIES, lambda one: one.size, MAX_BYTES):
        try:
            outcome = _publish_batch(batch)
        except aws.AwsError as error:
            # If a call fails as a whole, the cause is not in its messages: the topic is away or set up wrongly.
            again |= {one.name: str(error) for one in batch}
            continue
        again |= outcome.again
        never |= outcome.never
    return Outcome(again, never)


def _arn() -> str:
    given: str = settings.TICKET_TOPIC_ARN
    return given or f"arn:aws:sns:{settings.REGION}:{aws.account_id()}:{settings.TICKET_TOPIC}"


def _publish_batch(batch: list[Message]) -> Outcome:
    answer = aws.call(
        aws.client("sns").publish_batch,
        TopicArn=_arn(),
        PublishBatchRequestEntries=[_entry(str(n), one) for n, one in enumerate(batch)],  # type: ignore[misc]
    )
    again: dict[str, str] = {}
    never: dict[str, str] = {}
    for failure in answer.get("Failed", []):
        # SNS may call throttling the sender's fault, but it passes: try again.
        kind = never if failure["SenderFault"] and "Throttl" not in failure["Code"] else again
        kind[batch[int(failure["Id"])].name] = f"{failure['Code']}: {failure.get('Message', '')}"
    return Outcome(again, never)


def _entry(number: str, message: Message) -> dict[str, Any]:
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in message.attributes.items()}
    return {"Id": number, "Message": message.body, "MessageAttributes": attributes}
