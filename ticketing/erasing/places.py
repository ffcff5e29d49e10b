"""The places beside the record that hold words of tickets. Each function empties one, and says how much it held.

With `dry_run`, it only counts. Everything may be done twice: what is gone already is not counted again. All raise
aws.AwsError.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils.module_loading import import_string

from config import aws
from config.aws import sqs, versions
from config.aws.events import SqsRecord
from config.aws.sqs import Message
from config.consumer import redrive
from ticketing import deliveries
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.deliveries.delivery import ENDED_WELL
from ticketing.jobs import lifecycle
from ticketing.models import Job
from ticketing.submissions import envelope, large
from ticketing.submissions.payload import to_draft
from ticketing.tickets.ticket import Ticket

_EXPORTS = "!exports/"
_POLL_SECONDS = 1  # a long poll asks all of SQS's servers: an empty answer then means an empty queue
_SECONDS = 10.0  # that reading some megabytes may take


@dataclass
class Erased:
    """Whose places are emptied: the tickets, and what is known of them. `fits` says whether a draft is the person's."""

    ticket_ids: set[str] = field(default_factory=set)
    zendesk_ids: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)  # the caller's id and the address, as jobs may name them
    fits: Callable[[Ticket], bool] = lambda _: False

    def add(self, ticket: Ticket) -> None:
        """Take in a ticket."""
        self.ticket_ids.add(ticket.ticket_id)
        if number := ticket.in_zendesk.get("ticket_id"):
            self.zendesk_ids.add(str(number))


def of_deliveries(who: Erased, *, dry_run: bool) -> int:
    """End the tickets' deliveries, and take out of them what senders and programs said. They stay as `ignored`."""
    count = 0
    for one in deliveries.scan():
        if one.erased or not _is_about(one, who):
            continue
        count += 1
        if not dry_run:
            deliveries.erase(one)
    return count


def of_raw_tickets(who: Erased, *, dry_run: bool) -> int:
    """Delete the documents of the Zendesk tickets, with all versions."""
    if not who.zendesk_ids:
        return 0
    return _delete(settings.S3_BUCKET_TICKETS, list(raw_tickets.every_version(who.zendesk_ids)), dry_run)


def of_exports(who: Erased, *, dry_run: bool) -> int:
    """Delete the pieces of exports that have a line of one of the tickets, with all versions."""
    bucket, found = settings.ATTACHMENTS_BUCKET, list(versions.versions(settings.ATTACHMENTS_BUCKET, _EXPORTS))
    ids = [one.encode() for one in who.ticket_ids]
    having = {one["Key"] for one in found if "Size" in one and _has(bucket, one, ids)}
    return _delete(
        bucket, [one for one in found if one["Key"] in having], dry_run
    )  # the export then asks to be made anew


def of_large_messages(who: Erased, *, dry_run: bool) -> int:
    """Delete the stored payloads of the tickets' submissions, and those that are the person's."""
    bucket = settings.LARGE_MESSAGE_BUCKET
    found = list(versions.versions(bucket, large.PREFIX))
    submissions = {one.delivery_id for one in deliveries.scan() if one.ticket_id in who.ticket_ids}
    having = {one["Key"] for one in found if "Size" in one and _is_payload_of(bucket, one, who, submissions)}
    return _delete(bucket, [one for one in found if one["Key"] in having], dry_run)


def of_dead_letters(who: Erased, *, dry_run: bool) -> int:
    """Delete the dead letters that are about the tickets, or that are the person's submissions.

    A submission's delivery is ended, so that no copy of the message becomes a ticket.
    """
    return sum(_of_queue(way, who, dry_run) for way in redrive.ways())


def of_jobs(who: Erased, *, dry_run: bool) -> int:
    """Take what people searched for out of jobs that name the person, and stop those that run."""
    named = [job for job in Job.objects.all() if _names(job, who)]
    for job in named if not dry_run else []:
        lifecycle.stop(job, "A person whom it named was erased")
        Job.objects.filter(pk=job.pk).update(parameters={"erased": True})
    return len(named)


def of_sessions(who: Erased, *, dry_run: bool) -> int:
    """Take drafts of answers on the tickets out of the sessions of staff."""
    store: type[SessionStore] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    sessions = store.get_model_class().objects
    count = 0
    for session in sessions.all():
        values = session.get_decoded()
        drafts = [name for name in values if name.removeprefix("draft ") in who.ticket_ids]
        drafts += [
            name for name, value in values.items() if isinstance(value, list) and _first(value) in who.ticket_ids
        ]
        count += len(drafts)
        if drafts and not dry_run:
            left = {name: value for name, value in values.items() if name not in drafts}
            session.session_data = sessions.encode(left)
            session.save(update_fields=["session_data"])
    return count


