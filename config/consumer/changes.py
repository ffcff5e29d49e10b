"""A DynamoDB table's change stream: its shards, and the records in them.

- Records live 24 hours.
- Shards are replaced every few hours.
- A parent must be read to its end before its child.
- An iterator lives 15 minutes.
"""

from dataclasses import dataclass
from typing import Any, cast

from config import aws
from config.aws.events import StreamRecord

_SECONDS = 5.0  # for an answer, since a page of records is large


class Trimmed(Exception):
    """The stream no longer holds what follows the position."""


@dataclass(frozen=True)
class Shard:
    """A shard of a stream. Its parent, if it has one, may no longer be listed."""

    shard_id: str
    parent_id: str | None


def stream_arn(table: str) -> str:
    """The ARN of the table's stream. Raises aws.NotFound if there is no such table or it has no stream."""
    description = aws.call(aws.client("dynamodb").describe_table, TableName=table)["Table"]
    arn: str | None = description.get("LatestStreamArn")
    if not arn:
        raise aws.NotFound("NoStream", f"table {table} has no change stream; run `manage.py provision`")
    return arn


def shards(arn: str) -> list[Shard]:
    """List the stream's shards. Raises aws.AwsError."""
    found: list[Shard] = []
    last: dict[str, Any] = {}
    while True:
        description = aws.call(aws.client("dynamodbstreams", _SECONDS).describe_stream, StreamArn=arn, **last)[
            "StreamDescription"
        ]
        found += [Shard(one["ShardId"], one.get("ParentShardId")) for one in description["Shards"]]
        if "LastEvaluatedShardId" not in description:
            return found
        last = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}


def iterator(arn: str, shard_id: str, after: str) -> str | None:
    """Where to read on after the sequence number `after`, or from the oldest record if it is empty. Raises Trimmed."""
    where: dict[str, Any] = (
        {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        if after
        else {"ShardIteratorType": "TRIM_HORIZON"}
    )
    try:
        return aws.call(
            aws.client("dynamodbstreams", _SECONDS).get_shard_iterator, StreamArn=arn, ShardId=shard_id, **where
        ).get("ShardIterator")
    except aws.Permanent as error:
        if error.code == "TrimmedDataAccessException":
            raise Trimmed from None
        raise


def read(place: str, limit: int) -> tuple[list[StreamRecord], str | None]:
    """Read up to `limit` records. Returns them in Lambda's form, and where to read on (None at the end of the shard).

    Raises Trimmed if the stream no longer holds them, and aws.AwsError.
    """
    try:
        answer = aws.call_once(aws.client("dynamodbstreams", _SECONDS).get_records, ShardIterator=place, Limit=limit)
    except aws.Permanent as error:
        if error.code == "TrimmedDataAccessException":
            raise Trimmed from None
        raise
    records = [cast(StreamRecord, record) for record in answer["Records"]]  # boto3's form is Lambda's
    return records, answer.get("NextShardIterator")
