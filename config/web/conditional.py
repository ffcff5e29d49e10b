"""Conditional requests (RFC 9110, section 13). A thing's version in quotes is its entity tag.

Proxies that compress answers mark the tag, since the bytes are not the same any more: nginx weakens it (`W/"3"`), and
Apache and Caddy add the coding (`"3-gzip"`). Their clients send back what they got, so each of these is version 3.
`If-Match` should compare strongly, which would reject weak tags. But that guards against bytes that differ, and a
version counts changes: a change of the same version is the same change, however the answer was packed.
"""

import re
from typing import Final

from django.utils.http import parse_etags
from rest_framework.request import Request

from config.web.errors import BadRequest

_MARKED = re.compile(r'(W/)?"(?P<tag>[^"]*?)(--?(gzip|br|zstd|deflate))?"')
_VERSION = re.compile(r"0|[1-9][0-9]{0,17}")
_HOW_TO: Final = 'If-Match must be the ticket\'s version in quotes, e.g. "3"'


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def expected_versions(request: Request) -> frozenset[int] | None:
    """The versions in `If-Match`, any of which will do. None if there is no such header, or if all will do (`*`).

    A tag that is a number but no version (`"01"`) matches nothing. Raises BadRequest (400) if the header is malformed
    or has no number at all: on a 412, a client would read the ticket again and come back with the same.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    tags = _tags(header)
    if tags is None or not any(tag.isdecimal() for tag in tags):
        raise BadRequest(_HOW_TO)
    return frozenset(int(tag) for tag in tags if _VERSION.fullmatch(tag))


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has the answer with this entity tag already, as its `If-None-Match` says."""
    header = request.headers.get("If-None-Match", "").strip()
    return header == "*" or tag.strip('"') in (_tags(header) or ())


def _tags(header: str) -> list[str] | None:
    """The tags of a list, without quotes and marks. None if it is no list of entity tags."""
    parts = [part for part in header.split(",") if part.strip()]
    found = [match["tag"] for tag in parse_etags(header) if (match := _MARKED.fullmatch(tag))]
    return found if len(found) == len(parts) else None
