"""The one format of times in the record and on the wire: ISO 8601, UTC, milliseconds, `Z`."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def now() -> str:
    """The current time, e.g. `2026-02-09T10:11:12.345Z`."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment (with its time zone) as text. The texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment that a text names, in UTC, or None. A time without a zone is taken as one of `zone`.

    Where clocks change, a time that comes twice is the first of both. One that is skipped is read as if the clocks had
    not been put forward yet: 02:30 is what they then show as 03:30.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # Overflow: the calendar's first and last hours do not exist in every zone
        return None


def is_local(text: str) -> bool:
    """Whether a text is a time, or a day, that does not say of which zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def given(text: str) -> str:
    """A time as a person types it: `2026-02-09T10:00Z`, `2026-02-09`, or how long ago: `90m`, `24h`, `7d`.

    Returns it in the one format. Raises ValueError for anything else.
    """
    if match := _DURATION.fullmatch(text):
        try:
            return stamp(datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])}))
        except OverflowError:
            raise ValueError(f"{text} is longer ago than the calendar goes") from None
    if moment := parse(text):
        return stamp(moment)
    raise ValueError(f"{text} is neither a time (2026-02-09T10:00Z) nor how long ago (90m, 24h, 7d)")
