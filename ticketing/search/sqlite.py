"""Search documents on SQLite: the words are in an FTS5 table, under the id of each part's row."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from ticketing.models import IndexedTicket, SearchDocument
from ticketing.search.parts import FOLLOWED, SEVERAL, SUBJECT, Part
from ticketing.search.query import Term
from ticketing.search.words import BORDER, EDITION


def insert(parts: Sequence[Part]) -> None:
    """Write new parts."""
    tickets = IndexedTicket.objects.filter(pk__in={part.ticket_id for part in parts}).order_by()
    times = dict(tickets.values_list("pk", "received_at"))
    rows = SearchDocument.objects.bulk_create(
        SearchDocument(
            ticket_id=part.ticket_id,
            part=part.number,
            length=part.length,
            edition=EDITION,
            received_at=times.get(part.ticket_id),
        )
        for part in parts
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ticketing_searchwords (rowid, subject, body) VALUES (%s, %s, %s)",
            [(row.pk, *_columns(part)) for row, part in zip(rows, parts, strict=True)],
        )


def extend(parts: Sequence[Part]) -> None:
    """Add words to parts that exist already. They are words of comments, so the subject stays."""
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


def forget() -> None:
    """Remove the words of deleted documents from FTS5's own tables, too. It keeps them until it merges its parts.

    This takes as long as the index is large, so it is done only while it is small: then it takes 0.2 s at most.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM ticketing_searchwords_data LIMIT 1 OFFSET %s", [_MOST_PAGES])
        if cursor.fetchone() is None:
            cursor.execute("INSERT INTO ticketing_searchwords (ticketing_searchwords) VALUES ('optimize')")


def forget_all() -> None:
    """Merge all parts of FTS5's index, however large it is. Then write the log into the file and cut it.

    `secure_delete` (config/settings.py) has overwritten the pages that became free.
    """
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ticketing_searchwords (ticketing_searchwords) VALUES ('optimize')")
        if not connection.in_atomic_block:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_MOST_PAGES = 2_000  # of about 4 kB: the words of some 6,000 tickets


# For `documents.missing`.
_WORDS = "SELECT 1 FROM ticketing_searchwords WHERE rowid = ticketing_searchdocument.id"
HAS_WORDS = f"EXISTS ({_WORDS} AND subject || body <> '')"
IS_FOLLOWED = f"EXISTS ({_WORDS} AND instr(body, '{FOLLOWED}'))"


def _columns(part: Part) -> tuple[str, str]:
    """The words of reference and subject, and those of everything else."""
    subject = "".join(_text(words) for weight, words in part.texts if weight == SUBJECT)
    body = "".join(_text(words) for weight, words in part.texts if weight != SUBJECT)
    return subject, body + "".join(f" {sign}" for sign in part.signs)


def _text(words: list[str]) -> str:
    return f" {BORDER} {' '.join(words)}"


def newest(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> dict[str, float]:
    """The newest of the tickets (None: of all) that have all terms, `most` at most: id, and how well it matches."""
    condition, values = _among(tickets)
    queries = [_query(term) for term in terms]
    together = " AND ".join(queries)
    sources = [_RANKED]
    parameters: list[Any] = [together, *values, most, together]
    if len(terms) > 1:
        sources.append(_ACROSS.format(" INTERSECT ".join([_HAVING] * len(terms)), condition))
        parameters += [*(f'"{SEVERAL}" AND {query}' for query in queries), *values]
    with connection.cursor() as cursor:
        cursor.execute(_MATCHING.format(condition, " UNION ALL ".join(sources)), [*parameters, most])
        return dict(cursor.fetchall())


def has(term: Term, tickets: QuerySet[IndexedTicket] | None) -> bool:
    """Whether any of the tickets (None: of all) has the term."""
    condition, values = _among(tickets)
    with connection.cursor() as cursor:
        cursor.execute(f"{_HAVING} AND {condition} LIMIT 1", [_query(term), *values])
        return cursor.fetchone() is not None


def in_order(tickets: QuerySet[IndexedTicket], ticket_ids: list[str]) -> QuerySet[IndexedTicket]:
    """Those of the tickets that are in the list of ids, annotated with their `place` in it."""
    case = "CASE ticket_id " + " ".join(f"WHEN %s THEN {place}" for place in range(len(ticket_ids))) + " END"
    place = RawSQL(case, ticket_ids, IntegerField())  # noqa: S611 - our own text
    return tickets.filter(pk__in=ticket_ids).annotate(place=place)


def words_with(term: Term, newest: QuerySet[SearchDocument], most: int) -> list[str]:
    """The words of these parts with the term behind their first letter, the most frequent first, `most` at most."""
    among, parameters = newest.values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_CONTAINING.format(among), [*parameters, *term.words * 2])
        around = (set(_around(term.words[0], f"{text} ")) for (text,) in cursor)
        found = Counter(word for words in around for word in words if term.is_in([word[1:]]))
    return sorted(found, key=lambda word: (-found[word], word))[:most]


