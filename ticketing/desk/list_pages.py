"""The list's pages, and how far they reach: to show fifty tickets nobody counts a million."""

from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from ticketing.models import IndexedTicket
from ticketing.search import find

# Two hundred pages, which nobody turns: who wants what is behind them filters, searches, or begins at the other end.
FARTHEST = 10_000


class ListPages(Paginator):  # type: ignore[type-arg]  # which has one for the checker alone
    """Pages of a list, as far as FARTHEST."""

    template_name = "desk/pages.html"

    @cached_property
    def count(self) -> int:
        """How many tickets the pages have."""
        return min(self._counted, FARTHEST)

    @property
    def total(self) -> str:
        """How many tickets the list has, in words."""
        if self._counted > FARTHEST:
            return f"more than {FARTHEST:,} tickets"
        return "1 ticket" if self.count == 1 else f"{self.count:,} tickets"

    @property
    def rest(self) -> str:
        """What to do about those that no page has; empty if there are none."""
        if self._counted <= FARTHEST:
            return ""
        return f"The pages end at {FARTHEST:,} tickets: a filter, a search, or the other order shows those behind them."

    @cached_property
    def _counted(self) -> int:
        # The time alone is asked for, since each index of a filter has it: one filter reads no row.
        return self._tickets.order_by().values("created_at")[: FARTHEST + 1].count()

    @property
    def _tickets(self) -> QuerySet[IndexedTicket]:
        return cast("QuerySet[IndexedTicket]", self.object_list)


class SearchPages(ListPages):
    """Pages of what a search found, at most `find.MOST`: of tickets that are not on the page only the ids are read.

    A thousand tickets stand in as many places of the disk, and a search would wait for all of them to show fifty.
    """

    def page(self, number: int | str) -> "Page[IndexedTicket]":
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        on_it = self._tickets.filter(pk__in=self._ids[start : start + self.per_page])
        return Page(on_it, number, self)

    @property
    def rest(self) -> str:
        if self.count < find.MOST:
            return ""
        return (
            f"Only the newest {find.MOST:,} of the tickets that match are listed and exported: "
            "another word, or a filter, finds older ones."
        )

    @cached_property
    def _counted(self) -> int:
        return len(self._ids)

    @cached_property
    def _ids(self) -> list[str]:
        return list(self._tickets.values_list("pk", flat=True))


def searched(tickets: QuerySet[IndexedTicket]) -> bool:
    """Whether these are what a search found."""
    return "place" in tickets.query.annotations


def pages(tickets: QuerySet[IndexedTicket], per_page: int) -> ListPages:
    """The tickets, divided into pages."""
    return (SearchPages if searched(tickets) else ListPages)(tickets, per_page)
