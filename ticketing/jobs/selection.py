"""Which tickets a list of the desk has: asked of the admin itself, so that an export has just what the list has."""

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ticketing.models import IndexedTicket


class Unpaged(HttpRequest):
    """Asks which tickets a list has, and for no page of it."""


class _Named(AnonymousUser):
    """Somebody of whom a list knows the name alone, which is all that it asks for."""

    def __init__(self, username: str) -> None:
        super().__init__()
        self.username = username  # type: ignore[assignment]


def matching(query_string: str, username: str) -> QuerySet[IndexedTicket]:
    """All tickets of the list with that address, as it is for that person now.

    Raises IncorrectLookupParameters and DisallowedModelAdminLookup, as the list does, if there is no such list.
    """
    request = Unpaged()
    request.method, request.GET = "GET", QueryDict(query_string)
    request.user = _Named(username)
    listed = admin.site.get_model_admin(IndexedTicket).get_changelist_instance(request)
    tickets: QuerySet[IndexedTicket] = listed.queryset
    return tickets
