"""A list of the admin whose address may be anything that somebody types."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList


class FilteredList(ChangeList):
    """Takes no filter that holds NUL: no row does, and PostgreSQL cannot even be asked for it."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """The rows. Raises IncorrectLookupParameters, upon which the admin shows the list without filters."""
        if any("\0" in text for texts in self.get_filters_params().values() for text in texts):
            raise IncorrectLookupParameters
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows
