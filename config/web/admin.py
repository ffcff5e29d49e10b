"""What every list of the desk stands on: its address may hold only what the list itself puts there.

Django's own lists filter by any column with any lookup, such as a regular expression, which can take minutes. Each
`ModelAdmin` of the desk is a `DeskAdmin`. A list added later is checked in the same way, and so is its export.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import FieldListFilter
from django.contrib.admin.options import IS_FACETS_VAR
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from config.web.errors import bad_address

_MOST_WORDS = 20  # of a search in Django's own way: each becomes a condition, and SQLite takes no thousand of them
_LONGEST_NAME = 60  # of a parameter, as the refusal repeats it


class BadAddress(Exception):
    """The address of a list with a parameter that the list did not make. Its text is a sentence for the person."""


class DeskAdmin(ModelAdmin):
    """Unfold's, with lists that refuse parameters they did not make, before any query of theirs."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            answer: HttpResponse = super().changelist_view(request, extra_context)
        except BadAddress as refusal:  # answered here, because Django would log an exception with its whole traceback
            return bad_address(request, str(refusal))
        return answer

    def refuse_unknown_parameters(self, request: HttpRequest) -> None:
        """Raise BadAddress if the query string has anything but the list's own filters, search, order and pages."""
        if not request.GET:
            return
        known = set(self._parameters(request))
        unknown = next((name for name in request.GET if name not in known), None)
        if unknown is not None:  # it may be empty
            raise BadAddress(f"This list has no filter {unknown[:_LONGEST_NAME]!r}")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Django makes each list here: to show it, to act on its rows, and, for `ticketing.jobs`, to export it."""
        self.refuse_unknown_parameters(request)
        return super().get_changelist_instance(request)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        words = " ".join(search_term.split()[:_MOST_WORDS])
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, words)
        return found

    def _parameters(self, request: HttpRequest) -> Iterator[str]:
        yield from (ORDER_VAR, PAGE_VAR, ERROR_FLAG)  # with the last, Django redirects to the list without the rest
        if self.get_search_fields(request):
            yield SEARCH_VAR
        if self.list_max_show_all:
            yield ALL_VAR
        if self.show_facets is admin.ShowFacets.ALLOW:
            yield IS_FACETS_VAR
        if self.date_hierarchy:
            yield from (f"{self.date_hierarchy}__{unit}" for unit in ("year", "month", "day"))
        for listed in self.get_list_filter(request):
            yield from self._made_by(listed, request)

    def _made_by(self, listed: Any, request: HttpRequest) -> list[str]:
        """The parameters of one entry of `list_filter`: a filter's class, a field's name, or both."""
        if isinstance(listed, type):
            made = _without_choices(listed)(request, {}, self.model, self)
        else:
            path, kind = listed if isinstance(listed, list | tuple) else (listed, None)
            field = get_fields_from_path(self.model, path)[-1]
            kind = kind or _kind_for(field)
            made = _without_choices(kind)(field, request, {}, self.model, self, field_path=path)
        names: list[str] = made.expected_parameters()
        return names


def _kind_for(field: Any) -> type:
    """The class that Django chooses for a field. It offers no way to ask for the class alone."""
    known: list[tuple[Any, type]] = FieldListFilter._field_list_filters  # type: ignore[attr-defined]  # noqa: SLF001
    return next(kind for fits, kind in known if fits(field))


def _without_choices(kind: type) -> Any:
    """The same filter with nothing to choose from. The real one queries the database for its choices."""
    none = {"lookups": lambda *_: [("", "")], "field_choices": lambda *_: []}
    return type(kind.__name__, (kind,), none)
