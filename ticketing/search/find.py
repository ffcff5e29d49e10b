"""Search: finds a ticket by its reference or id, or tickets by words, phrases and beginnings of words in them."""

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet

from config.text import plain
from ticketing.models import IndexedTicket
from ticketing.search import query
from ticketing.search.backends import backend
from ticketing.tickets import ids

# If more match, the newest are taken: 300,000 tickets cannot be ranked while somebody waits.
MOST = 1000


def search(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    """The ticket that the text names, or else those of the tickets that have all of its terms, best first.

    The latter are MOST at most, and annotated with their `place`. A ticket found by name has no `place`.
    """
    text = plain(text.replace("\0", " "))
    named = tickets.filter(Q(reference=ids.parse_reference(text) or "") | Q(pk=text.strip()))
    # A word such as PASSWORD reads as a reference too, so ask whether such a ticket exists.
    return named if named.exists() else _having(tickets, text)


def _having(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    terms = query.parse(text)
    among = tickets if tickets.query.has_filters() else None
    try:
        ranks = backend().newest(terms, among, MOST) if terms else {}
    except EmptyResultSet:  # the filters leave no ticket
        ranks = {}
    best_first = sorted(ranks, key=lambda ticket_id: -ranks[ticket_id])  # equals stay as they came, newest first
    return backend().in_order(tickets, best_first).order_by("place") if best_first else tickets.none()
