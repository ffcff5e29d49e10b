"""Keeps NUL out of the desk's addresses and sessions, so that the database accepts every query made from them."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

_NUL, _SPELT = "%00", "%EF%BF%BD"  # U+FFFD, which `ticketing.index.storable` puts in place of NUL


def _leads_backwards(request: HttpRequest) -> bool:
    """Whether the field is another model's, seen from its end. Django fails at such a field."""
    names = (request.GET.get(name, "") for name in ("app_label", "model_name", "field_name"))
    app_label, model_name, field_name = names
    try:
        field = apps.get_model(app_label, model_name)._meta.get_field(field_name)
    except (LookupError, FieldDoesNotExist):
        return False  # Django refuses it
    return not field.concrete


class AddressMiddleware:
    """Removes NUL from filters, searches, links and sessions. No row has it, and PostgreSQL rejects queries with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\0" not in value}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Django calls this when it has resolved the address, and before anything reads the query string."""
        found = request.resolver_match
        if not found or found.namespace != "admin":
            return
        if found.url_name == "view_on_site" and "\0" in request.path:
            raise Http404
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace(_NUL, _SPELT)
        if found.url_name == "autocomplete" and _leads_backwards(request):
            raise PermissionDenied
