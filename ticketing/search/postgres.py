"""Search documents on PostgreSQL: a tsvector beside each part's row, written by us word for word.

No parser and no dictionary of the database is involved, so the words are those of `ticketing.search.words`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from ticketing.search.parts import SEVERAL, Part
from ticketing.search.query import Among, Term
from ticketing.search.words import EDITION


def insert(parts: Sequence[Part]) -> None:
    """Write new parts, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ticketing_searchdocument (ticket_id, part, length, edition, created_at, words) "
            "SELECT new.ticket_id, part, length, %s, ticket.created_at, words::tsvector "
            "FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[]) AS new (ticket_id, part, length, words) "
            "LEFT JOIN ticketing_indexedticket AS ticket ON ticket.ticket_id = new.ticket_id",
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
    """The part's words as a tsvector is written: `fire:3B printer:1A,9C`. Nothing in a word has to be escaped."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    place = 0
    for weight, text in part.texts:
        place += 1  # no phrase reaches from one text into the next
        for word in text:
            place += 1
            found[word].append(f"{place}{weight}")
    return " ".join([f"{word}:{','.join(places)}" for word, places in found.items()] + [SEVERAL] * part.several)


def newest(terms: Sequence[Term], among: Among, most: int) -> dict[str, float]:
    """The newest tickets that have all terms, with how well each matches. `among`: as `find` says it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        has_phrase = any(len(term.words) > 1 for term in terms)
        found = _search(cursor, _RECENT if has_phrase else _MATCHING, terms, among, most)
        if has_phrase and len(found) < most:
            found = _search(cursor, _READ_ALL, terms, among, most)
    return found


def _search(cursor: Any, source: str, terms: Sequence[Term], among: Among, most: int) -> dict[str, float]:
    condition, values = (f"ticket_id IN ({among[0]})", among[1]) if among else ("TRUE", ())
    queries = [_query(term) for term in terms]
    sources, parameters = [source.format(condition)], [" & ".join(queries), *values, most]
    if len(terms) > 1:
        sources.append(_ACROSS.format(" INTERSECT ".join([_HAS_TERM] * len(terms)), condition))
        parameters += [*(f"{SEVERAL} & {query}" for query in queries), *values, most]
    cursor.execute(_RANKED.format(" UNION ".join(sources)), [" | ".join(queries), *parameters, most])
    return dict(cursor.fetchall())


def _query(term: Term) -> str:
    """The term as a tsquery is written."""
    return f"({' <-> '.join(term.words)}{':*' if term.prefix else ''})"


# JIT compiles for longer than these queries run; a page from anywhere costs what the next one does on today's disks;
# and the places of a million documents fit the memory.
_SETTINGS = (
    "SELECT set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true), "
    "set_config('work_mem', '64MB', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
# For words the database knows how frequent they are: it goes through the newest documents, or through its index.
_MATCHING = (
    "(SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery AND {} "
    "ORDER BY created_at DESC, ticket_id DESC LIMIT %s)"
)
# How frequent a phrase is nobody knows. A frequent one has enough matches among the newest documents ...
_RECENT = (
    "(SELECT ticket_id FROM (SELECT * FROM ticketing_searchdocument ORDER BY created_at DESC, ticket_id DESC "
    "LIMIT 10000) AS recent WHERE words @@ %s::tsquery AND {} LIMIT %s)"
)
# ... and a rare one is found by its words; the addition keeps the database from going through all documents.
_READ_ALL = (
    "(SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery AND {} "
    "ORDER BY created_at + interval '0' DESC, ticket_id DESC LIMIT %s)"
)
# Documents of several parts may have one word here and another there.
_ACROSS = (
    "(SELECT ticket_id FROM ticketing_searchdocument WHERE part = 0 AND ticket_id IN ({}) AND {} "
    "ORDER BY created_at DESC, ticket_id DESC LIMIT %s)"
)
_HAS_TERM = "SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery"
_RANKED = (
    "SELECT ticket_id, max(ts_rank(words, %s::tsquery)) FROM ticketing_searchdocument WHERE ticket_id IN ({}) "
    "GROUP BY ticket_id ORDER BY max(created_at) DESC, ticket_id DESC LIMIT %s"
)
