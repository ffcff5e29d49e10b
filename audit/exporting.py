"""Rows of the record for people and programs: the filters, a line each as JSON Lines, or CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet

from audit.models import Entry
from config import json, times

FORMATS: Final = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
COLUMNS: Final = (
    "number",
    "at",
    "action",
    "actor",
    "door",
    "target",
    "details",
    "address",
    "request_id",
    "previous",
    "digest",
)
_ROWS = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


def chosen(since: str | None = None, actor: str | None = None, action: str | None = None) -> QuerySet[Entry]:
    """The rows since a time, of a person (also those about them), of an action. The newest first."""
    rows = Entry.objects.all()
    rows = rows.filter(at__gte=since) if since else rows
    rows = rows.filter(action=action) if action else rows
    return of_person(rows, actor) if actor else rows


def of_person(rows: QuerySet[Entry], name: str) -> QuerySet[Entry]:
    """What the person did, and what was done to them: their sign-ins that failed, their rights."""
    return (rows.filter(actor=name) | rows.filter(target=f"user {name}")).distinct()


def lines(rows: QuerySet[Entry], form: str) -> Iterator[str]:
    """The rows, oldest first, in one of FORMATS."""
    oldest_first = rows.order_by("number").iterator(_ROWS)
    return _csv(oldest_first) if form == "csv" else (json.dumps(_values(one)) + "\n" for one in oldest_first)


def _values(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": times.stamp(entry.at), "details": json.loads(entry.details)}


def _csv(rows: Iterator[Entry]) -> Iterator[str]:
    yield _line(COLUMNS)
    for entry in rows:
        values = _values(entry) | {"details": entry.details}
        yield _line([f"'{one}" if str(one).startswith(_FORMULA) else one for one in values.values()])


def _line(values: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
