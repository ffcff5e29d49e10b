"""Keeps what a run has fetched so far of a long ticket in S3, so that the next run need not begin anew.

There is one object a delivery, in the bucket of large messages. It is deleted when the delivery ends, and a rule of the
bucket deletes what is left over after a day.
"""

from typing import Any

from django.conf import settings

from config import aws, json
from ingestion.zendesk.client import Fetched

PREFIX = "begun-fetches/"
_SECONDS = 10.0  # some megabytes may take longer than another call


def save(delivery_id: str, fetched: Fetched) -> None:
    """Keep it in place of what was kept before. Raises aws.AwsError."""
    aws.call(aws.client("s3", _SECONDS).put_object, **_place(delivery_id), Body=json.dumps(vars(fetched)).encode())


def load(delivery_id: str) -> Fetched | None:
    """What was kept, None if it is gone. It may have any number of values: each page was counted as it came.

    Raises aws.AwsError.
    """
    try:
        return Fetched(**json.loads(aws.call(_read, delivery_id), json.OWN_DEPTH, None))
    except aws.NotFound:
        return None


def delete(delivery_id: str) -> None:
    """Forget it. Raises aws.AwsError."""
    aws.call(aws.client("s3").delete_object, **_place(delivery_id))


def _read(delivery_id: str) -> bytes:
    return aws.client("s3", _SECONDS).get_object(**_place(delivery_id))["Body"].read()


def _place(delivery_id: str) -> Any:
    return {"Bucket": settings.LARGE_MESSAGE_BUCKET, "Key": f"{PREFIX}{delivery_id}.json"}