def _around(inside: str, text: str) -> Iterator[str]:
    """The words with that inside. An expression, or a list of all words, takes several times as long."""
    place = text.find(inside)
    while place >= 0:
        end = text.find(" ", place)
        yield text[text.rfind(" ", 0, place) + 1 : end]
        place = text.find(inside, end)


def _among(tickets: QuerySet[IndexedTicket] | None) -> tuple[str, tuple[Any, ...]]:
    """The condition that a document is of one of the tickets."""
    if tickets is None:
        return "TRUE", ()
    among, values = tickets.order_by().values("pk").query.sql_with_params()
    return f"ticket_id IN ({among})", values


def _query(term: Term) -> str:
    """The term in FTS5's notation."""
    ways = [f'"{" ".join(way)}"{" *" if term.is_open(way) else ""}' for way in term.ways]
    return f"({' OR '.join(ways)})"


_CONTAINING = (
    "SELECT subject || body FROM ticketing_searchwords WHERE rowid IN ({}) AND (instr(body, %s) OR instr(subject, %s))"
)
_DOCUMENTS = "ticketing_searchdocument JOIN ticketing_searchwords ON ticketing_searchwords.rowid = id"
# Only the newest matching tickets are ranked, each by the first of its parts that matches. A word in the subject weighs
# ten times as much as one elsewhere. FTS5's rank is lower for a better match. CROSS JOIN keeps the order of the tables,
# because FTS5 counts the words anew whenever it is asked for one row. CAST: SQLite uses an index for a join only if it
# knows that both sides have the same type.
_RANKED = (
    "SELECT ticket_id, received_at, -bm25(ticketing_searchwords, 10.0, 1.0) AS rank "
    "FROM ticketing_searchwords CROSS JOIN newest ON newest.id = ticketing_searchwords.rowid "
    "WHERE ticketing_searchwords MATCH %s"
)
# A document of several parts may have one word in one part and another in another: a weaker match.
_ACROSS = "SELECT ticket_id, received_at, 0 FROM ticketing_searchdocument WHERE part = 0 AND ticket_id IN ({}) AND {}"
_HAVING = f"SELECT ticket_id FROM {_DOCUMENTS} WHERE ticketing_searchwords MATCH %s"  # noqa: S608
_MATCHING = (
    "WITH newest AS MATERIALIZED (SELECT CAST(MIN(id) AS INTEGER) AS id, ticket_id, received_at "  # noqa: S608
    f"FROM {_DOCUMENTS} WHERE ticketing_searchwords MATCH %s AND {{}} "
    "GROUP BY received_at, ticket_id ORDER BY received_at DESC, ticket_id DESC LIMIT %s), "
    "matching AS MATERIALIZED ({}) SELECT ticket_id, MAX(rank) FROM matching "
    "GROUP BY ticket_id ORDER BY MAX(received_at) DESC, ticket_id DESC LIMIT %s"
)
