"""Search documents on PostgreSQL: a tsvector beside each part's row, written by us word for word.

No parser and no dictionary of the database is involved, so the words are those of `ticketing.search.words`.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from ticketing.search.parts import SEVERAL, Part
from ticketing.search.words import EDITION


def insert(parts: Sequence[Part]) -> None:
    """Write new parts, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ticketing_searchdocument (ticket_id, part, length, edition, words) "
            "SELECT ticket_id, part, length, %s, words::tsvector "
            "FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[]) AS new (ticket_id, part, length, words)",
            [EDITION, *_columns(parts)],
        )


def extend(parts: Sequence[Part]) -> None:
    """Add words to parts that stand there, in one statement. `||` puts them behind the last word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ticketing_searchdocument AS old SET length = new.length, words = old.words || new.words::tsvector "
            "FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[]) AS new (ticket_id, part, length, words) "
            "WHERE old.ticket_id = new.ticket_id AND old.part = new.part",
            _columns(parts),
        )


def _columns(parts: Sequence[Part]) -> list[list[str] | list[int]]:
    return [
        [part.ticket_id for part in parts],
        [part.number for part in parts],
        [part.length for part in parts],
        [vector(part) for part in parts],
    ]


def vector(part: Part) -> str:
    """The part's words as a tsvector is written: `'fire':3B 'printer':1A,9C`. Nothing in a word has to be escaped."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    place = 0
    for weight, text in part.texts:
        place += 1  # no phrase reaches from one text into the next
        for word in text:
            place += 1
            found[word].append(f"{place}{weight}")
    if part.several:
        found[SEVERAL] = []
    return " ".join(f"'{word}':{','.join(places)}" if places else f"'{word}'" for word, places in found.items())
