"""The page *Record*: who did what. Nobody adds, changes or deletes a row there.

A row says that somebody did something to a ticket. What it was, the ticket's own notes say, so a row's page shows the
note of the same request beside it.
"""

from typing import Any

from django.contrib.admin import SimpleListFilter, display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode

from audit import exporting, trail
from audit.actions import Action
from audit.models import Entry
from config import aws, json
from config.web.admin import BadAddress, DeskAdmin
from config.web.errors import bad_address
from ticketing.desk.page import DeskPage, ticket_url
from ticketing.record import history

RECORD = "admin:audit_entry_changelist"
_AWAY = "AWS does not answer, so the ticket's own note cannot be shown now."
_LONGEST = 60
_LONGEST_NUMBER = 19  # digits: a database's integers end there


class WhoFilter(SimpleListFilter):
    """What a person did, and what was done to them. A row's name links to it; the list offers no choice."""

    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.value()
        return [(chosen, chosen)] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        chosen = self.value()
        return exporting.of_person(queryset, chosen) if chosen else queryset


class RecordAdmin(DeskAdmin):
    """The list, a row's page, and the export of the list."""

    list_display = ("when", "who", "act", "what", "more", "address")
    list_display_links = ("when",)
    list_filter = (WhoFilter, "action")
    search_fields = ("actor", "target", "details", "address", "request_id")
    search_help_text = "A name, an address, an id"
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    actions = None

    @display(description="When")
    def when(self, entry: Entry) -> str:
        return date_format(entry.at, "j M Y, H:i:s")

    @display(description="Who")
    def who(self, entry: Entry) -> str:
        if not entry.actor:
            return "Somebody"
        address = f"{reverse(RECORD)}?{urlencode({'who': entry.actor})}"
        return format_html('<a href="{}"><bdi>{}</bdi></a> ({})', address, entry.actor, entry.door)

    @display(description="Did")
    def act(self, entry: Entry) -> str:
        return entry.get_action_display()

    @display(description="To")
    def what(self, entry: Entry) -> str:
        said, link = cut(entry.target), link_of(entry.target)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', link, said) if link else format_html("<bdi>{}</bdi>", said)

    @display(description="Details")
    def more(self, entry: Entry) -> str:
        return format_html("<bdi>{}</bdi>", cut(told(entry.details)))

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/<str:form>/", export, name="audit_entry_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Record: who did what"} | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return EntryPage(self, request).answer(unquote(object_id))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """All rows of the list as a file. The export is a row itself, written first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in exporting.FORMATS:
            raise Http404
        try:
            rows = self.get_changelist_instance(request).queryset
        except BadAddress as refusal:
            return bad_address(request, str(refusal))
        trail.record(Action.RECORD_EXPORTED, details={"form": form, "filters": sorted(request.GET)})
        headers = {"Content-Disposition": f'attachment; filename="record.{form}"'}
        return StreamingHttpResponse(exporting.lines(rows, form), content_type=exporting.FORMATS[form], headers=headers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EntryPage(DeskPage):
    """One request to the page of one row."""

    def answer(self, number: str) -> HttpResponse:
        """The row, and what its ticket's note says of it. Raises Http404 if there is no such row."""
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        usable = number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER
        entry = Entry.objects.filter(pk=number).first() if usable else None
        if entry is None:
            raise Http404
        about = {"title": entry.get_action_display(), "opts": Entry._meta, "facts": facts(entry)}
        return self.page("desk/record_entry.html", about | {"list_address": reverse(RECORD)} | _noted(entry))


def facts(entry: Entry) -> list[dict[str, Any]]:
    """What the row says, as labels and values."""
    return [
        {"label": "When", "value": entry.at},
        {"label": "Who", "value": f"{entry.actor or 'Somebody'} ({entry.door})"},
        {"label": "To", "value": entry.target, "link": link_of(entry.target), "leads_to": "The ticket"},
        {"label": "Details", "value": told(entry.details)},
        {"label": "Address", "value": entry.address},
        {"label": "Request", "value": entry.request_id},
        {"label": "Row", "value": str(entry.number)},
        {"label": "Digest", "value": entry.digest},
    ]


def link_of(target: str) -> str:
    """The address of the ticket's page, if the target is a ticket."""
    kind, _, ticket_id = target.partition(" ")
    return ticket_url(ticket_id) if kind == "ticket" and ticket_id else ""


def told(details: str) -> str:
    """The details in words."""
    return "; ".join(f"{name}: {_said(value)}" for name, value in json.loads(details).items())


def cut(text: str) -> str:
    """The text as a list has room for it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _noted(entry: Entry) -> dict[str, Any]:
    """The fields that the ticket's own notes of the same request say were changed. Their values are on the ticket."""
    kind, _, ticket_id = entry.target.partition(" ")
    if kind != "ticket" or not entry.request_id:
        return {}
    try:
        return {"of_ticket": True, "fields": history.fields_of(ticket_id, entry.request_id)}
    except aws.AwsError:
        return {"of_ticket": True, "away": _AWAY}
