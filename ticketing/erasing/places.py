"""The places beside the record that hold words of tickets. Each function empties one, and says how much it held.

With `dry_run`, it only counts. Everything may be done twice: what is gone already is not counted again. All raise
aws.AwsError.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from audit import trail
from audit.actions import Action
from config import aws
from config.aws import sqs, versions
from config.aws.events import SqsRecord
from config.aws.sqs import Message
from config.consumer import redrive
from ticketing import deliveries
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.deliveries.delivery import ENDED_WELL
from ticketing.models import Job
from ticketing.submissions import envelope, large
from ticketing.submissions.payload import to_draft
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.ticket import Ticket

_EXPORTS = "!exports/"
_POLL_SECONDS = 1  # a long poll asks all of SQS's servers: an empty answer then means an empty queue
_SECONDS = 10.0  # that reading some megabytes may take
_MOST_QUEUED = 1_000  # messages in the queue that are looked at; the consumer works on meanwhile

ERASED_JOB = {"erased": True}  # the parameters of a job that named the person


@dataclass
class Erased:
    """Whose places are emptied: the tickets, and what is known of them. `fits` says whether a draft is the person's.

    `words` are the caller's id and the addresses, as jobs may name them. They are empty unless a person is erased.
    """

    ticket_ids: set[str] = field(default_factory=set)
    zendesk_ids: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    fits: Callable[[Ticket], bool] = lambda _: False

    def add(self, ticket: Ticket) -> None:
        """Take in a ticket."""
        self.ticket_ids.add(ticket.ticket_id)
        if self.words and self.fits(ticket):
            address = (ticket.requester or {}).get("email", "")
            self.words |= {one for one in (address, ticket.caller_id) if one and one != _whole(ticket)}
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
    """Delete the pieces of exports that have a line of one of the tickets, with all versions.

    A search that found the tickets may have used their words. So first, its job forgets what it was asked for.
    """
    bucket, found = settings.ATTACHMENTS_BUCKET, list(versions.versions(settings.ATTACHMENTS_BUCKET, _EXPORTS))
    ids = [one.encode() for one in who.ticket_ids]
    having = {one["Key"] for one in found if "Size" in one and _has(bucket, one, ids)}
    numbers = {int(number) for key in having if (number := key.split("/")[1]).isdecimal()}
    for job in Job.objects.filter(pk__in=numbers) if not dry_run else []:
        if any(name == SEARCH_VAR for name, _ in _asked(job)):
            _forget(job)
    return _delete(bucket, [one for one in found if one["Key"] in having], dry_run)  # a download asks for a new export


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
    return sum(_of_queue(way, way.dead_letters, who, dry_run) for way in redrive.ways())


def of_queued(who: Erased, *, dry_run: bool) -> int:
    """Delete the person's submissions that wait in the queue, and end their deliveries. The others' wait on.

    It costs each of those one of its tries, so it is done once in an erasing. A message that the consumer holds just
    now is not seen. It becomes a ticket, or comes again.
    """
    if not who.words:
        return 0
    way = redrive.way(settings.SUBMISSION_QUEUE)
    return _of_queue(way, way.name, who, dry_run, _MOST_QUEUED)


def on_their_way() -> int:
    """How many submissions have been taken in and are no tickets yet. Nobody can tell whose they are."""
    waiting = ("received", "accepted")
    return sum(one.door == "submission" and one.state in waiting for one in deliveries.scan())


def of_jobs(who: Erased, *, dry_run: bool) -> int:
    """Take what people searched for out of jobs that name the person, and stop those that run."""
    named = [job for job in Job.objects.all() if _names(job, who)]
    for job in named if not dry_run else []:
        _forget(job)
    return len(named)


@transaction.atomic
def _forget(job: Job) -> None:
    """End the job if it runs, and take out what it was asked for. Nobody can resume it then."""
    of_job = Job.objects.filter(pk=job.pk)
    ended = {
        "state": "stopped",
        "alone": None,
        "ended_at": timezone.now(),
        "error": "A person whom it named was erased",
    }
    if of_job.filter(state="running").update(**ended):
        trail.record(Action.JOB_STOPPED, target=f"job {job.pk}", details={"kind": job.kind})
    of_job.update(parameters=ERASED_JOB)


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


QUEUED = "submissions in the queue"
PLACES: dict[str, Callable[..., int]] = {
    QUEUED: of_queued,
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


def _of_queue(way: redrive.Way, queue: str, who: Erased, dry_run: bool, most: int | None = None) -> int:
    count, held = 0, dict[str, Message]()
    try:
        for messages in _every(queue, held, most):
            theirs = [one for one in messages if _is_theirs(way, one.record, who)]
            count += len(theirs)
            if dry_run:
                continue
            for one in theirs:
                _end(way, one.record)
            sqs.delete(queue, theirs)
            for one in theirs:
                del held[one.message_id]
    finally:
        sqs.hide(queue, {one.receipt: 0 for one in held.values()})
    return count


def _every(queue: str, held: dict[str, Message], most: int | None) -> Iterator[list[Message]]:
    """All messages of a queue, or about `most`, each once. They are hidden meanwhile, and stand in `held`."""
    while most is None or len(held) < most:
        received = sqs.receive(queue, 10, _POLL_SECONDS, redrive.HIDDEN_SECONDS)
        if not (new := [one for one in received if held.setdefault(one.message_id, one) is one]):
            return
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
    """Whether what the job was asked for has one of the words, not as a part of a longer one."""
    said = [value for _, value in _asked(job)]
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", one, re.IGNORECASE) for word in who.words for one in said)


def _asked(job: Job) -> list[tuple[str, str]]:
    """The filters and the search of an export."""
    return parse_qsl(str(job.parameters.get("query", "")))


def _whole(ticket: Ticket) -> str:
    return whole_customer(ticket.customer_id)


def _first(value: list[object]) -> str:
    return str(value[0]) if value else ""
