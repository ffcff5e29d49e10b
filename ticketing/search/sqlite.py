"""Search documents on SQLite: the words in an FTS5 table, under the id of each part's row."""

from collections.abc import Sequence

from django.db import connection

from ticketing.models import SearchDocument
from ticketing.search.parts import BORDER, SEVERAL, SUBJECT, Part
from ticketing.search.words import EDITION


def insert(parts: Sequence[Part]) -> None:
    """Write new parts."""
    rows = SearchDocument.objects.bulk_create(
        SearchDocument(ticket_id=part.ticket_id, part=part.number, length=part.length, edition=EDITION)
        for part in parts
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ticketing_searchwords (rowid, subject, body) VALUES (%s, %s, %s)",
            [(row.pk, *_columns(part)) for row, part in zip(rows, parts, strict=True)],
        )


def extend(parts: Sequence[Part]) -> None:
    """Add words to parts that stand there."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE ticketing_searchdocument SET length = %s WHERE ticket_id = %s AND part = %s",
            [(part.length, part.ticket_id, part.number) for part in parts],
        )
        cursor.executemany(
            "UPDATE ticketing_searchwords SET body = body || %s WHERE rowid = "
            "(SELECT id FROM ticketing_searchdocument WHERE ticket_id = %s AND part = %s)",
            [(_columns(part)[1], part.ticket_id, part.number) for part in parts],
        )


def _columns(part: Part) -> tuple[str, str]:
    """The words of reference and subject, and those of everything else."""
    subject = "".join(_text(words) for weight, words in part.texts if weight == SUBJECT)
    body = "".join(_text(words) for weight, words in part.texts if weight != SUBJECT)
    return subject, body + (f" {SEVERAL}" if part.several else "")


def _text(words: list[str]) -> str:
    return f" {BORDER} {' '.join(words)}"
