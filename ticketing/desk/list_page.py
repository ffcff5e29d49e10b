"""The ticket list. Search results come best first, each with the excerpt that matches."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from unfold.templatetags.unfold_list import result_headers
from unfold.views import ChangeList

from ticketing.desk.list_columns import row
from ticketing.desk.list_filters import CallerFilter, shortened
from ticketing.desk.list_pages import searched
from ticketing.jobs.selection import Unpaged
from ticketing.models import IndexedTicket
from ticketing.search import find, query
from ticketing.search.excerpt import excerpts, marked
from ticketing.search.find import Found


class TicketList(ChangeList):
    """The list that an address describes: which tickets, in what order, and how a page shows them."""

    result_list: Any
    found: Found | None  # None if nothing was searched for

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[IndexedTicket]:
        tickets: QuerySet[IndexedTicket] = super().get_queryset(request, *args, **kwargs)
        self.found = getattr(request, "found", None)  # as TicketAdmin has left it there
        if searched(tickets) and ORDER_VAR in self.params:  # the person's order instead of best first
            tickets = tickets.order_by(*self.get_ordering(request, tickets.order_by()))
        return tickets

    def get_ordering_field_columns(self) -> dict[int, str]:
        best_first = searched(self.queryset) and ORDER_VAR not in self.params
        return {} if best_first else super().get_ordering_field_columns()

    def get_ordering_field(self, field_name: Any) -> Any:
        """Sort only by columns that can be clicked, since these have an index. An address may name any column."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    @property
    def caller(self) -> str:
        """The caller whose tickets alone are listed, shortened to fit a line. Empty if the list has everybody's."""
        return shortened(self.params.get(CallerFilter.parameter_name, ""))

    @property
    def of_everybody(self) -> str:
        """The same list without that filter."""
        return str(self.get_query_string(remove=[CallerFilter.parameter_name]))

    @property
    def has_operators(self) -> bool:
        """Whether somebody typed something that other search engines take for an operator."""
        return query.has_operators(self.query)

    @property
    def begun(self) -> Sequence[str]:
        """Words that no ticket has, so that the list has tickets with words that begin so."""
        return self.found.begun if self.found else ()

    @property
    def looked_in_part(self) -> str:
        """How far words were looked for that have what was typed inside, if there may be more of them. Else empty."""
        if not (self.found and self.found.in_part):
            return ""
        return (
            "An inner part is looked for in the words of about the newest "
            f"{find.MOST_LOOKED_THROUGH:,} tickets, and up to {find.MOST_WITH_PART} of these words are searched for. "
            "A filter, or more letters, may find further tickets."
        )

    def get_results(self, request: HttpRequest) -> None:
        if isinstance(request, Unpaged):
            return
        super().get_results(request)
        if self.paginator.rest or not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count  # so that Unfold shows no number of results above the list

    @cached_property
    def rows(self) -> list[SafeString]:
        """The rows of this page. For search results, matching words are marked, and the matching excerpt is shown."""
        tickets = list(self.result_list)
        if not searched(self.queryset):
            return [row(one, self._address(one), one.title) for one in tickets]
        terms = self.found.terms if self.found else ()
        pieces = excerpts([one.ticket_id for one in tickets], terms)
        return [row(one, self._address(one), marked(one.title, terms), pieces.get(one.ticket_id)) for one in tickets]

    @property
    def headers(self) -> list[dict[str, Any]]:
        """The columns' names, and where a click on them leads."""
        return list(result_headers(self))

    def _address(self, ticket: IndexedTicket) -> str:
        """The address of the ticket's page. It carries this list's filters, so that people return to the same list."""
        return f"{self.url_for_result(ticket)}?{self.preserved_filters}".removesuffix("?")
