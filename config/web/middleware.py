"""What surrounds every request: its id and its deadline."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import deadline, request_id


class RequestIdMiddleware:
    """Uses the given `X-Request-Id`, or a new one, and returns it with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not reset afterwards, since Django logs a rejected request later still. The next request sets its own id.
        current = request_id.begin(request.headers.get("X-Request-Id"))
        response = self.get_response(request)
        response["X-Request-Id"] = current
        return response


class DeadlineMiddleware:
    """Sets each request's deadline. A download, which is streamed afterwards, has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with deadline.within(deadline.LAST_TRY_SECONDS):
            return self.get_response(request)
