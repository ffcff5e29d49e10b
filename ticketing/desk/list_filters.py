"""The list's filters by status, assignee and caller. For tier and channel, Django's own filters are enough."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ticketing.models import IndexedTicket
from ticketing.tickets.workflow import STATUSES

UNSOLVED = "unsolved"
# These cannot be anybody's name, because a user name has no colon.
MINE, NOBODYS = ":me", ":nobody"
LONGEST_NAME = 80
_MOST_ASSIGNEES = 100


class StatusFilter(SimpleListFilter):
    """One status, or every status in which there is still work to do."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [(UNSOLVED, "Unsolved (open, pending)"), *((status, status.capitalize()) for status in STATUSES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[IndexedTicket]) -> QuerySet[IndexedTicket]:
        if self.value() == UNSOLVED:
            return queryset.filter(status__in=("open", "pending"))
        return queryset.filter(status=self.value()) if self.value() else queryset


class AssigneeFilter(SimpleListFilter):
    """Mine, nobody's, or one person's."""

    title = "assignee"
    parameter_name = "assignee"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [(MINE, "Mine"), (NOBODYS, "Nobody's"), *((name, name) for name in assignees())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[IndexedTicket]) -> QuerySet[IndexedTicket]:
        if not self.value():
            return queryset
        if self.value() == NOBODYS:
            return queryset.filter(Q(assignee=None) | Q(assignee=""))
        return queryset.filter(assignee=request.user.get_username() if self.value() == MINE else self.value())


class CallerFilter(SimpleListFilter):
    """One caller's tickets. A ticket's page links to them. The list offers no choice: there are too many callers."""

    title = "caller"
    parameter_name = "caller"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        chosen = self.value()
        return [(chosen, shortened(chosen))] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[IndexedTicket]) -> QuerySet[IndexedTicket]:
        return queryset.filter(caller_id=self.value()) if self.value() else queryset


def shortened(name: str) -> str:
    """The name, cut to LONGEST_NAME characters."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def assignees() -> list[str]:
    """The names of everybody who is assigned a ticket, a hundred at most.

    The query jumps from name to name along the index. DISTINCT would read every ticket.
    """
    table = connection.ops.quote_name(IndexedTicket._meta.db_table)
    statement = (
        f"WITH RECURSIVE names(name) AS (SELECT MIN(assignee) FROM {table} WHERE assignee > '' UNION ALL "  # noqa: S608
        f"SELECT (SELECT MIN(assignee) FROM {table} WHERE assignee > name) FROM names WHERE name IS NOT NULL) "
        "SELECT name FROM names WHERE name IS NOT NULL LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_MOST_ASSIGNEES])
        return [name for (name,) in cursor.fetchall()]
