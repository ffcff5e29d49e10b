"""The address of the client, also behind proxies."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address, or nothing if there is none.

    Each proxy adds the address that it sees to the end of `X-Forwarded-For`. So with PROXIES proxies of ours in front,
    the entry so far from the end is true. What stands before it is the client's own words, and counts for nothing.
    """
    entries = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.PROXIES <= len(entries):
        return _address(entries[-settings.PROXIES]) or _address(request.META.get("REMOTE_ADDR", ""))
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
