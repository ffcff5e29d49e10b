"""Reads single values of Zendesk's answers, whatever is there."""

from typing import Any

from config import times
from config.text import mended


def text(value: Any) -> str | None:
    """A text fit for the desk, or None if it is missing or blank."""
    return clean(value) if isinstance(value, str) and value.strip() else None


def clean(value: str) -> str:
    """The text with U+FFFD for what no database stores: NUL and lone surrogates. S3 has the original."""
    return mended(value)


def moment(value: str | None) -> str | None:
    """Zendesk's time in the record's format, or None if it is not a time."""
    parsed = times.parse(value) if value else None
    return times.stamp(parsed) if parsed else None


def inner(value: Any, name: str) -> dict[str, Any]:
    """An object inside an object, empty if it is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
