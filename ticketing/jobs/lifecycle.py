"""A job's life: it is started once, worked a page at a time by any number of workers, stopped, resumed and done.

A worker does a page's work first, and counts the page afterwards, if nobody else has counted it. If two workers work
the same part, one of them loses. If a worker dies in between, the page is done again. So it must be harmless to do a
page's work twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, Sum
from django.utils import timezone

from audit import trail
from audit.actions import Action
from config import json
from ticketing import index
from ticketing.erasing.places import ERASED_JOB
from ticketing.jobs.kinds import KINDS, Kind, Parameters
from ticketing.jobs.page import Finding, Page
from ticketing.models import Job, JobFinding, JobPart

FINDINGS = 1_000  # kept for each job
STALLED = timedelta(minutes=3)  # longer than any page takes: by then, nobody works the part any more

Moved = Literal["on", "done", "lost"]


@dataclass(frozen=True)
class Step:
    """The result of a page, and what was found there.

    `lost`: somebody else counted this page first, or the job no longer runs.
    """

    moved: Moved
    found: Sequence[Finding] = ()


def start(kind: Kind, by: str, segments: int, parameters: Parameters | None = None) -> tuple[Job, bool]:
    """Start a job with its parts, unless one of that kind with these parameters is running.

    `by` is who starts it, and `segments` for how many workers side by side its work is divided. Returns the new or the
    running job, and whether it is new. Raises aws.AwsError, and whatever the kind raises for unusable parameters.
    """
    asked = parameters or {}
    if running := Job.objects.filter(alone=_alone(kind, asked)).first():
        return running, False
    total, stretches = KINDS[kind].total(asked), KINDS[kind].stretches(asked, segments)
    try:
        with transaction.atomic():
            alone = _alone(kind, asked)
            job = Job.objects.create(kind=kind, alone=alone, started_by=by, total=total, parameters=asked)
            parts = [JobPart(job=job, number=n, stretch=json.dumps(one)) for n, one in enumerate(stretches, 1)]
            JobPart.objects.bulk_create(parts)
            trail.record(Action.JOB_STARTED, target=f"job {job.pk}", details={"kind": kind})
    except IntegrityError:  # somebody was faster
        return start(kind, by, segments, parameters)
    return job, True


def unfinished(kind: Kind) -> Job | None:
    """The newest job of this kind, unless it is done."""
    last = Job.objects.filter(kind=kind).first()
    return last if last and last.state != "done" else None


def last_worked(job: Job) -> datetime:
    """When a part of the job was last taken or moved. If there is no such time, when the job was started."""
    last: datetime | None = job.parts.aggregate(last=Max("moved_at"))["last"]
    return last or job.started_at


def resume(job: Job) -> bool:
    """Let a job continue. Returns False if it is done, or if another job that does the same is running.

    False also if what it was asked for named a person who was erased: nobody knows any more what it was.
    """
    try:
        with transaction.atomic():
            stood = Job.objects.filter(pk=job.pk).exclude(state="done").exclude(parameters=ERASED_JOB)
            stood.update(state="running", alone=_alone(job.kind, job.parameters), ended_at=None, error="")
            job.parts.filter(done=False).update(moved_at=None)  # so that its parts can be taken at once
            if stood.exists():
                trail.record(Action.JOB_RESUMED, target=f"job {job.pk}", details={"kind": job.kind})
    except IntegrityError:
        return False
    job.refresh_from_db()
    return job.state == "running"


def stop(job: Job, error: str = "") -> None:
    """Stop a running job. Nobody works it until it is resumed."""
    with transaction.atomic():
        if _end(job.pk, "stopped", error):
            trail.record(Action.JOB_STOPPED, target=f"job {job.pk}", details={"kind": job.kind})


def stop_abandoned(kind: Kind) -> None:
    """Stop the running jobs of this kind that nobody works, because their process was killed."""
    for job in Job.objects.filter(kind=kind, state="running"):
        if last_worked(job) < timezone.now() - STALLED:
            stop(job)


def fail(job_id: int, error: str) -> None:
    """End a job that cannot be completed, and say why."""
    _end(job_id, "failed", error)


def trouble(job_id: int, error: str) -> None:
    """Say why a running job makes no progress for now."""
    Job.objects.filter(pk=job_id, state="running").update(error=error)


def step(part: JobPart) -> Step:
    """Work the next page of a part, and count it.

    `part` is the row as it was read last; its place is updated. Raises aws.AwsError, and whatever else the kind's page
    raises. The page is then not counted, and can be tried again.
    """
    if part.done:
        finish(part.job_id)
        return Step("done")
    page = KINDS[part.job.kind].page(part.job, json.loads(part.stretch), json.loads(part.place))
    if not _count(part, page):
        return Step("lost")
    part.refresh_from_db(fields=["place", "pages", "done"])
    if page.next is None:
        finish(part.job_id)
    return Step("on" if page.next else "done", page.found)


def counts(job: Job) -> tuple[int, int]:
    """How many items the job has looked at so far, and how many findings it has."""
    sums = job.parts.aggregate(seen=Sum("seen", default=0), found=Sum("found", default=0))
    return sums["seen"], sums["found"]


def take(job: Job, most: int) -> list[JobPart]:
    """Take up to `most` parts that nobody works: not begun yet, or not moved for STALLED. They are now the caller's."""
    if most < 1:
        return []
    idle = Q(moved_at=None) | Q(moved_at__lt=timezone.now() - STALLED)
    free = job.parts.select_related("job").filter(idle, done=False).order_by("number")
    return list(islice((part for part in free if _taken(part)), most))


