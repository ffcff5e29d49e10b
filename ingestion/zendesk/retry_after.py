"""Reads the header `Retry-After`, in whatever form Zendesk or a proxy before it writes it."""

import math
import re
import time

from django.utils.http import parse_http_date_safe

# A date has a comma of its own: `Sun, 06 Nov 1994 08:49:37 GMT`.
_PART = re.compile(r"\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,[^,]*|[^,]+")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]*)?")


def seconds(header: str | None) -> int | None:
    """The seconds to wait, rounded up. None if the header is missing or asks for nothing that can be waited for.

    Each part of the header is a number, also a decimal, or an HTTP date. The longest wait counts: two headers arrive as
    `50, 47`. What is negative, past or no time at all is left out. Never raises.
    """
    waits = [wait for part in _PART.findall(header or "") if (wait := _wait(part.strip()))]
    return max(waits, default=None)


def _wait(part: str) -> int:
    if _SECONDS.fullmatch(part):
        return math.ceil(float(part))
    moment = parse_http_date_safe(part)
    return max(math.ceil(moment - time.time()), 0) if moment is not None else 0
