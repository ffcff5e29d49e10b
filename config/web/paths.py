"""Ids in paths. An id may have any character, a slash too, which a path has as `%2F`.

Servers decode a path before they pass it on (WSGI's PATH_INFO), and then `a%2Fb` is no longer one part of it. So where
the path as it came has a `%2F`, it is decoded again here, and these slashes are kept apart from the others.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.urls import register_converter
from django.utils.encoding import repercent_broken_unicode

# Stands for a slash of an id. It is half a surrogate pair, which no decoded path can have otherwise.
_SLASH: Final = "\udc2f"
_ENCODED = re.compile("%2f", re.IGNORECASE)
_BEFORE_PATH = re.compile("^[a-z]+://[^/?]*", re.IGNORECASE)


class EncodedSlashMiddleware:
    """Gives the resolver a path in which `_SLASH` stands for each `%2F`. Other paths stay as they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        pieces = _ENCODED.split(_path(request.META.get("RAW_URI", "")))  # RAW_URI is gunicorn's
        if len(pieces) > 1:
            request.path_info = _SLASH.join(_decoded(piece) for piece in pieces)
        return self.get_response(request)


class IdConverter:
    """An id in a path, as `<id:ticket_id>`: one part of the path, with the slashes that are its own."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return value.replace(_SLASH, "/")

    def to_url(self, value: str) -> str:
        return value.replace("/", _SLASH)


register_converter(IdConverter, "id")


def _path(uri: str) -> str:
    """The path in a request's line, where a client of a proxy writes a whole address. What follows `//` is a path."""
    return _BEFORE_PATH.sub("", uri).partition("?")[0]


def _decoded(piece: str) -> str:
    """As Django decodes a whole path."""
    return repercent_broken_unicode(unquote_to_bytes(piece)).decode()
