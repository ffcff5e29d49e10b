"""When each source was last asked for work, by whichever process: an item a source, in the table of the checkpoints.

A queue whose messages wait while nobody asks for them looks like an idle one from outside. From these items, `/readyz`
and the desk tell the two apart.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from config import aws, times
from config.aws import sqs
from config.consumer.sources import Source, sources

TELL_SECONDS: Final = 20.0  # how often a process writes it down
LATE_SECONDS: Final = 120  # after which waiting messages are told: longer than any task may take

_POLLS = aws.Table("CHECKPOINTS_TABLE")
_PREFIX = "polls "  # no checkpoint's key begins so
_told: dict[str, float] = {}


def tell(source: Source) -> None:
    """Write down that the source was asked just now, unless this process did so in the last seconds."""
    now = time.monotonic()
    if now - _told.get(source.name, -TELL_SECONDS) < TELL_SECONDS:
        return
    _told[source.name] = now
    with suppress(aws.AwsError):  # the next poll tells it
        _POLLS.put({"source": _PREFIX + source.name, "at": times.now()})


def unworked() -> list[str]:
    """A sentence for each source of which work waits and nobody asks for it. Raises aws.AwsError."""
    known = sources()
    keys = [{"source": _PREFIX + one.name} for one in known]
    last = {item["source"]: times.parse(item["at"]) for item in _POLLS.get_all(keys)}
    told = [_sentence(one, last.get(_PREFIX + one.name)) for one in known]
    return [one for one in told if one]


def _sentence(source: Source, last: datetime | None) -> str | None:
    seconds = (datetime.now(UTC) - last).total_seconds() if last else None
    if seconds is not None and seconds < LATE_SECONDS:
        return None
    if source.kind == "change-stream":  # nobody can tell whether something waits in it
        return _stream(source, seconds) if seconds else None
    waiting = sqs.count(source.of)
    since = f"for {_duration(seconds)}" if seconds else "yet"
    told = f"Messages wait in {source.of} ({waiting}): nobody has asked for them {since}. {_start(source)}"
    return told if waiting else None


def _stream(source: Source, seconds: float) -> str:
    return f"Changes of tickets are not announced: nobody has read them for {_duration(seconds)}. {_start(source)}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _start(source: Source) -> str:
    return f"Start `manage.py {'worker' if source.kind == 'tasks' else f'consume {source.name}'}`."
