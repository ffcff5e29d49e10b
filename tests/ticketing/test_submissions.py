"""The submission door and its worker: what was accepted becomes one ticket, whatever dies between."""

import uuid
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from django.conf import settings
from rest_framework.test import APIClient

from config import aws, json, queue
from config.consumer import queue_loop
from config.sources import sources
from tests import record
from ticketing import deliveries, service
from ticketing.submissions import large, worker

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]
PATH = "/ticketing/submissions"
QUEUE = "TicketSubmissions"


@pytest.fixture
def client(token_client: Any) -> APIClient:
    made: APIClient = token_client("submit", tier="gold")
    return made


def submit(client: APIClient, payload: Any, key: str | None = None, **headers: str) -> Any:
    headers |= {"Idempotency-Key": key} if key else {}
    return client.post(PATH, json.dumps(payload).encode(), content_type="application/json", headers=headers)


def work() -> int:
    """Work the queue once, as `manage.py consume` does; how many messages went well."""
    [source] = [one for one in sources() if one.name == "submissions"]
    return queue_loop.work_once(source, 0)


def waiting() -> list[dict[str, Any]]:
    """The queue's messages in the form in which a worker gets them; they stay there, in flight."""
    return [one.record for one in queue.receive(QUEUE, 10, 0)]


def status(client: APIClient, submission_id: str) -> Any:
    answer = client.get(f"{PATH}/{submission_id}")
    assert answer.status_code == 200
    return answer.json()


