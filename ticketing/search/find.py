"""Search: finds a ticket by its reference or id, or tickets by words, phrases and parts of words in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet

from config.text import plain
from ticketing.models import IndexedTicket, SearchDocument
from ticketing.search import query
from ticketing.search.backends import backend
from ticketing.search.query import Term
from ticketing.tickets import ids

# If more match, the newest are taken: 300,000 tickets cannot be ranked while somebody waits.
MOST = 1000
# No index knows the inside of words. Words with a part inside are looked for in so many of the newest documents' parts,
# and the most frequent of them are then searched for everywhere.
MOST_LOOKED_THROUGH, MOST_WITH_PART = 2_000, 100


@dataclass(frozen=True)
class Found:
    """What a search finds, and how it was understood.

    The tickets are MOST at most, and annotated with their `place`. A ticket found by name has no `place`.
    """

    tickets: QuerySet[IndexedTicket]
    terms: Sequence[Term] = ()
    begun: Sequence[str] = ()  # words that no ticket has, so that words were searched for that begin so
    in_part: bool = False  # inner parts of words were searched for, and further words may have them


def search(tickets: QuerySet[IndexedTicket], text: str) -> Found:
    """The ticket that the text names, or else those of the tickets that have all of its terms, best first.

    If there are none, each word that no ticket has is tried as the beginning of a word.
    """
    text = plain(text.replace("\0", " "))
    named = tickets.filter(Q(reference=ids.parse_reference(text) or "") | Q(pk=text.strip()))
    # A word such as PASSWORD reads as a reference too, so ask whether such a ticket exists.
    if named.exists():
        return Found(named)
    terms = query.parse(text)
    try:
        found = _having(tickets, terms)
        return found if not terms or not found.tickets.query.is_empty() else _wider(found, tickets, text)
    except EmptyResultSet:  # the filters leave no ticket
        return Found(tickets.none(), terms)


def _wider(found: Found, tickets: QuerySet[IndexedTicket], text: str) -> Found:
    """What is found if words that no ticket has may be beginnings; else what was found."""
    among, wide = _among(tickets), query.parse(text, wide=True)
    lacking = [term for term in wide if term.beginning != term and not backend().has(term, among)]
    terms = [term.beginning if term in lacking else term for term in wide]
    if terms == list(found.terms):
        return found
    more = _having(tickets, terms)
    return found if more.tickets.query.is_empty() else replace(more, begun=[term.typed for term in lacking])


def _having(tickets: QuerySet[IndexedTicket], terms: Sequence[Term]) -> Found:
    among = _among(tickets)
    known, in_part = _with_words(terms, among)
    ranks = backend().newest(known, among, MOST) if known else {}
    best_first = sorted(ranks, key=lambda ticket_id: -ranks[ticket_id])  # equals stay as they came, newest first
    ordered = backend().in_order(tickets, best_first).order_by("place") if best_first else tickets.none()
    return Found(ordered, terms, in_part=in_part)


def _among(tickets: QuerySet[IndexedTicket]) -> QuerySet[IndexedTicket] | None:
    return tickets if tickets.query.has_filters() else None


def _with_words(terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None) -> tuple[Sequence[Term], bool]:
    """The terms, each inner part with the words that have it; and whether there may be further words."""
    if not any(term.inside for term in terms):
        return terms, False
    parts = _newest_parts(tickets)
    newest, further = parts[:MOST_LOOKED_THROUGH], parts[MOST_LOOKED_THROUGH : MOST_LOOKED_THROUGH + 1]
    words = {term: backend().words_with(term, newest, MOST_WITH_PART + 1) for term in terms if term.inside}
    known = [replace(term, others=tuple(words.get(term, term.others)[:MOST_WITH_PART])) for term in terms]
    return known, any(len(some) > MOST_WITH_PART for some in words.values()) or further.exists()


def _newest_parts(tickets: QuerySet[IndexedTicket] | None) -> QuerySet[SearchDocument]:
    parts = SearchDocument.objects.order_by("-received_at", "-ticket_id")
    if tickets is None:
        return parts
    newest = tickets.order_by("-received_at", "-ticket_id").values("pk")
    return parts.filter(ticket_id__in=newest[: MOST_LOOKED_THROUGH + 1])
