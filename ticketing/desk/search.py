"""Search in the index: a reference in any spelling, a ticket's id, or words of what the list shows as the subject."""

from django.db.models import Q, QuerySet

from ticketing import ids
from ticketing.models import IndexedTicket


def search(tickets: QuerySet[IndexedTicket], text: str) -> QuerySet[IndexedTicket]:
    """The tickets that the text names, else those whose subject has all of its words."""
    named = tickets.filter(Q(reference=ids.parse_reference(text) or "") | Q(pk=text.strip()))
    # Asked first, since a word like PASSWORD reads as a reference too.
    return named if named.exists() else tickets.filter(*map(_has_word, text.split()))


def _has_word(word: str) -> Q:
    """A ticket without a subject shows its description in its place."""
    return Q(subject__icontains=word) | Q(subject=None, issue_description__icontains=word)
