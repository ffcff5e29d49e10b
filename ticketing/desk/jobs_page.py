"""The page *Jobs*: starts, stops and resumes jobs, and shows their progress and findings.

A check or a rebuild of the index runs while everybody works.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from config import aws
from ticketing.desk.page import DeskPage, ticket_url
from ticketing.erasing.places import ERASED_JOB
from ticketing.jobs import lifecycle, tasks
from ticketing.jobs.kinds import Kind
from ticketing.models import Job, JobFinding
from ticketing.search.find import MOST
from ticketing.tickets import ids

STARTED_HERE = ("check", "reindex")  # an export starts on the ticket list that it exports
SHOWN = 20  # jobs
FINDINGS = 100  # shown of the opened job
TITLES = {
    "reindex": "Rebuild of the index",
    "check": "Check of the index",
    "export": "Export",
    "survey": "Search for a person to erase",
    "erasure": "Erasing of a person",
}
_COLOURS = {"running": "info", "done": "success", "failed": "danger", "stopped": "warning"}
NOT_NOW = "AWS does not answer. Try again in a moment."
_NEVER_ON = "It cannot go on: it is done, another job that does the same is running, or a person in it was erased."
_LATER = "It is started, but cannot be queued right now. It begins by itself in a few minutes."


class JobsPage(DeskPage):
    """One request to the page."""

    def answer(self) -> HttpResponse:
        """The list. After a button, a redirect back to it."""
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        self.may_start = self.admin.has_change_permission(self.request)
        if self.request.method != "POST":
            return self._show()
        if not self.may_start:
            raise PermissionDenied
        self._do()
        return HttpResponseRedirect(self.request.path)

    # --- The buttons ----------------------------------------------------------------------------------

    def _do(self) -> None:
        asked = self.request.POST
        if asked.get("start") in STARTED_HERE:
            self._start(asked["start"])  # type: ignore[arg-type]
        elif job := _job(asked.get("stop", "")):
            lifecycle.stop(job)
            messages.success(self.request, "It is stopped. It can go on from where it was.")
        elif job := _job(asked.get("resume", "")):
            self._resume(job)

    def _start(self, kind: Kind) -> None:
        try:
            job, new = lifecycle.start(kind, self.user.get_username(), tasks.SEGMENTS)
        except aws.AwsError:
            messages.error(self.request, NOT_NOW)
            return
        if new:
            enqueue(self.request, job, "It is started.")
        else:
            messages.info(self.request, f"It runs already: {job.started_by} started it.")

    def _resume(self, job: Job) -> None:
        if lifecycle.resume(job):
            enqueue(self.request, job, "It goes on.")
        else:
            messages.error(self.request, _NEVER_ON)

    # --- The list -------------------------------------------------------------------------------------

    def _show(self) -> HttpResponse:
        rows = [JobRow(job, job.seen, job.found, self._may_be_told(job)) for job in _jobs()]
        opened = _job(self.request.GET.get("job", ""))
        about = {
            "title": "Jobs",
            "opts": Job._meta,
            "rows": rows,
            "refresh": any(row.job.state == "running" for row in rows),
            "may_start": self.may_start,
            "may_download": self._sees_tickets,
            "opened": opened,
            "findings": [_finding(one) for one in opened.findings.all()[:FINDINGS]] if opened else [],
        }
        return self.page("desk/jobs.html", about)

    def _may_be_told(self, job: Job) -> bool:
        """Whether the person may read which list a job exports. Its address has others' search words and callers."""
        return self._sees_tickets or job.started_by == self.user.get_username()

    @property
    def _sees_tickets(self) -> bool:
        return self.user.has_perm("ticketing.view_indexedticket")


def enqueue(request: HttpRequest, job: Job, said: str) -> None:
    """Queue a job's first parts, and tell the person `said`. If AWS is away, beat queues them later."""
    try:
        tasks.enqueue(job)
    except aws.AwsError:
        messages.warning(request, _LATER)
    else:
        messages.success(request, said)


def may_export(user: User) -> bool:
    """Whether somebody may export a list of tickets."""
    return user.has_perms(("ticketing.view_indexedticket", "ticketing.change_job"))


def _job(text: str) -> Job | None:
    return Job.objects.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None


@dataclass(frozen=True)
class JobRow:
    """A job's row on the page. `seen` and `found_count` are the sums of its parts.

    `told` is whether the person may read the filters and the search of an exported list.
    """

    job: Job
    seen: int
    found_count: int
    told: bool

    @property
    def title(self) -> str:
        return TITLES[self.job.kind]

    @property
    def colour(self) -> str:
        return _COLOURS[self.job.state]

    @property
    def share(self) -> int:
        """Per cent. The total is an estimate, so a running job never shows 100."""
        return 100 if self.job.state == "done" else min(99, 100 * self.seen // max(self.job.total, 1))

    @property
    def of(self) -> str:
        """The filters and the search of an exported list, as its address has them. Empty for other jobs."""
        if self.job.kind != "export":
            return ""
        if self.erased:
            return "a list with a person who was erased"
        if not self.told:
            return "a list of tickets"
        chosen = QueryDict(self.job.parameters["query"])
        said = [f"{_named(name)} {value}" for name, value in chosen.items() if name not in (ORDER_VAR, PAGE_VAR)]
        return ", ".join(said) or "all tickets"

    @property
    def newest_alone(self) -> str:
        """The limit of a search, in words, if the export reached it and so has only the newest matches. Else empty."""
        if self.erased:
            return ""
        searched = self.job.kind == "export" and QueryDict(self.job.parameters["query"]).get(SEARCH_VAR, "").strip()
        return f"{MOST:,}" if searched and max(self.job.total, self.seen) >= MOST else ""

    @property
    def found(self) -> str:
        count = self.found_count
        if self.job.kind not in STARTED_HERE:
            return f"{count} incomplete" if count else ""
        what = "put right" if self.job.kind == "reindex" else "difference" if count == 1 else "differences"
        return f"{count} {what}"

    @property
    def download(self) -> bool:
        return self.job.kind == "export" and self.job.state == "done" and not self.erased

    @property
    def may_go_on(self) -> bool:
        return self.job.state in ("stopped", "failed") and not self.erased

    @property
    def erased(self) -> bool:
        """Whether it named a person who was erased, so that nobody knows any more what it was asked for."""
        return bool(self.job.parameters == ERASED_JOB)


def _jobs() -> Iterable[Any]:  # jobs with two numbers more, for which mypy has no type
    counted = Job.objects.annotate(seen=Sum("parts__seen", default=0), found=Sum("parts__found", default=0))
    return counted.order_by("-pk")[:SHOWN]


def _named(parameter: str) -> str:
    return "search" if parameter == SEARCH_VAR else parameter.removesuffix("__exact")


def _finding(one: JobFinding) -> dict[str, str]:
    return {"reference": ids.reference(one.ticket_id), "ticket": ticket_url(one.ticket_id), "what": one.what}
