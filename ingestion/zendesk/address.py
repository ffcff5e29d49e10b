"""Zendesk's address: what Foyer sends there has credentials in it, so nobody may read it on its way."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from ingestion.zendesk.errors import GiveUp

OPEN: Final = "ZENDESK_API_URL must begin with https://, so that nobody reads the secret on its way"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def is_loopback(parts: SplitResult) -> bool:
    """Whether what is sent there stays on this machine."""
    return parts.hostname in _LOOPBACK


def check() -> None:
    """Raise GiveUp if the address is open. What else is wrong with it, `requests` says."""
    try:
        parts = urlsplit(settings.ZENDESK_API_URL)
    except ValueError:
        return
    if parts.scheme == "http" and not is_loopback(parts):
        raise GiveUp(OPEN)
