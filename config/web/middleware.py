"""What happens around every request: its id, and its deadline."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import deadline, request_id


class RequestIdMiddleware:
    """Takes `X-Request-Id`, or makes one, and returns it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not reset afterwards: Django logs a refused request when this is over. The next request sets its own.
        current = request_id.begin(request.headers.get("X-Request-Id"))
        response = self.get_response(request)
        response["X-Request-Id"] = current
        return response


class DeadlineMiddleware:
    """Sets each request's deadline. What is streamed after it, a download, has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with deadline.within(deadline.LAST_TRY_SECONDS):
            return self.get_response(request)
