"""A cookie that says that somebody has signed in with this browser before. It opens nothing."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE = "known_device"
_SALT = "signin.known_device"
_SECONDS = 90 * 24 * 3600


def knows(request: HttpRequest, name: str) -> bool:
    """Whether the person of that name signed in with this browser in the last ninety days."""
    held = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=_SECONDS)
    return constant_time_compare(held or "", _digest(name))


class KnownDeviceMiddleware:
    """Gives the cookie to a browser in which somebody just signed in: `request.signed_in_as` has the name then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if name := getattr(request, "signed_in_as", None):
            response.set_signed_cookie(
                COOKIE,
                _digest(name),
                salt=_SALT,
                max_age=_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=bool(settings.SESSION_COOKIE_SECURE),
            )
        return response


def _digest(name: str) -> str:
    """No name travels in a cookie."""
    return salted_hmac(_SALT, name, algorithm="sha256").hexdigest()
