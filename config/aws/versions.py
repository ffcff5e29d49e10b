"""Every version of S3 objects: a bucket with versioning keeps what was deleted or overwritten."""

from collections.abc import Iterable, Iterator
from typing import Any

from config.aws.calls import call
from config.aws.clients import client
from config.aws.errors import Retryable
from config.batched import batched


def versions(bucket: str, prefix: str) -> Iterator[Any]:
    """Every version of the objects whose keys begin so, and what marks one as deleted. Raises AwsError."""
    place: dict[str, Any] = {}
    while True:
        page = call(client("s3").list_object_versions, Bucket=bucket, Prefix=prefix, **place)
        yield from [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not page.get("IsTruncated"):
            return
        place = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def delete(bucket: str, found: Iterable[Any]) -> None:
    """Delete these versions for good. Raises AwsError."""
    for some in batched(found, 1000):
        keys: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in some]
        answer = call(client("s3").delete_objects, Bucket=bucket, Delete={"Objects": keys})
        if failed := answer.get("Errors"):
            raise Retryable(failed[0].get("Code", "Errors"), f"{len(failed)} objects could not be deleted")
