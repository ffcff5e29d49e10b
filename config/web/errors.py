"""Errors as callers see them: one JSON form, `{"error": sentence, "request_id": id}`, that reveals no internals."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions, status
from rest_framework.response import Response

from config import refusals
from config.request_id import request_id

log = logging.getLogger(__name__)


class ApiError(exceptions.APIException):
    """An answer that is an error. `detail` is a sentence for the caller; `headers` go with it (`_` becomes `-`)."""

    def __init__(self, sentence: str | None = None, **headers: str) -> None:
        super().__init__(sentence)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BadRequest(ApiError):
    status_code = status.HTTP_400_BAD_REQUEST


class Unauthorized(ApiError):
    status_code = status.HTTP_401_UNAUTHORIZED


class RequestTimeout(ApiError):
    status_code = status.HTTP_408_REQUEST_TIMEOUT


class TooLarge(ApiError):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class TooManyRequests(ApiError):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS


class UnsupportedMediaType(ApiError):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE


_REFUSALS: dict[type[refusals.Refusal], int] = {
    refusals.Invalid: 400,
    refusals.Absent: 404,
    refusals.Final: 409,
    refusals.Stale: 412,
    refusals.KeyReused: 422,
    refusals.Busy: 503,
}

_SENTENCES: dict[type[Exception], tuple[int, str]] = {
    exceptions.NotAuthenticated: (401, "Authentication is required: send the header Token, or Authorization: Bearer"),
    exceptions.AuthenticationFailed: (401, "The token is not known"),
    exceptions.PermissionDenied: (403, "The token does not have the scope for this"),
    PermissionDenied: (403, "You may not do this"),
    exceptions.MethodNotAllowed: (405, "Method not allowed"),
    exceptions.UnsupportedMediaType: (415, "Content-Type must be application/json"),
    exceptions.NotAcceptable: (406, "Only application/json can be answered"),
    RequestDataTooBig: (413, "Request body is too large"),
    Http404: (404, "Not found"),
}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: answers any exception of a view in the one JSON form. Logs unexpected ones (500)."""
    if isinstance(error, ApiError):
        return Response(_body(str(error.detail)), status=error.status_code, headers=error.headers)
    if isinstance(error, exceptions.ValidationError):
        return Response(_body(_first_sentence(error.detail)), status=400)
    if isinstance(error, refusals.Refusal):
        code = _REFUSALS[type(error)]
        return Response(_body(error.sentence), status=code, headers={"Retry-After": "30"} if code == 503 else None)
    for known, (code, sentence) in _SENTENCES.items():
        if isinstance(error, known):
            headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
            return Response(_body(sentence), status=code, headers=headers)
    log.error("Unexpected error in %s", context.get("view"), exc_info=error)
    return Response(_body("Internal server error"), status=500)


def _first_sentence(detail: Any) -> str:
    """The first complaint of a serializer, however deeply it is nested."""
    while not isinstance(detail, str):
        detail = next(iter(detail.values() if isinstance(detail, dict) else detail))
    return str(detail)


def _body(sentence: str) -> dict[str, str]:
    return {"error": sentence, "request_id": request_id()}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404, for a path that no door has."""
    return _answer(request, 404, "Not found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500, for failures outside our own views."""
    return _answer(request, 500, "Internal server error")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400, for requests that it rejects before any view (a wrong host, say)."""
    return JsonResponse(_body("The request is not valid"), status=400)


def bad_address(request: HttpRequest, sentence: str) -> HttpResponse:
    """A 400 with this sentence, for an address of the desk that no page of it links to."""
    return _answer(request, 400, sentence)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 403 outside the APIs."""
    return _answer(request, 403, "You may not do this")


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's 403 for a form without its token, or from another site's page."""
    return _answer(request, 403, "The form was not accepted", form_refused=True)


def _answer(request: HttpRequest, status: int, sentence: str, **more: bool) -> HttpResponse:
    """The error as JSON, but as a page at the desk, where a person reads it."""
    if not request.path.startswith("/desk/"):
        return JsonResponse(_body(sentence), status=status)
    context = {"status": status, "sentence": sentence, "request_id": request_id()} | more
    return HttpResponse(render_to_string("desk/error.html", context), status=status)