def failed(*records: dict[str, Any]) -> list[str]:
    answer = worker.handler({"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def message(body: str, message_id: str = "m-1", **attributes: str) -> dict[str, Any]:
    """Another program's message."""
    return {
        "messageId": message_id,
        "body": body,
        "messageAttributes": {name: {"stringValue": value} for name, value in attributes.items()},
    }


def theirs(message_id: str = "m-1") -> Any:
    found = deliveries.get(worker.ids.keyed_id("default", "message", message_id))
    assert found
    return found


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of AWS operations that answer with an error as long as they are in the set."""
    refused: set[str] = set()
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(self: Any, operation: str, parameters: Any) -> Any:
        if operation in refused:
            raise ClientError({"Error": {"Code": "InternalError", "Message": "arn:aws:secret"}}, operation)
        return original(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(aws._retry, "sleep", lambda seconds: None)
    return refused


# --- The door ---------------------------------------------------------------------------------------


def test_an_object_is_accepted_and_becomes_a_ticket(client: APIClient) -> None:
    payload = {"caller_id": "lea", "subject": "S", "message": "No lesson", "priority": "high", "tags": ["a"], "n": 1}
    answer = submit(client, payload, **{"X-Request-Id": "r-9"})
    assert answer.status_code == 202
    accepted = answer.json()
    assert set(accepted) == {"submission_id", "ticket_id", "messageId", "transport"}
    assert (accepted["transport"], "Idempotency-Replayed" in answer) == ("inline", False)
    assert status(client, accepted["submission_id"])["status"] == "accepted"
    assert work() == 1
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert (ticket.channel, ticket.tier, ticket.caller_id, ticket.request_id) == ("submission", "gold", "lea", "r-9")
    assert (ticket.subject, ticket.issue_description, ticket.priority, ticket.tags) == ("S", "No lesson", "high", ["a"])
    assert ticket.attributes == {"n": 1}
    assert status(client, accepted["submission_id"]) == {
        "submission_id": accepted["submission_id"],
        "status": "created",
        "ticket_id": accepted["ticket_id"],
    }


def test_known_fields_of_the_wrong_kind_stay_in_attributes(client: APIClient) -> None:
    payload = {
        "caller_id": "customer:rival",
        "subject": 7,
        "type": None,
        "priority": "extreme",
        "tags": "a",
        "issue_description": "",
        "description": ["x"],
        "message": "said",
        "customer_id": "rival",
        "tier": "gold",
        "status": "closed",
    }
    accepted = submit(client, payload).json()
    work()
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert (ticket.caller_id, ticket.issue_description, ticket.status) == ("customer:acme", "said", "open")
    assert ticket.attributes == {name: value for name, value in payload.items() if name != "message"}


def test_a_payload_that_looks_like_a_pointer_is_kept_as_it_is(client: APIClient) -> None:
    aws.client("s3").put_object(Bucket="foyer-large-messages", Key="large-tickets/secret.json", Body=b'{"a": "secret"}')
    pointer = {"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/secret.json", "size": 1}
    accepted = submit(client, pointer).json()
    assert work() == 1
    ticket = service.get_ticket(accepted["ticket_id"], "acme")
    assert ticket.attributes | {"type": ticket.type} == pointer
    assert large.read("large-tickets/secret.json", 100) == b'{"a": "secret"}'


@pytest.mark.parametrize("finished", [False, True])
def test_a_repeat_with_its_key_gets_the_same_answer_and_sends_nothing(client: APIClient, finished: bool) -> None:
    first = submit(client, {"a": 1, "b": 2}, "key")
    if finished:
        work()
    again = submit(client, {"b": 2, "a": 1}, "key")
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert len(waiting()) == (0 if finished else 1)


def test_a_key_used_for_another_body_is_422_and_another_customers_key_is_another(
    client: APIClient, token_client: Any
) -> None:
    first = submit(client, {"a": 1}, "key").json()
    answer = submit(client, {"a": 2}, "key")
    assert (answer.status_code, answer.json()["error"]) == (422, "Idempotency-Key was used with a different request")
    other = submit(token_client("submit", customer="rival"), {"a": 2}, "key")
    assert (other.status_code, other.json()["submission_id"] == first["submission_id"]) == (202, False)


@pytest.mark.parametrize("operation", ["PutItem", "SendMessage", "UpdateItem"])
def test_a_door_that_died_or_was_refused_half_way_finishes_its_work_when_asked_again(
    client: APIClient, refuse: set[str], operation: str
) -> None:
    refuse.add(operation)
    answer = submit(client, {"a": 1}, "key")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "arn" not in answer.content.decode()
    refuse.clear()
    answer = submit(client, {"a": 1}, "key")
    assert answer.status_code == 202
    assert answer.json()["messageId"]
    while work():
        pass
    assert record.ticket_ids() == [answer.json()["ticket_id"]]


def test_an_s3_that_is_away_is_503_and_nothing_is_queued(client: APIClient, refuse: set[str]) -> None:
    from tests.ticketing.test_envelope import NOISE

    refuse.add("PutObject")
    assert submit(client, {"a": NOISE}).status_code == 503
    assert waiting() == []


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b"no", b"\xff"])
def test_what_is_no_object_is_400(client: APIClient, body: bytes) -> None:
    answer = client.post(PATH, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (400, "Request body is not valid JSON")


def test_a_body_of_five_mebibytes_is_taken_and_a_byte_more_is_413(client: APIClient) -> None:
    fits = b'{"a": "' + b"x" * (5 * 1024 * 1024 - 9) + b'"}'
    answer = client.post(PATH, fits, content_type="application/json")
    assert (answer.status_code, answer.json()["transport"]) == (202, "compressed")
    assert client.post(PATH, fits + b" ", content_type="application/json").status_code == 413


def test_a_submission_of_nobody_or_somebody_else_is_404(client: APIClient, token_client: Any) -> None:
    mine = submit(client, {"a": 1}).json()["submission_id"]
    for asking, submission_id in (
        (token_client("submit", customer="rival"), mine),
        (client, str(uuid.uuid4())),
        (client, "x"),
        (client, "x" * 3000),
    ):
        answer = asking.get(f"{PATH}/{submission_id}")
        assert (answer.status_code, answer.json()["error"]) == (404, "Submission not found")


# --- The worker -------------------------------------------------------------------------------------


def test_a_message_delivered_twice_makes_one_ticket_and_stays_created(client: APIClient) -> None:
    accepted = submit(client, {"a": 1}).json()
    [one] = waiting()
    assert failed(one) == failed(one) == []
    assert record.ticket_ids() == [accepted["ticket_id"]]
    assert status(client, accepted["submission_id"])["status"] == "created"


def test_a_worker_that_died_after_the_ticket_finds_it_again(client: APIClient, refuse: set[str]) -> None:
    accepted = submit(client, {"a": 1}).json()
    [one] = waiting()
    refuse.add("UpdateItem")
    assert failed(one) == [one["messageId"]]
    refuse.clear()
    assert failed(one) == []
    assert status(client, accepted["submission_id"])["status"] == "created"
    assert record.ticket_ids() == [accepted["ticket_id"]]


def test_two_submissions_with_one_senders_id_make_one_ticket(client: APIClient, token_client: Any) -> None:
    rival = token_client("submit", customer="rival")
    first, second = submit(client, {"ticket_id": 7, "a": 1}).json(), submit(client, {"ticket_id": "7", "a": 2}).json()
    others = submit(rival, {"ticket_id": 7}).json()
    assert first["ticket_id"] == second["ticket_id"] != others["ticket_id"]
    for one in waiting():
        assert failed(one) == failed(one) == []
    ends = sorted(status(client, one["submission_id"])["status"] for one in (first, second))
    assert ends == ["created", "duplicate"]
    assert len(record.ticket_ids()) == 2


def test_an_s3_object_goes_only_after_the_ticket_is_stored(
    client: APIClient, refuse: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SQS_MAX_MESSAGE_BYTES", 400)
    accepted = submit(client, {"a": [str(uuid.uuid4()) for _ in range(100)]}).json()
    assert accepted["transport"] == "s3"
    [one] = waiting()
    key = json.loads(one["body"])["key"]
    refuse.add("PutItem")
    assert failed(one) == [one["messageId"]]
    assert large.read(key, 10**6)
    refuse.clear()
    assert failed(one) == []
    with pytest.raises(large.Gone):
        large.read(key, 10**6)
    assert failed(one) == []  # delivered once more: by now the ticket exists, and that is success
    assert status(client, accepted["submission_id"])["status"] == "created"


def test_other_programs_messages_are_the_default_customers(client: APIClient) -> None:
    one = message('{"caller_id": "ops", "message": "Disk full", "customer_id": "acme"}', request_id="r-5")
    assert failed(one) == failed(one) == []
    [ticket] = list(service.all_tickets())
    assert (ticket.customer_id, ticket.tier, ticket.caller_id, ticket.request_id) == (
        "default",
        "general",
        "ops",
        "r-5",
    )
    assert (theirs().state, theirs().key, theirs().request_id) == ("created", "m-1", "r-5")


def test_a_message_moved_back_from_the_dead_letter_queue_is_known_by_its_first_id() -> None:
    assert failed(message("{}", "m-1")) == []
    assert failed(message("{}", "m-2", origin_message_id="m-1")) == []
    assert len(record.ticket_ids()) == 1


def test_a_message_cannot_take_over_another_doors_delivery() -> None:
    delivery_id = str(uuid.uuid4())
    deliveries.receive(deliveries.Delivery(delivery_id=delivery_id, door="zendesk", customer_id="acme", key="1"))
    assert failed(message('{"message": "forged"}', submission_id=delivery_id)) == []
    untouched = deliveries.get(delivery_id)
    assert untouched
    assert untouched.state == "received"
    assert [one.customer_id for one in service.all_tickets()] == ["default"]


def test_an_unknown_or_absurd_submission_id_is_another_programs_message() -> None:
    for number, name in enumerate([str(uuid.uuid4()), "x" * 3000, "é"]):
        assert failed(message("{}", f"m-{number}", submission_id=name)) == []
    assert len(record.ticket_ids()) == 3


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("no JSON", "The message is not valid JSON: "),
        ("[1]", "The message is JSON, but no JSON object"),
        ('{"\\ud800": 1, "\\ud800": 2}', 'The message is not valid JSON: the name "\\ud800" is there twice'),
        ('{"type": "COMPRESSED", "data": "%"}', "The message says COMPRESSED, but its data is no base64 of gzip"),
        ('{"type": "S3_REFERENCE", "bucket": "b", "key": "k"}', "The message points to an object outside the bucket"),
        (
            '{"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/\\ud800"}',
            "The message points to an object outside the bucket",
        ),
        (
            '{"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/gone.json"}',
            "The S3 object that the message points to is not there",
        ),
    ],
)
def test_a_message_that_can_never_become_a_ticket_fails_with_a_plain_cause_and_alone(body: str, cause: str) -> None:
    assert failed(message("{}", "good"), message(body, "bad"), message("{}", "also good")) == ["bad"]
    assert (theirs("bad").state, theirs("bad").error.startswith(cause)) == ("failed", True), theirs("bad").error
    assert len(record.ticket_ids()) == 2


def test_a_failed_submission_tells_its_cause_and_may_still_end_well(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SQS_MAX_MESSAGE_BYTES", 400)
    accepted = submit(client, {"a": [str(uuid.uuid4()) for _ in range(100)]}).json()
    [one] = waiting()
    key = json.loads(one["body"])["key"]
    content = large.read(key, 10**6)
    large.delete(key)
    assert failed(one) == [one["messageId"]]
    told = status(client, accepted["submission_id"])
    assert (told["status"], told["error"]) == ("failed", "The S3 object that the message points to is not there")
    aws.client("s3").put_object(Bucket="foyer-large-messages", Key=key, Body=content)
    assert failed(one) == []
    assert status(client, accepted["submission_id"]) == {
        "submission_id": accepted["submission_id"],
        "status": "created",
        "ticket_id": accepted["ticket_id"],
    }


def test_a_table_that_is_away_leaves_the_message_to_come_again(refuse: set[str]) -> None:
    refuse.add("PutItem")
    assert failed(message("{}")) == ["m-1"]
    refuse.clear()
    assert failed(message("{}")) == []
