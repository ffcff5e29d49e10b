"""Which tickets a list of the desk has. The admin itself answers, so that an export has exactly the list's tickets."""

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ticketing.models import IndexedTicket


class Unpaged(HttpRequest):
    """A request for all tickets of a list, not for one of its pages."""


class _Named(AnonymousUser):
    """A user with nothing but a name, which is all that a list asks for."""

    def __init__(self, username: str) -> None:
        super().__init__()
        self.username = username  # type: ignore[assignment]


def matching(query_string: str, username: str) -> QuerySet[IndexedTicket]:
    """All tickets that the list with this query string has now for the person with this user name.

    If there is no such list, raises IncorrectLookupParameters or BadAddress, as the list does.
    """
    request = Unpaged()
    request.method, request.GET = "GET", QueryDict(query_string)
    request.user = _Named(username)
    listed = admin.site.get_model_admin(IndexedTicket).get_changelist_instance(request)
    tickets: QuerySet[IndexedTicket] = listed.queryset
    return tickets
