"""Search documents on PostgreSQL: a tsvector beside each part's row, written by us word for word.

No parser and no dictionary of the database is involved, so the words are those of `ticketing.search.words`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from ticketing.models import IndexedTicket
from ticketing.search.parts import SEVERAL, Part
from ticketing.search.query import Term
from ticketing.search.words import EDITION

Source = tuple[str, tuple[Any, ...]]  # a query of tickets' ids, with its parameters


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


def newest(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> dict[str, float]:
    """The newest of the tickets (None: of all) that have all terms, with how well each matches."""
    together = " & ".join(map(_query, terms))
    has_phrase = any(len(term.words) > 1 for term in terms)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        if tickets is not None:
            return _ranked(cursor, terms, _of(tickets, together, has_phrase, most), tickets, most)
        if not has_phrase:
            return _ranked(cursor, terms, (_NEWEST, (together, most)), None, most)
        recent = _ranked(cursor, terms, (_RECENT, (together, most)), None, most)
        return recent if len(recent) == most else _ranked(cursor, terms, (_READ_ALL, (together, most)), None, most)


def in_order(tickets: QuerySet[IndexedTicket], ticket_ids: list[str]) -> QuerySet[IndexedTicket]:
    """Those of the tickets, annotated with their `place` in the list. The list is sent as one value, which is fast."""
    among = RawSQL("ticket_id = ANY(%s::text[])", [ticket_ids], BooleanField())
    place = RawSQL("array_position(%s::text[], ticket_id::text)", [ticket_ids], IntegerField())
    return tickets.filter(among).annotate(place=place)


def _of(tickets: QuerySet[IndexedTicket], together: str, has_phrase: bool, most: int) -> Source:
    """The newest of these tickets: the database may go through them, by an index of theirs, or come from the words."""
    having = RawSQL(f"ticket_id IN ({_HAVING})", [together], BooleanField())  # noqa: S611 - our own text
    age = F("created_at") + timedelta() if has_phrase else F("created_at")  # as in _READ_ALL
    return tickets.filter(having).order_by(age.desc(), "-ticket_id").values("pk")[:most].query.sql_with_params()


def _ranked(
    cursor: Any, terms: Sequence[Term], together: Source, tickets: QuerySet[IndexedTicket] | None, most: int
) -> dict[str, float]:
    queries = [_query(term) for term in terms]
    sources = [together]
    if len(terms) > 1:
        sources.append(_across(queries, tickets, most))
    union = " UNION ".join(f"({source})" for source, _ in sources)
    parameters = [parameter for _, parameters in sources for parameter in parameters]
    cursor.execute(_RANKED.format(union), [" | ".join(queries), *parameters, most])
    return dict(cursor.fetchall())


def _across(queries: list[str], tickets: QuerySet[IndexedTicket] | None, most: int) -> Source:
    """Documents of several parts that have one term here and another there."""
    having = " INTERSECT ".join([_HAVING] * len(queries))
    among, values = ("TRUE", ()) if tickets is None else tickets.order_by().values("pk").query.sql_with_params()
    condition = among if tickets is None else f"ticket_id IN ({among})"
    return _ACROSS.format(having, condition), (*(f"{SEVERAL} & {query}" for query in queries), *values, most)


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
_NEWEST = (
    "SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery "
    "ORDER BY created_at DESC, ticket_id DESC LIMIT %s"
)
# How frequent a phrase is nobody knows. A frequent one has enough matches among the newest documents ...
_RECENT = (
    "SELECT ticket_id FROM (SELECT ticket_id, words FROM ticketing_searchdocument "
    "ORDER BY created_at DESC, ticket_id DESC LIMIT 5000) AS recent WHERE words @@ %s::tsquery LIMIT %s"
)
# ... and a rare one is found by its words; the addition keeps the database from going through all documents.
_READ_ALL = (
    "SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery "
    "ORDER BY created_at + interval '0' DESC, ticket_id DESC LIMIT %s"
)
_HAVING = "SELECT ticket_id FROM ticketing_searchdocument WHERE words @@ %s::tsquery"
_ACROSS = (
    "SELECT ticket_id FROM ticketing_searchdocument WHERE part = 0 AND ticket_id IN ({}) AND {} "
    "ORDER BY created_at DESC, ticket_id DESC LIMIT %s"
)
_RANKED = (
    "SELECT ticket_id, max(ts_rank(words, %s::tsquery)) FROM ticketing_searchdocument WHERE ticket_id IN ({}) "
    "GROUP BY ticket_id ORDER BY max(created_at) DESC, ticket_id DESC LIMIT %s"
)
