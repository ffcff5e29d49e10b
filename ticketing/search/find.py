"""Search: a ticket's reference or id, or words, phrases and beginnings of words that are anywhere in a ticket."""

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet

from config.text import plain
from ticketing.models import IndexedTicket
from ticketing.search import query
from ticketing.search.backends import backend
from ticketing.tickets import ids

# Of more matches the newest are taken: what is in 300,000 tickets cannot be ranked while somebody waits.
MOST = 1000


def search(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    """The ticket that the text names, else those of the tickets that have all of its terms, best first.

    The latter, at most MOST, are annotated with their `place`; the named one is not.
    """
    text = plain(text.replace("\0", " "))
    named = tickets.filter(Q(reference=ids.parse_reference(text) or "") | Q(pk=text.strip()))
    # Asked first, since a word like PASSWORD reads as a reference too.
    return named if named.exists() else _having(tickets, text)


def _having(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    terms = query.parse(text)
    among = tickets if tickets.query.has_filters() else None
    try:
        ranks = backend().newest(terms, among, MOST) if terms else {}
    except EmptyResultSet:  # the filters leave no ticket
        ranks = {}
    best_first = sorted(ranks, key=lambda ticket_id: -ranks[ticket_id])  # of equals the newest, as they came
    return backend().in_order(tickets, best_first).order_by("place") if best_first else tickets.none()
