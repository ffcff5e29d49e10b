"""The raw store: Zendesk's answers, unchanged, in S3, by the day on which the webhook was accepted.

The Zendesk door (`ingestion.zendesk`) writes and reads it. `reconcile` checks that everything is there.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import storages

from config import aws, json, times
from config.aws import versions
from config.refusals import Invalid
from ticketing.tickets.keys import Key

PREFIX = "raw-tickets/"
MAX_VALUES = 2_000_000  # 5,000 comments, which is Zendesk's limit, have some hundred each
_FETCHED = "fetched"  # in the object's metadata, since the document is Zendesk's answer unchanged
_SECONDS = 10.0  # some megabytes may take longer than another call
_KEY = re.compile(rf"{PREFIX}year=\d{{4}}/month=\d\d/day=\d\d/ticket-(\d+)\.json")


@dataclass(frozen=True)
class Raw:
    """A document of the raw store, and when it was fetched from Zendesk."""

    document: Any
    fetched: str


def key(zendesk_id: str, received_at: str) -> str:
    """The S3 key of a raw ticket, e.g. `raw-tickets/year=2025/month=01/day=05/ticket-12345.json`.

    `received_at` is the delivery's, in UTC. The day therefore stays the same, whatever retries follow.
    """
    return f"{_prefix(received_at)}ticket-{zendesk_id}.json"


def ticket_key(zendesk_id: str) -> Key:
    """The key of Foyer's first ticket for a Zendesk ticket, and of its only one until the desk closes that."""
    return Key(settings.DEFAULT_CUSTOMER, "zendesk", zendesk_id, fingerprint=f"zendesk:{zendesk_id}")


def follow_up_key(closed_id: str) -> Key:
    """The key of the one ticket that follows a closed ticket from Zendesk. `closed_id` is the closed one's id."""
    return Key(settings.DEFAULT_CUSTOMER, "zendesk follow-ups", closed_id, fingerprint=f"follows:{closed_id}")


def comment_key(zendesk_id: str, comment_id: str, mark: str | None = None) -> Key:
    """The key of Foyer's one comment for a comment on a Zendesk ticket. `mark` is `zendesk_comment.mark` of it."""
    return Key(settings.DEFAULT_CUSTOMER, f"zendesk comments {zendesk_id}", comment_id, comment_id, mark)


def store(name: str, context: dict[str, Any], fetched: str = "") -> None:
    """Store the ticket, over what an earlier try left. `fetched` is when it was fetched.

    Raises aws.AwsError: the caller tries again or fails.
    """
    content, metadata = json.dumps(context).encode(), {_FETCHED: fetched} if fetched else {}
    place: Any = {"Bucket": settings.S3_BUCKET_TICKETS, "Key": name}
    put = aws.client("s3", _SECONDS).put_object
    aws.call(put, **place, Body=content, Metadata=metadata, ContentType="application/json")


def load(name: str) -> Any:
    """The raw ticket with this key. Raises Invalid if there is none, or if it is not JSON. Raises aws.AwsError."""
    return read(name).document


def read(name: str, version_id: str | None = None) -> Raw:
    """As `load`, for any version, with when it was fetched."""
    try:
        content, fetched = aws.call(_read, name, {"VersionId": version_id} if version_id else {})
        return Raw(json.loads(content, json.OWN_DEPTH, MAX_VALUES), fetched)
    except aws.NotFound:
        raise Invalid("It is not in the raw store any more") from None
    except ValueError:
        raise Invalid("What is in the raw store is not JSON") from None


def holds(name: str) -> bool:
    """Whether there is a raw ticket with this key. Raises aws.AwsError."""
    return bool(aws.call(storages["raw_tickets"].exists, name))


def stored(since: str | None = None) -> Iterator[tuple[str, str]]:
    """The key and the Zendesk id of every raw ticket, day by day from `since` on. Raises aws.AwsError."""
    for prefix in map(_prefix, days(since)) if since else [PREFIX]:
        yield from _under(prefix)


def stored_on(day: str) -> list[tuple[str, str]]:
    """The key and the Zendesk id of every raw ticket of a day. Raises aws.AwsError."""
    return list(_under(_prefix(day)))


def of_ticket(zendesk_id: str) -> tuple[list[str], list[str]]:
    """The keys of a ticket's raw documents, by day, and of those that somebody deleted but S3 still has versions of.

    Reads the names of all raw tickets. Raises aws.AwsError.
    """
    latest = (one for one in versions.versions(settings.S3_BUCKET_TICKETS, PREFIX) if one["IsLatest"])
    stands = {one["Key"]: "Size" in one for one in latest}  # what has no size marks a deletion
    its = sorted(key for key in stands if (match := _KEY.fullmatch(key)) and match[1] == zendesk_id)
    return [key for key in its if stands[key]], [key for key in its if not stands[key]]


def versions_of(name: str) -> list[str]:
    """The ids of all versions that are kept of a raw ticket, the current one too. Raises aws.AwsError."""
    found = versions.versions(settings.S3_BUCKET_TICKETS, name)
    return [one["VersionId"] for one in found if one["Key"] == name and "Size" in one]  # what has none marks a deletion


def forget_versions(name: str, *, dry_run: bool = False) -> int:
    """Delete all earlier versions of a raw ticket for good, and say how many there were. Raises aws.AwsError."""
    earlier = [one for one in versions.versions(settings.S3_BUCKET_TICKETS, name) if not one["IsLatest"]]
    if not dry_run:
        versions.delete(settings.S3_BUCKET_TICKETS, earlier)
    return len(earlier)


def every_version(zendesk_ids: Collection[str]) -> Iterator[Any]:
    """Every version of these tickets' documents, and what marks one as deleted. Reads all names. Raises AwsError."""
    for one in versions.versions(settings.S3_BUCKET_TICKETS, PREFIX):
        if (match := _KEY.fullmatch(one["Key"])) and match[1] in zendesk_ids:
            yield one


def destroy(name: str) -> None:
    """Delete a raw ticket for good, with all versions. Raises aws.AwsError."""
    found = versions.versions(settings.S3_BUCKET_TICKETS, name)
    versions.delete(settings.S3_BUCKET_TICKETS, [one for one in found if one["Key"] == name])


def days(since: str, until: str | None = None) -> Iterator[str]:
    """Every day (`2025-01-05`) from that of `since` to that of `until`, or to today if that is earlier."""
    last = min(until or times.now(), times.now())[:10]
    one = date.fromisoformat(since[:10])
    while one.isoformat() <= last:
        yield one.isoformat()
        one += timedelta(days=1)


def day(name: str) -> str:
    """The day in a key, e.g. `2025-01-05`."""
    return "-".join(re.findall(r"=(\d+)", name))


def _under(prefix: str) -> Iterator[tuple[str, str]]:
    bucket: Any = storages["raw_tickets"]
    with aws.translated():
        for found in bucket.bucket.objects.filter(Prefix=prefix):
            if match := _KEY.fullmatch(found.key):
                yield found.key, match[1]


def _prefix(moment: str) -> str:
    year, month, day = moment[:10].split("-")
    return f"{PREFIX}year={year}/month={month}/day={day}/"


def _read(name: str, version: dict[str, Any]) -> tuple[bytes, str]:
    """What is stored, and when it was fetched. An earlier version of Foyer noted that nowhere: then, when stored."""
    answer = aws.client("s3", _SECONDS).get_object(Bucket=settings.S3_BUCKET_TICKETS, Key=name, **version)
    return answer["Body"].read(), answer["Metadata"].get(_FETCHED) or times.stamp(answer["LastModified"])
