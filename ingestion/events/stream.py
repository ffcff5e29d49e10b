"""Writes events to the event stream (Kinesis)."""

import logging
import time
from dataclasses import dataclass
from random import uniform
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from config import aws, json, times
from config.batched import batched_by_size

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsResultEntryTypeDef

log = logging.getLogger(__name__)

# Kinesis's own limits. Local servers accept more, so these are checked here.
MAX_RECORD_BYTES: Final = 1024 * 1024
MAX_CALL_RECORDS: Final = 500
MAX_CALL_BYTES: Final = 10 * 1024 * 1024
RETRIES: Final = 3
_FIRST_WAIT: Final = 0.1  # seconds


class TooLarge(Exception):
    """The event does not fit into one record. The caller rejects it."""

    sentence = f"The event is larger than {MAX_RECORD_BYTES} bytes"


@dataclass(frozen=True)
class Record:
    """An event in the form that the stream stores."""

    event_type: str
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """The record's bytes, as Kinesis counts them."""
        return len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True)
class Place:
    """Where a record is in the stream."""

    sequence_number: str
    shard_id: str

    def to_json(self) -> dict[str, str]:
        """The place under the event API's names."""
        return {"sequenceNumber": self.sequence_number, "shardId": self.shard_id}


def record(event: dict[str, Any]) -> Record:
    """The record of a checked event: with `timestamp` and `ingested_at`, otherwise as sent.

    Its partition key is the event's own `partition_key`, or else its type. Raises TooLarge.
    """
    now = times.now()
    stored = event | {"timestamp": event.get("timestamp") or now, "ingested_at": now}
    key = event.get("partition_key") or event["event_type"]
    made = Record(event["event_type"], key, json.dumps(stored).encode())
    if made.size > MAX_RECORD_BYTES:
        raise TooLarge
    return made


def put(one: Record) -> Place:
    """Write one record and return its place. Raises aws.AwsError; the event was then not accepted."""
    answer = aws.call(
        aws.client("kinesis").put_record,
        StreamName=settings.KINESIS_STREAM_NAME,
        Data=one.data,
        PartitionKey=one.partition_key,
    )
    return Place(answer["SequenceNumber"], answer["ShardId"])


def put_all(records: list[Record]) -> list[Place | None]:
    """Write the records. Returns their places in the order given, with None for each record that was not stored.

    A record that Kinesis rejects is tried again, up to three times. In the stream it then follows those that succeeded
    before it. If Kinesis does not answer at all, nothing more is tried, because the caller must get an answer too.
    """
    places: list[Place | None] = [None] * len(records)
    try:
        sizes = [one.size for one in records]
        for indexes in batched_by_size(range(len(records)), MAX_CALL_RECORDS, sizes.__getitem__, MAX_CALL_BYTES):
            _put_patiently(records, indexes, places)
    except aws.AwsError as error:
        log.warning(
            "The event stream took %d of %d records: %s", len(records) - places.count(None), len(records), error
        )
    return places


def _put_patiently(records: list[Record], indexes: list[int], places: list[Place | None]) -> None:
    """Write the records at these indexes and fill in their places, retrying those that fail."""
    for retry in range(RETRIES + 1):
        if retry:
            time.sleep(_FIRST_WAIT * 2.0 ** (retry - 1) * uniform(0.5, 1.0))  # noqa: S311 - not a secret
        results = _put_some([records[index] for index in indexes])
        for index, place in zip(indexes, results, strict=True):
            places[index] = place
        indexes = [index for index in indexes if places[index] is None]
        if not indexes:
            return


def _put_some(records: list[Record]) -> list[Place | None]:
    """Make one call. It may succeed although some of its records fail."""
    answer = aws.call(
        aws.client("kinesis").put_records,
        StreamName=settings.KINESIS_STREAM_NAME,
        Records=[{"Data": one.data, "PartitionKey": one.partition_key} for one in records],
    )
    if failed := answer.get("FailedRecordCount"):
        codes = sorted({result["ErrorCode"] for result in answer["Records"] if result.get("ErrorCode")})
        log.warning("The event stream did not take %d of %d records: %s", failed, len(records), ", ".join(codes))
    return [_place(result) for result in answer["Records"]]


def _place(result: "PutRecordsResultEntryTypeDef") -> Place | None:
    return None if result.get("ErrorCode") else Place(result["SequenceNumber"], result["ShardId"])
