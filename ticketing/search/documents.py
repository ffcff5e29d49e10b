"""What search knows of each ticket. `ticketing.index` writes it in the transaction in which it writes the ticket.

A ticket's document is kept in parts of bounded size. A comment changes only the last part, so the ten-thousandth costs
what the first does. Two processes never write the same ticket's document at once, because the caller has locked its
row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import BooleanField, Count, F, Max, Q
from django.db.models.expressions import RawSQL

from ticketing.models import SearchDocument
from ticketing.search import parts
from ticketing.search.backends import backend
from ticketing.search.parts import Part
from ticketing.search.words import EDITION


@dataclass(frozen=True)
class Document:
    """Everything by which a ticket is found."""

    ticket_id: str
    reference: str
    subject: str | None
    description: str
    comments: Sequence[str]
    people: Sequence[str] = ()  # the caller's id, and the requester's name and email


def replace(documents: Iterable[Document]) -> None:
    """Write whole documents. Whatever existed for these tickets is deleted."""
    newest = {document.ticket_id: document for document in documents}
    if newest:
        with transaction.atomic(savepoint=False):
            remove(newest)
            backend().insert([part for one in newest.values() for part in _parts(one)])


def append(added: Mapping[str, Sequence[str]]) -> None:
    """Add the texts of new comments (by ticket id) to the end of these tickets' documents.

    A ticket without a document is skipped: either `replace` writes its document whole, or it has none.
    """
    changed = [part for last in _last_parts(list(added)) for part in _continued(last, added[last.ticket_id])]
    with transaction.atomic(savepoint=False):
        if old := [part for part in changed if part.stands]:
            backend().extend(old)
        if new := [part for part in changed if not part.stands]:
            backend().insert(new)


def remove(ticket_ids: Collection[str]) -> None:
    """Delete these tickets' documents. Their words may be redacted now."""
    if ticket_ids and SearchDocument.objects.filter(ticket_id__in=list(ticket_ids)).delete()[0]:
        backend().forget()


def forget_all() -> None:
    """Have the database give up what it keeps of deleted words, as far as it can now. It may take a while."""
    backend().forget_all()


def missing(ticket_ids: Collection[str]) -> set[str]:
    """Those of the tickets that have no complete document of the current edition: all parts, each with its words."""
    documents = SearchDocument.objects.filter(ticket_id__in=list(ticket_ids)).values("ticket_id").order_by()
    has_words = Q(length=0) | Q(_says(backend().HAS_WORDS))
    whole = documents.annotate(
        last=Max("part"),
        good=Count("part", filter=has_words & Q(edition=EDITION)),
        followed=Count("part", filter=_says(backend().IS_FOLLOWED)),
    ).filter(good=F("last") + 1, followed=F("last"))
    return set(ticket_ids) - set(whole.values_list("ticket_id", flat=True))


def _says(condition: str) -> RawSQL:
    """A condition of the backend on a part's row."""
    return RawSQL(condition, (), BooleanField())  # noqa: S611 - our own text


def _parts(document: Document) -> list[Part]:
    return parts.whole(document.ticket_id, _texts(document))


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    yield parts.SUBJECT, document.reference
    yield parts.SUBJECT, document.subject or ""
    for name in dict.fromkeys(document.people):
        yield parts.PERSON, name
    yield parts.DESCRIPTION, document.description
    for comment in document.comments:
        yield parts.COMMENT, comment


def _last_parts(ticket_ids: list[str]) -> Iterable[SearchDocument]:
    rows = SearchDocument.objects.filter(ticket_id__in=ticket_ids).order_by("part")
    return {row.ticket_id: row for row in rows}.values()


def _continued(last: SearchDocument, comments: Sequence[str]) -> list[Part]:
    texts = [(parts.COMMENT, comment) for comment in comments]
    return parts.continued(last.ticket_id, last.part, last.length, texts)
