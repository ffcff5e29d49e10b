"""The list's pages, and how far they reach. Counting a million tickets takes longer than showing fifty of them."""

from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from ticketing.models import IndexedTicket
from ticketing.search import find

# Two hundred pages, more than anybody turns. A filter, a search, or the opposite order shows the tickets behind them.
FARTHEST = 10_000


class ListPages(Paginator):  # type: ignore[type-arg]  # generic only for the type checker
    """Pages of a list, up to its FARTHEST-th ticket."""

    template_name = "desk/pages.html"

    @cached_property
    def count(self) -> int:
        """How many tickets the pages have, FARTHEST at most."""
        return min(self._counted, FARTHEST)

    @property
    def total(self) -> str:
        """How many tickets the list has, in words."""
        if self._counted > FARTHEST:
            return f"more than {FARTHEST:,} tickets"
        return "1 ticket" if self.count == 1 else f"{self.count:,} tickets"

    @property
    def rest(self) -> str:
        """How to see the tickets behind the last page. Empty if there are none."""
        if self._counted <= FARTHEST:
            return ""
        return f"The pages end at {FARTHEST:,} tickets: a filter, a search, or the other order shows those behind them."

    @cached_property
    def _counted(self) -> int:
        # Only the time is selected, because every filter's index contains it: with one filter, no row is read.
        return self._tickets.order_by().values("received_at")[: FARTHEST + 1].count()

    @property
    def _tickets(self) -> QuerySet[IndexedTicket]:
        return cast("QuerySet[IndexedTicket]", self.object_list)


class SearchPages(ListPages):
    """Pages of search results, `find.MOST` at most. Of tickets that are not on the page, only the ids are read.

    A thousand tickets are in as many places on the disk. Reading all of them to show fifty would be slow.
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
    """Whether these are search results: `search` has annotated them with their `place`."""
    return "place" in tickets.query.annotations


def pages(tickets: QuerySet[IndexedTicket], per_page: int) -> ListPages:
    """The tickets, divided into pages."""
    return (SearchPages if searched(tickets) else ListPages)(tickets, per_page)
