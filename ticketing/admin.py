"""The desk's pages in Django's admin: the ticket list, and the routes to the pages of `ticketing.desk`."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from audit.models import Entry
from config.web.admin import DeskAdmin
from ticketing.desk.deliveries_page import DeliveriesPage
from ticketing.desk.erase_page import RIGHT as ERASE
from ticketing.desk.erase_page import ErasePage, ErasurePage
from ticketing.desk.export_page import DownloadPage, ExportPage
from ticketing.desk.jobs_page import JobsPage
from ticketing.desk.list_columns import COLUMNS
from ticketing.desk.list_filters import AssigneeFilter, CallerFilter, StatusFilter
from ticketing.desk.list_page import TicketList
from ticketing.desk.list_pages import pages
from ticketing.desk.navigation import home
from ticketing.desk.new_ticket_page import NewTicketPage
from ticketing.desk.people_pages import GroupAdmin, UserAdmin
from ticketing.desk.record_pages import RecordAdmin
from ticketing.desk.redact_page import RedactPage
from ticketing.desk.set_aside_page import SetAsidePage
from ticketing.desk.ticket_page import TicketPage
from ticketing.index import storable
from ticketing.models import Delivery, Erasure, IndexedTicket, IndexedTicketQuerySet, Job
from ticketing.search.find import search


@admin.register(IndexedTicket)
class TicketAdmin(DeskAdmin):
    """The list reads the index; nothing here writes SQL."""

    list_display = COLUMNS
    list_filter = (StatusFilter, "tier", "channel", AssigneeFilter, CallerFilter)
    search_fields = ("subject",)  # so that the search field is shown; `search` decides what it finds
    search_help_text = 'Reference, words, "a phrase", begin*, *inside*'
    sortable_by = ("created_at", "received_at", "updated_at")
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, {"title": "Tickets"} | (extra_context or {}))
        return answer

    def get_queryset(self, request: HttpRequest) -> IndexedTicketQuerySet:
        return IndexedTicket.objects.for_list()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, storable(object_id), from_field)

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        redact = self.admin_site.admin_view(self.redact_view)
        return [
            path("export/", export, name="ticketing_indexedticket_export"),
            path("<path:object_id>/redact/", redact, name="ticketing_indexedticket_redact"),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        return ExportPage(self, request).answer()

    def redact_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return RedactPage(self, request, unquote(object_id)).answer()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TicketList]:
        return TicketList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, orphans: int = 0, allow_empty_first_page: bool = True
    ) -> Any:
        return pages(queryset, per_page)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[IndexedTicket], search_term: str
    ) -> tuple[QuerySet[IndexedTicket], bool]:
        if not search_term.strip():
            return queryset, False
        found = search(queryset, search_term)
        request.found = found  # type: ignore[attr-defined]  # for TicketList
        return found.tickets, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return TicketPage(self, request, unquote(object_id)).answer()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return NewTicketPage(self, request).answer()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)


@admin.register(Delivery)
class DeliveryAdmin(DeskAdmin):
    """The list of deliveries that have not ended well, and the page that sets one aside. Neither reads SQL."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.changelist_view)
        aside = self.admin_site.admin_view(self.aside_view)
        return [
            path("", page, name="ticketing_delivery_changelist"),
            path("<path:delivery_id>/aside/", aside, name="ticketing_delivery_aside"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return DeliveriesPage(self, request).answer()

    def aside_view(self, request: HttpRequest, delivery_id: str) -> HttpResponse:
        return SetAsidePage(self, request).answer(unquote(delivery_id))


@admin.register(Job)
class JobAdmin(DeskAdmin):
    """One page with the current and earlier jobs and the buttons that start them, and the download of exports."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.changelist_view)
        download = self.admin_site.admin_view(self.download_view)
        return [
            path("", page, name="ticketing_job_changelist"),
            path("<int:job_id>/tickets.jsonl", download, name="ticketing_job_download"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return JobsPage(self, request).answer()

    def download_view(self, request: HttpRequest, job_id: int) -> HttpResponseBase:
        return DownloadPage(self, request).answer(job_id)


@admin.register(Erasure)
class ErasureAdmin(DeskAdmin):
    """The pages that erase a person. One right lets somebody see and use them."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.changelist_view)
        one = self.admin_site.admin_view(self.erasure_view)
        return [
            path("", page, name="ticketing_erasure_changelist"),
            path("<int:pk>/", one, name="ticketing_erasure_change"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(ERASE))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return ErasePage(self, request).answer()

    def erasure_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return ErasurePage(self, request).answer(pk)


def _no_search(request: HttpRequest) -> HttpResponse:
    """Unfold's search over the names of pages. The desk has no field for it, and a wrong page number made it a 500."""
    raise Http404


admin.site.search = _no_search  # type: ignore[attr-defined]  # Unfold's
# It comes before the site's own paths. `admin:index` remains the name of this address.
admin.site.extra_urls = lambda: [path("", admin.site.admin_view(home))]  # type: ignore[attr-defined]  # Unfold's
admin.site.index_title = "Support desk"
admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.register(User, UserAdmin)
admin.site.register(Group, GroupAdmin)
admin.site.register(Entry, RecordAdmin)
