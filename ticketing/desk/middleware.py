"""The desk's addresses and sessions: whatever somebody sends there, the database can be asked for it."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

_NUL, _SPELT = "%00", "%EF%BF%BD"  # U+FFFD, which `ticketing.index.storable` puts in its place


class AddressMiddleware:
    """No filter, search, link or session of the desk holds NUL: no row does, and PostgreSQL cannot be asked for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\0" not in value}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """What Django asks for when it knows whose the address is, and before anybody has read its query."""
        found = request.resolver_match
        if not found or found.namespace != "admin":
            return
        if found.url_name == "view_on_site" and "\0" in request.path:
            raise Http404
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace(_NUL, _SPELT)
