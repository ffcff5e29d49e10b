"""Search documents on PostgreSQL: each part's row has a tsvector, which Foyer writes word by word.

No parser and no dictionary of the database is involved, so the words are those of `ticketing.search.words`. The
tsvector's index does not know where a word is. A second index therefore holds pairs of adjacent words: see `pairs`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any
from zlib import crc32

from django.db import connection, transaction
from django.db.models import BooleanField, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from ticketing.models import IndexedTicket, SearchDocument
from ticketing.search.parts import FOLLOWED, SEVERAL, Part
from ticketing.search.query import Term
from ticketing.search.words import EDITION

Source = tuple[str, tuple[Any, ...]]  # a query for ticket ids, or a condition, with its parameters


def insert(parts: Sequence[Part]) -> None:
    """Write new parts, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ticketing_searchdocument (ticket_id, part, length, edition, received_at, words, pairs) "  # noqa: S608
            "SELECT new.ticket_id, part, length, %s, ticket.received_at, words::tsvector, pairs::smallint[] "
            f"FROM {_NEW} LEFT JOIN ticketing_indexedticket AS ticket ON ticket.ticket_id = new.ticket_id",
            [EDITION, *_columns(parts)],
        )


def extend(parts: Sequence[Part]) -> None:
    """Add words to parts that exist already, in one statement. `||` puts them after the last word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ticketing_searchdocument AS old SET length = new.length, words = old.words || new.words::tsvector, "  # noqa: S608
            "pairs = old.pairs || new.pairs::smallint[] "
            f"FROM {_NEW} WHERE old.ticket_id = new.ticket_id AND old.part = new.part",
            _columns(parts),
        )


def forget() -> None:
    """Nothing: the words go with their row."""


def forget_all() -> None:
    """Merge what the search indexes collected, and vacuum the tables, so that dead rows are used anew.

    Until then, their bytes stay in the database's files. Only VACUUM FULL, which locks the tables, writes them anew.
    """
    with connection.cursor() as cursor:
        for index in ("search_words", "search_pairs"):
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        if not connection.in_atomic_block:
            cursor.execute(f"VACUUM {_TABLES}")


_TABLES = "ticketing_indexedticket, ticketing_indexedcomment, ticketing_searchdocument, ticketing_job, signin_session"


# The parts as rows. The indexes collect updates, and the write that fills the collection merges it (see migration
# 0008). With this much memory it does so in one go, which takes half as long.
_NEW = (
    "(SELECT set_config('work_mem', '32MB', true)) AS setting, "
    "unnest(%s::text[], %s::int[], %s::int[], %s::text[], %s::text[]) AS new (ticket_id, part, length, words, pairs)"
)
# For `documents.missing`. A first part has a pair at least, because a reference has several words.
HAS_WORDS = "words <> '' AND (part > 0 OR pairs <> '{}')"
IS_FOLLOWED = f"words @@ '{FOLLOWED}'"


def _columns(parts: Sequence[Part]) -> list[list[str] | list[int]]:
    return [
        [part.ticket_id for part in parts],
        [part.number for part in parts],
        [part.length for part in parts],
        [vector(part) for part in parts],
        [pairs(text for _, text in part.texts) for part in parts],
    ]


def vector(part: Part) -> str:
    """The part's words in the notation of a tsvector: `fire:3B printer:1A,9C`. No word needs escaping."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    place = 0
    for weight, text in part.texts:
        place += 1  # no phrase reaches from one text into the next
        for word in text:
            place += 1
            found[word].append(f"{place}{weight}")
    return " ".join([f"{word}:{','.join(places)}" for word, places in found.items()] + part.signs)


def pairs(texts: Iterable[Sequence[str]]) -> str:
    """The pairs of adjacent words, each as one of 65,536 numbers, in the notation of an array: `{-7,20412}`."""
    found = {crc32(" ".join(two).encode()) % 65_536 - 32_768 for text in texts for two in pairwise(text)}
    return f"{{{','.join(map(str, found))}}}"