def hands(job: Job) -> int:
    """How many parts of the job are being worked now."""
    return job.parts.filter(done=False, moved_at__gte=timezone.now() - STALLED).count()


def finish(job_id: int) -> None:
    """End the job if all its parts are done. A worker that has finished a part calls this."""
    if not JobPart.objects.filter(job=job_id, done=False).exists():
        _end(job_id, "done")


def _alone(kind: str, parameters: Parameters) -> str:
    """The name of what the job does. Two jobs with the same name would do the same."""
    if not parameters:
        return kind
    return f"{kind} {hashlib.sha256(json.dumps(sorted(parameters.items())).encode()).hexdigest()}"


def _taken(part: JobPart) -> bool:
    stood = JobPart.objects.filter(pk=part.pk, pages=part.pages, moved_at=part.moved_at)
    return stood.update(moved_at=timezone.now()) == 1


@transaction.atomic
def _count(part: JobPart, page: Page) -> bool:
    """Move the part's place behind the page, unless somebody else has moved it or the job has ended."""
    findings = _findings(part.job_id, page)
    stood = JobPart.objects.filter(pk=part.pk, pages=part.pages, done=False, job__state="running")
    moved = stood.update(
        place=json.dumps(page.next),
        pages=F("pages") + 1,
        seen=F("seen") + page.seen,
        found=F("found") + len(findings),
        done=page.next is None,
        moved_at=timezone.now(),
    )
    if moved and findings:
        room = max(0, FINDINGS - JobFinding.objects.filter(job=part.job_id).count())
        JobFinding.objects.bulk_create(findings[:room])
    if moved and page.counted:
        page.counted(part)
    if moved and part.job.error:  # it makes progress again
        Job.objects.filter(pk=part.job_id, state="running").update(error="")
    return moved == 1


def _findings(job_id: int, page: Page) -> list[JobFinding]:
    return [JobFinding(job_id=job_id, ticket_id=index.storable(one.ticket_id), what=one.what) for one in page.found]


def _end(job_id: int, state: str, error: str = "") -> bool:
    """Whether it ran until now."""
    running = Job.objects.filter(pk=job_id, state="running")
    return running.update(state=state, alone=None, ended_at=timezone.now(), error=error) == 1
