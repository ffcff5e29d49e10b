"""POST /ingest: one event."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from config import aws, times
from ingestion.events import stream
from ingestion.events.types import EVENT_TYPES

reaches_the_stream = pytest.mark.usefixtures("aws")

EVENT = {
    "event_type": "session_started",
    "payload": {"session_id": "sess_123", "student_id": "stu_456", "tutor_id": "tut_789"},
}
TYPES = "session_started, session_completed, ib_call_logged, tutor_availability_updated, customer_health_update, "
TYPES += "supply_demand_update"


@pytest.fixture
def api(token_client: Callable[..., APIClient]) -> APIClient:
    return token_client("events")


def send(api: APIClient, body: Any, path: str = "/ingest") -> Any:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return api.post(path, raw, content_type="application/json")


def assert_refused(answer: Any, sentence: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, sentence)


def records() -> list[dict[str, Any]]:
    """Everything in the stream, shard by shard, as Kinesis gives it."""
    kinesis, name = aws.client("kinesis"), "iops-dashboard-events"
    found: list[Any] = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += kinesis.get_records(ShardIterator=iterator)["Records"]
    return found


@reaches_the_stream
def test_is_accepted_when_the_stream_has_it(api: APIClient) -> None:
    answer = send(api, EVENT)
    [record] = records()
    assert answer.status_code == 202
    assert answer.json() == {
        "message": "Event accepted",
        "eventType": "session_started",
        "sequenceNumber": record["SequenceNumber"],
        "shardId": answer.json()["shardId"],
    }
    assert answer.json()["shardId"].startswith("shardId-")
    assert record["PartitionKey"] == "session_started"
    stored = json.loads(record["Data"])
    assert EVENT.items() <= stored.items()
    assert set(stored) - set(EVENT) == {"timestamp", "ingested_at"}
    assert times.parse(stored["ingested_at"]) == times.parse(stored["timestamp"])


@reaches_the_stream
def test_is_stored_as_sent(api: APIClient) -> None:
    body = (
        '{"event_type": "ib_call_logged", "event_id": "e-1", "timestamp": "2026-02-09T11:11:12+01:00", '
        '"ingested_at": "never", "payload": {"minutes": 12.50, "id": 12345678901234567890123, '
        '"text": "\\u0000\\ud83d é"}}'
    )
    assert send(api, body).status_code == 202
    [record] = records()
    assert b'"minutes":12.50,"id":12345678901234567890123' in record["Data"]
    stored, sent = json.loads(record["Data"]), json.loads(body)
    assert stored | {"ingested_at": "never"} == sent
    assert stored["ingested_at"] != "never"


@reaches_the_stream
def test_every_type_may_have_an_empty_payload(api: APIClient) -> None:
    for event_type in EVENT_TYPES:
        assert send(api, {"event_type": event_type, "payload": {}}).status_code == 202
    assert len(records()) == 6


@pytest.mark.parametrize("event_type", [None, "", " ", 5, [], {}])
def test_event_type_is_required(api: APIClient, event_type: Any) -> None:
    assert_refused(send(api, EVENT | {"event_type": event_type}), "event_type is required")
    assert_refused(send(api, {"payload": {}}), "event_type is required")


@pytest.mark.parametrize("event_type", ["invalid_event", "Session_Started", "session_started "])
def test_event_type_is_one_of_six(api: APIClient, event_type: str) -> None:
    answer = send(api, EVENT | {"event_type": event_type})
    assert_refused(answer, f"Invalid event_type. Must be one of: {TYPES}")


def test_payload_is_required(api: APIClient) -> None:
    assert_refused(send(api, {"event_type": "ib_call_logged"}), "payload is required")
    assert_refused(send(api, {"event_type": "ib_call_logged", "payload": None}), "payload is required")


@pytest.mark.parametrize("payload", ["", "text", 0, False, [], [{}]])
def test_payload_is_an_object(api: APIClient, payload: Any) -> None:
    answer = send(api, {"event_type": "ib_call_logged", "payload": payload})
    assert_refused(answer, "payload must be a JSON object")


@pytest.mark.parametrize(("value", "shown"), [(5, "5"), (1.50, "1.5"), (None, "null"), ({"a": "b"}, '{"a":"b"}')])
def test_a_payload_keeps_its_types_schema(api: APIClient, value: Any, shown: str) -> None:
    answer = send(api, {"event_type": "session_started", "payload": {"tutor_id": value, "more": 1}})
    assert_refused(answer, f"payload.tutor_id: {shown} is not of type 'string'")


@pytest.mark.parametrize("timestamp", [5, True, [], {}, "yesterday", "2026-13-01T00:00:00Z", "1609459200.5", "\ud800"])
def test_a_timestamp_is_iso_8601(api: APIClient, timestamp: Any) -> None:
    answer = send(api, EVENT | {"timestamp": timestamp})
    assert_refused(answer, "timestamp must be a time in ISO 8601, e.g. 2026-02-09T10:11:12Z")


@reaches_the_stream
@pytest.mark.parametrize("timestamp", [None, ""])
def test_no_timestamp_is_the_time_of_arrival(api: APIClient, timestamp: Any) -> None:
    assert send(api, EVENT | {"timestamp": timestamp}).status_code == 202
    stored = json.loads(records()[0]["Data"])
    assert stored["timestamp"] == stored["ingested_at"]


@reaches_the_stream
@pytest.mark.parametrize("key", ["k", "é" * 256, "\U0001f600" * 256])
def test_goes_by_its_own_partition_key(api: APIClient, key: str) -> None:
    assert send(api, EVENT | {"partition_key": key}).status_code == 202
    [record] = records()
    assert record["PartitionKey"] == key
    assert json.loads(record["Data"])["partition_key"] == key


@pytest.mark.parametrize("key", ["", "k" * 257, 5, [], {}, False, "\ud800"])
def test_a_partition_key_that_cannot_be_one(api: APIClient, key: Any) -> None:
    answer = send(api, EVENT | {"partition_key": key})
    assert_refused(answer, "partition_key must be a text of 1 to 256 characters")


def test_bodies_that_are_none(api: APIClient) -> None:
    assert_refused(send(api, ""), "Request body is required")
    for body in ("{", "[]", '"text"', "5", '{"event_type": NaN}'):
        assert_refused(send(api, body), "Request body is not valid JSON")
    assert send(api, " " * (1024 * 1024 + 1)).status_code == 413
    assert api.post("/ingest", "a", content_type="text/plain").status_code == 415
    assert api.get("/ingest").status_code == 405


def test_needs_a_token_with_the_scope(token_client: Callable[..., APIClient]) -> None:
    for path in ("/ingest", "/ingest/batch"):
        assert send(APIClient(), EVENT, path).status_code == 401
        assert send(token_client("itsm", "submit", "route"), EVENT, path).status_code == 403


def test_an_event_that_is_no_record_is_refused(api: APIClient) -> None:
    # It fits the request, but not the record, where é takes six bytes.
    answer = send(api, json.dumps(EVENT | {"payload": {"text": "é" * 400_000}}, ensure_ascii=False).encode())
    assert_refused(answer, "The event is larger than 1048576 bytes", 413)


def test_the_limit_counts_what_kinesis_counts() -> None:
    def event(characters: int) -> dict[str, Any]:
        return EVENT | {"payload": {"text": "x" * characters}}

    room = stream.MAX_RECORD_BYTES - stream.record(event(0)).size
    assert stream.record(event(room)).size == stream.MAX_RECORD_BYTES
    with pytest.raises(stream.TooLarge):
        stream.record(event(room + 1))


@reaches_the_stream
def test_a_stream_that_is_away_is_a_500(api: APIClient, settings: Any) -> None:
    settings.KINESIS_STREAM_NAME = "not-there"
    answer = send(api, EVENT)
    assert_refused(answer, "Internal server error", 500)
    assert b"not-there" not in answer.content