PLACES: dict[str, Callable[..., int]] = {
    "exports (versions of pieces)": of_exports,
    "raw Zendesk documents (versions)": of_raw_tickets,
    "stored submissions (versions)": of_large_messages,
    "dead letters": of_dead_letters,
    "deliveries": of_deliveries,  # after what finds its own by them
    "jobs that name the person": of_jobs,
    "drafts in sessions": of_sessions,
}


def _is_about(one: Delivery, who: Erased) -> bool:
    return one.ticket_id in who.ticket_ids or (one.door == "zendesk" and one.key in who.zendesk_ids)


def _delete(bucket: str, found: list[Any], dry_run: bool) -> int:
    if not dry_run:
        versions.delete(bucket, found)
    return len(found)


def _has(bucket: str, one: dict[str, Any], ids: list[bytes]) -> bool:
    content, _ = _version(bucket, one)
    return any(ticket_id in content for ticket_id in ids)


def _version(bucket: str, one: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """A version's content, and what S3 says about it. Nothing if it went meanwhile."""
    which = {"VersionId": one["VersionId"]} if one["VersionId"] != "null" else {}  # written without versioning
    with suppress(aws.NotFound):
        return aws.call(_read, Bucket=bucket, Key=one["Key"], **which)
    return b"", {}


def _read(**place: Any) -> tuple[bytes, dict[str, Any]]:
    answer = aws.client("s3", _SECONDS).get_object(**place)
    return answer["Body"].read(), dict(answer)


def _is_payload_of(bucket: str, one: dict[str, Any], who: Erased, submissions: Collection[str]) -> bool:
    content, about = _version(bucket, one)
    if large.owner(about) in submissions:
        return True
    with suppress(envelope.Unreadable):
        payload = envelope.unseal(content.decode(errors="replace")).payload
        return who.fits(to_draft(payload, "", "general"))
    return False


def _of_queue(way: redrive.Way, who: Erased, dry_run: bool) -> int:
    count, held = 0, dict[str, Message]()
    try:
        for messages in _every(way.dead_letters, held):
            theirs = [one for one in messages if _is_theirs(way, one.record, who)]
            count += len(theirs)
            if dry_run:
                continue
            for one in theirs:
                _end(way, one.record)
            sqs.delete(way.dead_letters, theirs)
            for one in theirs:
                del held[one.message_id]
    finally:
        sqs.hide(way.dead_letters, {one.receipt: 0 for one in held.values()})
    return count


def _every(queue: str, held: dict[str, Message]) -> Iterator[list[Message]]:
    """All messages of a queue, each once. They are hidden meanwhile, and stand in `held`."""
    while new := [
        one
        for one in sqs.receive(queue, 10, _POLL_SECONDS, redrive.HIDDEN_SECONDS)
        if held.setdefault(one.message_id, one) is one
    ]:
        yield new


def _is_theirs(way: redrive.Way, record: SqsRecord, who: Erased) -> bool:
    if redrive.about(way, record) & who.ticket_ids:
        return True
    if way.name != settings.SUBMISSION_QUEUE:
        return False
    with suppress(envelope.Unreadable, large.TooLarge, large.Gone):
        payload = envelope.unseal(record["body"], record.get("messageAttributes", {}).keys()).payload
        return who.fits(to_draft(payload, settings.DEFAULT_CUSTOMER, "general"))
    return False


def _end(way: redrive.Way, record: SqsRecord) -> None:
    """End the delivery of a message that never became a ticket, and delete what the message points to."""
    if way.name != settings.SUBMISSION_QUEUE:
        return
    for delivery_id in way.delivery_ids(record):
        known = deliveries.get(delivery_id)
        if known and not known.erased and known.state not in ENDED_WELL:
            deliveries.erase(known)
    at = envelope.pointer(record["body"], record.get("messageAttributes", {}).keys())
    if at:
        found = versions.versions(settings.LARGE_MESSAGE_BUCKET, at.key)
        versions.delete(settings.LARGE_MESSAGE_BUCKET, [one for one in found if one["Key"] == at.key])


def _names(job: Job, who: Erased) -> bool:
    said = [value for _, value in parse_qsl(str(job.parameters.get("query", "")))]
    return any(word.casefold() in value.casefold() for word in who.words for value in said)


def _first(value: list[object]) -> str:
    return str(value[0]) if value else ""
