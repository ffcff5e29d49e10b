"""Submitting, and working what was submitted, as `manage.py consume` does."""

from typing import Any

from rest_framework.test import APIClient

from config import json
from config.aws import sqs
from config.aws.events import SqsRecord, attribute
from config.consumer import queue_loop
from config.consumer.sources import sources
from ticketing import deliveries
from ticketing.submissions import worker
from ticketing.tickets import ids

PATH = "/ticketing/submissions"
QUEUE = "TicketSubmissions"


def submit(client: APIClient, payload: Any, key: str | None = None, **headers: str) -> Any:
    headers |= {"Idempotency-Key": key} if key else {}
    return client.post(PATH, json.dumps(payload).encode(), content_type="application/json", headers=headers)


def work() -> int:
    """Work the queue once, as `manage.py consume` does; how many messages went well."""
    [source] = [one for one in sources() if one.name == "submissions"]
    return queue_loop.work_once(source, 0)


def waiting() -> list[SqsRecord]:
    """The queue's messages in the form in which a worker gets them; they stay there, in flight."""
    return [one.record for one in sqs.receive(QUEUE, 10, 0)]


def status(client: APIClient, submission_id: str) -> Any:
    answer = client.get(f"{PATH}/{submission_id}")
    assert answer.status_code == 200
    return answer.json()


def failed(*records: SqsRecord) -> list[str]:
    answer = worker.handler({"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def dead_letters() -> dict[str, str | None]:
    """The bodies of the queue's dead letters, each with its cause. They stay there, in flight."""
    return {one.record["body"]: attribute(one.record, "cause") for one in sqs.receive(QUEUE + "DLQ", 10, 0)}


def message(body: str, message_id: str = "m-1", **attributes: str) -> SqsRecord:
    """Another program's message."""
    return {
        "messageId": message_id,
        "body": body,
        "messageAttributes": {name: {"stringValue": value} for name, value in attributes.items()},
    }


def published(text: str, message_id: str | None = "sns-1", **more: Any) -> str:
    """A message's body as SNS makes it, where the subscription has no raw delivery."""
    topic = "arn:aws:sns:us-east-1:000000000000:tickets"
    envelope = {"Type": "Notification", "TopicArn": topic, "Message": text, "Timestamp": "2026-02-09T10:11:12.345Z"}
    return json.dumps(envelope | ({"MessageId": message_id} if message_id else {}) | more)


def event(detail: Any, event_id: str = "e-1", **more: Any) -> dict[str, Any]:
    """An EventBridge event."""
    return {"version": "0", "id": event_id, "detail-type": "Ticket", "source": "crm", "detail": detail} | more


def theirs(message_id: str = "m-1") -> Any:
    found = deliveries.get(ids.keyed_id("default", "message", message_id))
    assert found
    return found
