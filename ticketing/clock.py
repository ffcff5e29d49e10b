"""The one form of time in the record and on the wire: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import UTC, datetime


def now() -> str:
    """The present moment, e.g. `2026-02-09T10:11:12.345Z`."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment (with its time zone) as text; texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime | None:
    """The moment that a text names, in UTC; None if it names none. One without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last hours of the calendar do not fit into every zone
        return None
