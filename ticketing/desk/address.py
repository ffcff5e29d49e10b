"""The desk's addresses: whatever somebody types there is looked for as the index spells it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

_NUL, _SPELT = "%00", "%EF%BF%BD"  # U+FFFD, which `ticketing.index.storable` puts in its place


class AddressMiddleware:
    """No filter and no search of the desk holds NUL: no row does, and PostgreSQL cannot even be asked for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(reverse("admin:index")):
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace(_NUL, _SPELT)
        return self.get_response(request)
