"""Export at the desk: the button above the ticket list, and the download. An export contains internal notes."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from audit import trail
from audit.actions import Action
from config import aws
from config.web.admin import BadAddress
from ticketing.desk.jobs_page import NOT_NOW, enqueue, may_export
from ticketing.desk.page import LIST, DeskPage
from ticketing.jobs import export, lifecycle, tasks
from ticketing.models import Job

JOBS = "admin:ticketing_job_changelist"
_NO_SUCH_LIST = "There is no such list of tickets, so nothing is exported."
_GONE = f"This export is not kept any more: each is deleted after {export.KEPT_DAYS} days. Export the list again."


class ExportPage(DeskPage):
    """One request to start an export. Its query string is that of the list to be exported."""

    def answer(self) -> HttpResponse:
        """Start the export, and redirect to the page *Jobs*, which shows it."""
        if not may_export(self.user):
            raise PermissionDenied
        if self.request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        by = self.user.get_username()
        try:
            self.admin.refuse_unknown_parameters(self.request)
            parameters = {"query": self.request.GET.urlencode(), "by": by}
            job, new = lifecycle.start("export", by, tasks.SEGMENTS, parameters)
        except (IncorrectLookupParameters, BadAddress):
            messages.error(self.request, _NO_SUCH_LIST)
            return HttpResponseRedirect(reverse(LIST))
        if new:
            enqueue(self.request, job, "The export is started: it can be downloaded here when it is done.")
        else:
            messages.info(self.request, "You are exporting this list already.")
        return HttpResponseRedirect(reverse(JOBS))


class DownloadPage(DeskPage):
    """One request to download an export that is done."""

    def answer(self, job_id: int) -> HttpResponseBase:
        """The file. If it is not complete, or AWS is away, a redirect to the ticket list with a sentence instead.

        Raises Http404 if there is no finished export with this id.
        """
        if not self.user.has_perm("ticketing.view_indexedticket"):
            raise PermissionDenied
        job = Job.objects.filter(pk=job_id, kind="export", state="done").first()
        if job is None:
            raise Http404
        pieces = list(job.pieces.all())
        try:
            if export.whole(pieces):
                trail.record(Action.EXPORT_DOWNLOADED, target=f"job {job.pk}", details={"by": job.started_by})
                return _file(job, pieces)
            messages.error(self.request, _GONE)
        except aws.AwsError:
            messages.error(self.request, NOT_NOW)
        return HttpResponseRedirect(reverse(LIST))


def _file(job: Job, pieces: list[Any]) -> HttpResponseBase:
    """The file as a stream. Its length is sent first, so that a browser notices if the download breaks off."""
    name = f"tickets-{timezone.localtime(job.started_at):%Y-%m-%d}.jsonl"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(sum(piece.size for piece in pieces)),
    }
    return StreamingHttpResponse(export.content(pieces), content_type="application/x-ndjson", headers=headers)
