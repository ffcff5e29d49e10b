"""Search: a ticket's reference or id, or words, phrases and beginnings of words that are anywhere in a ticket."""

from django.core.exceptions import EmptyResultSet
from django.db.models import FloatField, Q, QuerySet
from django.db.models.expressions import RawSQL

from ticketing import ids
from ticketing.models import IndexedTicket
from ticketing.search import query
from ticketing.search.backends import backend
from ticketing.search.query import Among

# Of more matches the newest are taken: what is in 300,000 tickets cannot be ranked while somebody waits.
MOST = 1000


def search(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    """The ticket that the text names, else those of the tickets that have all of its terms, best first.

    The latter, at most MOST, are annotated with `rank`; the named one is not.
    """
    text = text.replace("\0", " ").encode("utf-8", "replace").decode()
    named = tickets.filter(Q(reference=ids.parse_reference(text) or "") | Q(pk=text.strip()))
    # Asked first, since a word like PASSWORD reads as a reference too.
    return named if named.exists() else _having(tickets, text)


def _having(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    terms = query.parse(text)
    try:
        ranks = backend().newest(terms, _among(tickets), MOST) if terms else {}
    except EmptyResultSet:  # the filters leave no ticket
        ranks = {}
    if not ranks:
        return tickets.none()
    case = f"CASE ticket_id {'WHEN %s THEN %s ' * len(ranks)}END"
    rank = RawSQL(case, [part for pair in ranks.items() for part in pair], FloatField())  # noqa: S611 - our own text
    found = tickets.filter(pk__in=ranks).annotate(rank=rank)
    return found.order_by("-rank", "-created_at", "-ticket_id")


def _among(tickets: QuerySet[IndexedTicket]) -> Among:
    """The tickets that count as a query; none if there is no filter, which is faster."""
    if not tickets.query.has_filters():
        return None
    return tickets.order_by().values("pk").query.sql_with_params()