def newest(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> dict[str, float]:
    """The newest of the tickets (None: of all) that have all terms, `most` at most: id, and how well it matches."""
    sources = [_together(terms, tickets, most)]
    if len(terms) > 1:
        sources.append(_across(terms, tickets, most))
    union = " UNION ".join(f"({source})" for source, _ in sources)
    parameters = [parameter for _, parameters in sources for parameter in parameters]
    anything = " | ".join(map(_query, terms))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(_RANKED.format(union), [anything, *parameters, most])
        return dict(cursor.fetchall())


def in_order(tickets: QuerySet[IndexedTicket], ticket_ids: list[str]) -> QuerySet[IndexedTicket]:
    """Those of the tickets that are in the list of ids, annotated with their `place` in it.

    The list is sent as one value. The places are sent as an object, in which each is looked up, not searched for.
    """
    places = json.dumps({ticket_id: place for place, ticket_id in enumerate(ticket_ids)})
    among = RawSQL("ticket_id = ANY(%s::text[])", [ticket_ids], BooleanField())
    place = RawSQL("(%s::jsonb -> ticket_id::text)::int", [places], IntegerField())
    return tickets.filter(among).annotate(place=place)


def _together(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> Source:
    """The newest tickets that have all terms in one part of their document.

    The database knows how frequent words and pairs are, and chooses. It starts with the newest documents (or the newest
    of `tickets`, by one of their indexes), or it starts with the words.
    """
    condition, parameters = _having(terms)
    if tickets is None:
        return _NEWEST.format(condition), (*parameters, most)
    having = RawSQL(_IDS.format(condition), parameters, BooleanField())  # noqa: S611 - our own text
    return tickets.filter(having).order_by("-received_at", "-ticket_id").values("pk")[:most].query.sql_with_params()


def _across(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> Source:
    """Documents of several parts that have one term in one part and another in another."""
    conditions = [_having([term], SEVERAL) for term in terms]
    having = " INTERSECT ".join(_DOCUMENTS.format(condition) for condition, _ in conditions)
    among, values = ("TRUE", ()) if tickets is None else tickets.order_by().values("pk").query.sql_with_params()
    condition = among if tickets is None else f"ticket_id IN ({among})"
    parameters = [parameter for _, some in conditions for parameter in some]
    return _ACROSS.format(having, condition), (*parameters, *values, most)


def _having(terms: Sequence[Term], *words: str) -> Source:
    """The condition that a part has all of these terms, and these words."""
    together = " & ".join([*words, *map(_query, terms)])
    beside = pairs(term.words[:-1] if term.prefix else term.words for term in terms if not term.others)
    if beside == "{}":
        return "words @@ %s::tsquery", (together,)
    return "words @@ %s::tsquery AND pairs @> %s::smallint[]", (together, beside)


def has(term: Term, tickets: QuerySet[IndexedTicket] | None) -> bool:
    """Whether any of the tickets (None: of all) has the term."""
    source, parameters = _together([term], tickets, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(source, parameters)
        return cursor.fetchone() is not None


def words_with(term: Term, newest: QuerySet[SearchDocument], most: int) -> list[str]:
    """The words of these parts with the term behind their first letter, the most frequent first, `most` at most."""
    (inside,), (among, parameters) = term.words, newest.values("pk").query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(_CONTAINING.format(among), [*parameters, f"%{inside}%", f"_%{inside}{'%' * term.prefix}", most])
        return [word for (word,) in cursor.fetchall()]


def _query(term: Term) -> str:
    """The term in the notation of a tsquery."""
    ways = [f"({_SIDE_BY_SIDE.join(way)}{':*' if term.is_open(way) else ''})" for way in term.ways]
    return f"({' | '.join(ways)})"


# JIT compilation takes longer than these queries run. On today's disks, a page from anywhere costs what the next one
# does. And the places of a million documents fit into this memory.
_SETTINGS = (
    "SELECT set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true), "
    "set_config('work_mem', '64MB', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
_SIDE_BY_SIDE = " <-> "
# No word has a character that LIKE reads as a sign. To take a part's words apart takes twice as long as to write them
# in one line, so this is done only for parts that have some.
_CONTAINING = (
    "WITH parts AS MATERIALIZED (SELECT words FROM ticketing_searchdocument "
    "WHERE id IN ({}) AND strip(words)::text LIKE %s) "
    "SELECT word FROM parts, unnest(tsvector_to_array(words)) AS word "
    'WHERE word LIKE %s GROUP BY word ORDER BY count(*) DESC, word COLLATE "C" LIMIT %s'
)
_DOCUMENTS = "SELECT ticket_id FROM ticketing_searchdocument WHERE {}"
_IDS = f"ticket_id IN ({_DOCUMENTS})"
_NEWEST = (
    "SELECT ticket_id FROM (SELECT DISTINCT received_at, ticket_id FROM ticketing_searchdocument WHERE {} "
    "ORDER BY received_at DESC, ticket_id DESC LIMIT %s) AS newest"
)
_ACROSS = (
    "SELECT ticket_id FROM ticketing_searchdocument WHERE part = 0 AND ticket_id IN ({}) AND {} "
    "ORDER BY received_at DESC, ticket_id DESC LIMIT %s"
)
_RANKED = (
    "SELECT ticket_id, max(ts_rank(words, %s::tsquery)) FROM ticketing_searchdocument WHERE ticket_id IN ({}) "
    "GROUP BY ticket_id ORDER BY max(received_at) DESC, ticket_id DESC LIMIT %s"
)
