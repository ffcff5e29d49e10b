"""POST /webhooks/zendesk."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from django.test import Client

from config import aws
from tests.ingestion.conftest import INVOCATION, NOTICE, Post, Zendesk, desk_ticket, stored
from ticketing import deliveries
from ticketing.deliveries import raw_tickets

written_down = pytest.mark.usefixtures("aws")


def assert_error(answer: Any, status: int, sentence: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, sentence)
    assert answer.json()["request_id"]


@written_down
def test_is_accepted_once_written_down_and_queued(webhook: Post, queued: list[str]) -> None:
    answer = webhook(NOTICE)
    assert answer.status_code == 202
    delivery_id = answer.json()["delivery_id"]
    assert answer.json() == {"status": "accepted", "delivery_id": delivery_id}
    assert queued == [delivery_id]
    delivery = stored(delivery_id)
    assert (delivery.door, delivery.key, delivery.state) == ("zendesk", "12345", "accepted")
    assert delivery.request_id == answer["X-Request-Id"]


@written_down
@pytest.mark.parametrize("ticket_id", ["12345", "0012345", 12345])
def test_takes_digits_as_text_or_number(webhook: Post, queued: list[str], ticket_id: Any) -> None:
    answer = webhook(NOTICE | {"ticket_id": ticket_id})
    assert answer.status_code == 202
    assert stored(answer.json()["delivery_id"]).key == "12345"


@written_down
@pytest.mark.parametrize("ticket_id", [None, "", "  "])
def test_a_missing_ticket_id(webhook: Post, queued: list[str], ticket_id: Any) -> None:
    assert_error(webhook({"ticket_id": ticket_id, "tag_added": "need_sme"}), 400, "ticket_id is required")
    assert_error(webhook({"tag_added": "need_sme"}), 400, "ticket_id is required")
    assert queued == []


@written_down
@pytest.mark.parametrize(
    "ticket_id", ["12a", "-1", -1, 1.5, 12345.0, True, False, 0, "00", [1], {}, "\uff11\uff12", "1 2", "1\n", "1" * 30]
)
def test_a_ticket_id_that_is_not_digits(webhook: Post, queued: list[str], ticket_id: Any) -> None:
    assert_error(webhook(NOTICE | {"ticket_id": ticket_id}), 400, "ticket_id is not valid")
    assert queued == []


@written_down
@pytest.mark.parametrize(
    "tags",
    [
        "need_sme ",
        " NEED_SME\n",
        "vip need_sme late",
        "vip,Need_Sme",
        ["vip", "need_sme"],
        ["vip need_sme"],
        ["Need_SME"],
    ],
)
def test_the_tag_is_found_however_the_trigger_writes_it(webhook: Post, queued: list[str], tags: Any) -> None:
    answer = webhook({"ticket_id": 12345, "tag_added": tags})
    assert answer.status_code == 202
    assert stored(answer.json()["delivery_id"]).key == "12345"


def event(kind: str = "ticket.tags_changed", **more: Any) -> dict[str, Any]:
    """What an event subscription sends."""
    said = {"detail": {"id": "12345", "tags": ["need_sme"]}, "event": {"tags_added": ["need_sme"], "tags_removed": []}}
    return {"type": f"zen:event-type:{kind}", "account_id": 1, "id": "e-1", "subject": "zen:ticket:12345"} | said | more


@written_down
@pytest.mark.parametrize("zendesk_id", ["12345", 12345])
def test_an_event_subscription_is_understood(webhook: Post, queued: list[str], zendesk_id: Any) -> None:
    answer = webhook(event(detail={"id": zendesk_id}))
    assert answer.status_code == 202
    assert stored(answer.json()["delivery_id"]).key == "12345"


@pytest.mark.parametrize(
    "body",
    [
        event(event={"tags_added": ["vip"], "tags_removed": ["need_sme"]}),
        event(event={"tags_added": []}),
        event(event=None),
        event("ticket.created"),
        event("user.tags_changed"),
    ],
)
def test_another_event_is_ignored(webhook: Post, queued: list[str], body: Any) -> None:
    answer = webhook(body)
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
    assert queued == []


@written_down
def test_an_event_without_a_ticket(webhook: Post, queued: list[str]) -> None:
    assert_error(webhook(event(detail={})), 400, "ticket_id is required")
    assert_error(webhook(event(detail=["12345"])), 400, "ticket_id is required")
    assert_error(webhook(event(detail={"id": "12a"})), 400, "ticket_id is not valid")
    assert_error(webhook(event(type="ticket.tags_changed")), 400, "ticket_id is required")


@pytest.mark.parametrize(
    "tag",
    [
        {"tag_added": "vip"},
        {"tag_added": "need_sme_2 xneed_sme"},
        {"tag_added": None},
        {"tag_added": [["need_sme"], 5]},
        {"tag_added": {"need_sme": 1}},
        {},
    ],
)
def test_another_tag_is_ignored(webhook: Post, queued: list[str], tag: dict[str, Any]) -> None:
    answer = webhook({"ticket_id": 12345} | tag)
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
    assert queued == []


def test_the_signature_comes_first(webhook: Post, client: Client, queued: list[str]) -> None:
    for body in (NOTICE, {}, b"", b"{"):
        assert_error(webhook(body, secret="wrong"), 401, "Invalid signature")
        assert_error(webhook(body, timestamp="1609459200"), 401, "Invalid signature")
    answer = client.post("/webhooks/zendesk", json.dumps(NOTICE), content_type="application/json")
    assert_error(answer, 401, "Invalid signature")
    assert queued == []


@written_down
def test_bodies_that_are_none(webhook: Post, client: Client) -> None:
    assert_error(webhook(b""), 400, "Request body is required")
    for body in (b"{", b"[]", b'"text"', b'{"ticket_id": NaN}', b"\xff", b'{"a": "he said "hi""}'):
        assert_error(webhook(body), 400, "Request body is not valid JSON")
    assert webhook(b" " * (1024 * 1024 + 1)).status_code == 413
    assert client.post("/webhooks/zendesk", "a=1", content_type="text/plain").status_code == 415
    assert client.get("/webhooks/zendesk").status_code == 405


@written_down
def test_one_invocation_is_one_delivery(webhook: Post, queued: list[str]) -> None:
    first, again = webhook(NOTICE, **INVOCATION), webhook(NOTICE, **INVOCATION)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(queued) == 1


@written_down
@pytest.mark.parametrize("end", ["created", "failed"])
def test_an_invocation_that_has_ended_is_not_queued_again(webhook: Post, queued: list[str], end: Any) -> None:
    delivery_id = webhook(NOTICE, **INVOCATION).json()["delivery_id"]
    deliveries.finish(delivery_id, end)
    assert webhook(NOTICE, **INVOCATION).json() == {"status": "accepted", "delivery_id": delivery_id}
    assert len(queued) == 1
    assert stored(delivery_id).state == end


@written_down
def test_other_invocations_and_tickets_are_other_deliveries(webhook: Post, queued: list[str]) -> None:
    webhook(NOTICE, **INVOCATION)
    webhook(NOTICE | {"ticket_id": 777}, **INVOCATION)
    webhook(NOTICE, **{"X-Zendesk-Webhook-Invocation-Id": "01H0001"})
    webhook(NOTICE)
    webhook(NOTICE)
    assert len(set(queued)) == 5


OUTAGES = [
    (ConnectTimeoutError(endpoint_url="http://sqs"), 3),
    (EndpointConnectionError(endpoint_url="http://sqs"), 3),
    (ClientError({"Error": {"Code": "QueueDoesNotExist"}}, "SendMessage"), 1),
]


@pytest.fixture
def broker(own_clients: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception, int], list[str]]:
    """`broker(error, 2)`: SQS fails so at the next two messages; the deliveries whose jobs it takes."""

    def fails(error: Exception, times: int) -> list[str]:
        errors, taken = iter([error] * times), list[str]()

        def send(params: dict[str, Any], **_: Any) -> None:
            for one in errors:
                raise one
            message = json.loads(base64.b64decode(params["MessageBody"]))
            taken.extend(json.loads(base64.b64decode(message["body"]))[0])

        aws.client("sqs").meta.events.register("provide-client-params.sqs.SendMessage", send)
        monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
        return taken

    return fails


@written_down
@pytest.mark.parametrize(("outage", "tries"), OUTAGES, ids=lambda one: type(one).__name__)
def test_a_queue_that_is_away_is_503_and_the_repeat_is_queued(
    webhook: Post, broker: Callable[[Exception, int], list[str]], outage: Exception, tries: int
) -> None:
    queued = broker(outage, tries)
    refused = webhook(NOTICE, **INVOCATION)
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    answer = webhook(NOTICE, **INVOCATION)
    assert answer.status_code == 202
    assert queued == [answer.json()["delivery_id"]]
    assert stored(queued[0]).state == "accepted"


@written_down
def test_a_queue_that_does_not_answer_once_is_asked_again(
    webhook: Post, broker: Callable[[Exception, int], list[str]]
) -> None:
    queued = broker(ReadTimeoutError(endpoint_url="http://sqs"), 2)
    answer = webhook(NOTICE)
    assert (answer.status_code, queued) == (202, [answer.json()["delivery_id"]])


@written_down
def test_a_deliveries_table_that_is_away_is_503(webhook: Post, queued: list[str], settings: Any) -> None:
    settings.DELIVERIES_TABLE = "not-there"
    answer = webhook(NOTICE)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert queued == []


@written_down
def test_the_job_really_reaches_its_queue(webhook: Post) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="FoyerJobs")["QueueUrl"]
    delivery_id = webhook(NOTICE).json()["delivery_id"]
    assert delivery_id
    assert len(sqs.receive_message(QueueUrl=url).get("Messages", [])) == 1


@written_down
def test_eager_the_whole_pipeline_runs_in_the_request(
    webhook: Post, settings: Any, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    answer = webhook(NOTICE)
    assert answer.status_code == 202
    assert stored(answer.json()["delivery_id"]).state == "created"
    assert desk_ticket().ticket.subject == "No lesson"
    assert len(embedded) == 1


@written_down
def test_eager_a_storage_failure_is_a_500(
    webhook: Post, settings: Any, zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True

    def fail(*_: Any) -> None:
        raise aws.Retryable("SlowDown", "an inside of ours")

    monkeypatch.setattr(raw_tickets, "store", fail)
    answer = webhook(NOTICE, **INVOCATION)
    assert_error(answer, 500, "Internal server error")
    assert b"inside" not in answer.content
    again = webhook(NOTICE, **INVOCATION)
    assert stored(again.json()["delivery_id"]).state == "failed"


@written_down
def test_eager_what_can_never_work_is_accepted_and_failed(webhook: Post, settings: Any, http: Any) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    http.get("https://zendesk.test/api/v2/tickets/12345.json", status=404)
    answer = webhook(NOTICE)
    assert answer.status_code == 202
    assert stored(answer.json()["delivery_id"]).state == "failed"


@written_down
def test_a_compressed_webhooks_signature_is_of_the_bytes_as_they_came(webhook: Post, queued: list[str]) -> None:
    notice = json.dumps(NOTICE).encode()
    packed, packing = gzip.compress(notice), {"Content-Encoding": "gzip"}
    assert webhook(packed, **packing).status_code == 202
    assert_error(webhook(packed, **packing, secret="wrong"), 401, "Invalid signature")
    assert_error(webhook(b"\x1f", **packing, secret="wrong"), 401, "Invalid signature")
    assert webhook(b"\x1f", **packing).status_code == 400
    assert webhook(gzip.compress(b" " * 2_000_000), **packing).status_code == 413
    assert webhook(notice, **{"Content-Encoding": "br"}).status_code == 415
    assert len(queued) == 1
