"""POST /ingest/batch: many events."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from config import aws
from ingestion.events import stream
from tests.ingestion.test_events import EVENT, assert_refused, reaches_the_stream, records, send


@pytest.fixture
def api(token_client: Callable[..., APIClient]) -> APIClient:
    return token_client("events")


def batch(api: APIClient, body: Any) -> Any:
    return send(api, body, "/ingest/batch")


def event(**payload: Any) -> dict[str, Any]:
    return {"event_type": "ib_call_logged", "payload": payload}


class Kinesis:
    """Takes PutRecords: refuses the records that `refusals` says, call by call (an exception: the whole call)."""

    def __init__(self) -> None:
        self.refusals: list[Any] = []
        self.calls: list[list[dict[str, Any]]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Records)
        refusal = self.refusals.pop(0) if self.refusals else set()
        if isinstance(refusal, Exception):
            raise refusal
        taken = {"SequenceNumber": str(len(self.calls)), "ShardId": "shardId-0"}
        failed = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        results = [failed if number in refusal else taken for number in range(len(Records))]
        return {"FailedRecordCount": results.count(failed), "Records": results}


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Kinesis:
    made = Kinesis()
    monkeypatch.setattr(aws, "client", lambda _: made)
    return made


@reaches_the_stream
@pytest.mark.parametrize("wrap", [lambda events: events, lambda events: {"events": events}])
def test_each_event_has_its_result_in_order(api: APIClient, wrap: Callable[[list[Any]], Any]) -> None:
    answer = batch(api, wrap([EVENT, {"payload": {}}, event(n=2), "text", None, event(n=5)]))
    assert answer.status_code == 202
    body = answer.json()
    assert (body["accepted"], body["rejected"], body["failed"]) == (3, 3, 0)
    assert [one["index"] for one in body["results"]] == [0, 1, 2, 3, 4, 5]
    stored = {json.dumps(json.loads(one["Data"])["payload"]): one["SequenceNumber"] for one in records()}
    for index, payload in ((0, EVENT["payload"]), (2, {"n": 2}), (5, {"n": 5})):
        result = body["results"][index]
        assert result["status"] == "accepted"
        assert result["sequenceNumber"] == stored[json.dumps(payload)]
        assert result["shardId"]
    assert body["results"][1] == {"index": 1, "status": "rejected", "error": "event_type is required"}
    assert body["results"][3]["error"] == body["results"][4]["error"] == "An event must be a JSON object"


@reaches_the_stream
def test_takes_five_hundred(api: APIClient) -> None:
    assert batch(api, [event(n=n) for n in range(500)]).json()["accepted"] == 500
    assert_refused(batch(api, [event()] * 501), "A batch must not have more than 500 events")


@pytest.mark.parametrize("body", [{}, {"events": None}, {"events": {}}, EVENT, "text", 5, None])
def test_a_body_that_is_no_batch(api: APIClient, body: Any) -> None:
    assert_refused(batch(api, json.dumps(body)), 'A batch must be a JSON array of events, or {"events": [...]}')


def test_an_empty_batch(api: APIClient) -> None:
    assert_refused(batch(api, []), "A batch must have at least one event")
    assert_refused(batch(api, ""), "Request body is required")


def test_none_valid_is_a_400_that_says_why(api: APIClient) -> None:
    answer = batch(api, [{}, {"event_type": "ib_call_logged"}])
    assert_refused(answer, "No event is valid: [0] event_type is required; [1] payload is required")
    assert len(batch(api, [{}] * 500).json()["error"]) < 1000


@reaches_the_stream
def test_takes_five_mebibytes_and_no_more(api: APIClient) -> None:
    assert batch(api, [event(text="x" * 1_000_000)] * 5).json()["accepted"] == 5
    assert batch(api, " " * (5 * 1024 * 1024 + 1)).status_code == 413


@reaches_the_stream
def test_an_oversize_event_is_rejected_alone(api: APIClient) -> None:
    body = batch(api, [event(text="x" * 1_100_000), event()]).json()
    assert [one["status"] for one in body["results"]] == ["rejected", "accepted"]
    assert body["results"][0]["error"] == "The event is larger than 1048576 bytes"


def test_what_fails_is_sent_again_alone(api: APIClient, kinesis: Kinesis) -> None:
    kinesis.refusals = [{1, 2}, {0}]
    body = batch(api, [event(n=n) for n in range(4)]).json()
    assert body["accepted"] == 4
    assert [len(call) for call in kinesis.calls] == [4, 2, 1]
    assert json.loads(kinesis.calls[2][0]["Data"])["payload"] == {"n": 1}
    assert [one["sequenceNumber"] for one in body["results"]] == ["1", "3", "2", "1"]


def test_what_fails_to_the_end_is_told(api: APIClient, kinesis: Kinesis) -> None:
    kinesis.refusals = [{1}, {0}, {0}, {0}]
    body = batch(api, [event(), event(), {}]).json()
    assert len(kinesis.calls) == 4
    assert (body["accepted"], body["rejected"], body["failed"]) == (1, 1, 1)
    assert [one["status"] for one in body["results"]] == ["accepted", "failed", "rejected"]
    assert "send it again" in body["results"][1]["error"]


@pytest.mark.parametrize(
    ("valid", "throttled", "counts"),
    [
        ("yyyynyyyyy", {2, 5}, {"accepted": 7, "rejected": 1, "failed": 2}),
        ("yyy", {0, 2}, {"accepted": 1, "rejected": 0, "failed": 2}),
        ("nny", set(), {"accepted": 1, "rejected": 2, "failed": 0}),
        ("ynyn", {1}, {"accepted": 1, "rejected": 2, "failed": 1}),
    ],
)
def test_every_event_is_in_one_count(
    api: APIClient, kinesis: Kinesis, valid: str, throttled: set[int], counts: dict[str, int]
) -> None:
    kinesis.refusals = [throttled, *[set(range(len(throttled)))] * stream.RETRIES]
    answer = batch(api, [event() if one == "y" else {"event_type": "unknown", "payload": {}} for one in valid])
    assert (answer.status_code, {name: answer.json()[name] for name in counts}) == (202, counts)
    assert sum(counts.values()) == len(answer.json()["results"]) == len(valid)


def test_a_stream_that_refuses_all_is_a_503(api: APIClient, kinesis: Kinesis) -> None:
    kinesis.refusals = [{0, 1}] * 4
    answer = batch(api, [event(), event(), {}])
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


@reaches_the_stream
def test_a_stream_that_is_away_is_a_503(api: APIClient, settings: Any) -> None:
    settings.KINESIS_STREAM_NAME = "not-there"
    assert batch(api, [event()]).status_code == 503


def test_calls_are_cut_by_number_and_bytes(kinesis: Kinesis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_CALL_RECORDS", 3)
    monkeypatch.setattr(stream, "MAX_CALL_BYTES", 2000)
    events = [stream.record(event(text="x" * length)) for length in (10, 10, 10, 10, 1500, 700, 10)]
    assert None not in stream.put_all(events)
    assert [len(call) for call in kinesis.calls] == [3, 2, 2]
    assert [one["Data"] for call in kinesis.calls for one in call] == [one.data for one in events]


def test_when_the_stream_goes_away_the_rest_is_not_tried(kinesis: Kinesis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_CALL_RECORDS", 1)
    kinesis.refusals = [set(), *[aws.Retryable("InternalFailure")] * 9]
    places = stream.put_all([stream.record(event())] * 3)
    assert [place is not None for place in places] == [True, False, False]
    assert len(kinesis.calls) == 1 + aws.calls.TRIES
