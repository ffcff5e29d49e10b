"""What every answer says to browsers and caches, whoever made it: a view, Django itself, or the server.

The policy has the form of Django 6's `SECURE_CSP`, whose middleware can take over the pages then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils.cache import patch_vary_headers

# For an answer that is no page: nothing in it is to be run, shown in a frame, guessed at or kept.
BARE: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class HeadersMiddleware:
    """Gives every answer the headers that it has not yet. It stands first, so that the others' errors have them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._tls = SecurityMiddleware(get_response)  # its own place is behind what can fail; here it adds the rest
        self._page = policy(settings.SECURE_CSP)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:  # static files may be kept
            patch_vary_headers(response, ["Token", "Authorization"])
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", self._page)
        for name, value in BARE.items():
            response.headers.setdefault(name, value)
        self._tls.process_response(request, response)
        return response


def policy(directives: Mapping[str, Sequence[str]]) -> str:
    """The header's value."""
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())
