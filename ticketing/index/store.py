"""Writes the index. A ticket is taken only if it is newer, so tickets may come repeatedly and in any order.

Comments may come twice and in any order too, but only with their ticket or after it.

A batch is one transaction. It first locks the rows of its tickets in order, so writers wait for each other. If two
batches each bring a new ticket that the other one has too, the database may end one of them. That batch has to come
again. The writer of a comment holds the lock of its ticket's row, so the count and the search document always include
the comment.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ticketing.index import upsert
from ticketing.index.rows import OURS, READ, comment_row, names, row_of, same
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.search import documents
from ticketing.search.documents import Document
from ticketing.tickets.ticket import Comment, Ticket


def apply(tickets: Iterable[Ticket], comments: Iterable[Comment] = ()) -> set[str]:
    """Put tickets and comments (some hundred at most) into the index, in one transaction.

    1. Of a ticket that comes several times, keep the newest version.
    2. Lock the rows of all tickets concerned, in order.
    3. Write the tickets that are newer than their rows. Skip the others.
    4. Write the comments that the index lacks, or has in an earlier revision. Skip those whose ticket it does not have,
       because whoever brings the ticket brings its comments.
    5. Count the comments anew, for tickets that got one and for new tickets.
    6. Write the search documents: whole ones for new tickets, changed texts and replaced comments, only the new
       comments for the others.
    7. Return the ids of skipped tickets whose row has the same version but says something else. The program that wrote
       them counts no versions, and only the record tells which is newer.

    Raises DatabaseError. Nothing of the batch was taken then.
    """
    rows = {row.ticket_id: row for row in map(row_of, _newest(tickets))}
    revised = sorted(map(comment_row, comments), key=lambda row: row.revision)
    said: dict[tuple[Any, ...], IndexedComment] = {(row.ticket_id, row.comment_id): row for row in revised}
    if not rows and not said:
        return set()
    touched = sorted({*rows, *(ticket_id for ticket_id, _ in said)})
    with transaction.atomic():
        before = _locked(touched)
        newer = [rows[one] for one in sorted(rows) if one not in before or before[one].version < rows[one].version]
        written = {key for (key,) in upsert.newer(IndexedTicket, newer, by="version", but=OURS)}
        held = before.keys() | rows.keys()
        added, replaced = _write_comments([said[key] for key in sorted(said) if key[0] in held])
        _count_comments({ticket_id for ticket_id, _ in added} | (written - before.keys()))
        anew = {one for one in written if one not in before or _reads_differently(before[one], rows[one])} | replaced
        _write_documents(anew, [said[key] for key in sorted(added) if key[0] not in anew])
        return _rivals([rows[one] for one in rows if one in before and before[one].version == rows[one].version])


def remove(ticket_ids: Collection[str]) -> None:
    """Remove tickets (some hundred at most) from the index, with their comments and search documents."""
    with transaction.atomic():
        _locked(sorted(ticket_ids))
        documents.remove(ticket_ids)
        IndexedComment.objects.filter(ticket_id__in=ticket_ids).delete()
        IndexedTicket.objects.filter(pk__in=ticket_ids).delete()


def remove_comments(keys: Collection[tuple[str, str]]) -> None:
    """Remove comments (some hundred at most; ticket id and comment id) from the index."""
    touched = {ticket_id for ticket_id, _ in keys}
    with transaction.atomic():
        _locked(sorted(touched))
        IndexedComment.objects.filter(pk__in=list(keys)).delete()
        _count_comments(touched)
        _write_documents(touched, [])


def replace(ticket: Ticket, version: int) -> None:
    """Overwrite a ticket's row with the ticket, newer or not. If the row is not at `version`, it stays."""
    row = row_of(ticket)
    with transaction.atomic():
        # Updated, not deleted and inserted: a comment that waits for the row would find none, and be skipped.
        stands = IndexedTicket.objects.filter(pk=row.pk, version=version)
        if stands.update(**{name: getattr(row, name) for name in names(IndexedTicket)}):
            _write_documents([row.pk], [])


def unsearchable(ticket_ids: Collection[str]) -> set[str]:
    """Which of these tickets have a missing or outdated search document, or a wrong count of comments."""
    return documents.missing(ticket_ids) | set(_miscounted(ticket_ids).values_list("pk", flat=True))


def make_searchable(ticket_ids: Collection[str]) -> None:
    """Rebuild counts and search documents of these tickets (some hundred at most), from the index itself."""
    with transaction.atomic():
        _locked(sorted(ticket_ids))
        _count_comments(ticket_ids)
        _write_documents(ticket_ids, [])


def _newest(tickets: Iterable[Ticket]) -> Collection[Ticket]:
    newest: dict[str, Ticket] = {}
    for ticket in tickets:
        known = newest.get(ticket.ticket_id)
        if known is None or known.version < ticket.version:
            newest[ticket.ticket_id] = ticket
    return newest.values()


def _locked(ticket_ids: list[str]) -> dict[str, IndexedTicket]:
    """The rows that exist, locked until the transaction ends."""
    rows = IndexedTicket.objects.filter(pk__in=ticket_ids).order_by("pk").select_for_update()
    return {row.ticket_id: row for row in rows.only("version", *READ)}


def _rivals(rows: list[IndexedTicket]) -> set[str]:
    """The ids of the rows that say something else than those in the index."""
    stand = IndexedTicket.objects.in_bulk([row.pk for row in rows]) if rows else {}
    return {row.pk for row in rows if not same(stand[row.pk], row)}


def _write_comments(rows: list[IndexedComment]) -> tuple[set[tuple[Any, ...]], set[str]]:
    """Returns the keys of the comments that the index lacked, and the tickets of which one was replaced."""
    added = upsert.missing(IndexedComment, rows)
    left = [row for row in rows if row.revision and (row.ticket_id, row.comment_id) not in added]
    return added, {ticket_id for ticket_id, _ in upsert.newer(IndexedComment, left, by="revision")}


def _reads_differently(before: IndexedTicket, after: IndexedTicket) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in READ)


def _count_comments(ticket_ids: Collection[str]) -> None:
    if ticket_ids:
        _miscounted(ticket_ids).update(known_comments=F("n"))


def _miscounted(ticket_ids: Collection[str]) -> QuerySet[IndexedTicket]:
    """The tickets whose `known_comments` is not the number of their comments in the index, which is `n`."""
    counts = IndexedComment.objects.filter(ticket_id=OuterRef("ticket_id")).order_by().values("ticket_id")
    count = Coalesce(Subquery(counts.annotate(n=Count("comment_id")).values("n"), output_field=IntegerField()), 0)
    return IndexedTicket.objects.filter(pk__in=ticket_ids).alias(n=count).exclude(known_comments=F("n")).order_by()


def _write_documents(anew: Collection[str], added: Iterable[IndexedComment]) -> None:
    """Write what search looks at: whole documents for the tickets `anew`, and the `added` comments for the others."""
    if anew:
        documents.replace(_documents(anew))
    texts: dict[str, list[str]] = defaultdict(list)
    for comment in added:
        texts[comment.ticket_id].append(comment.text)
    if texts:
        documents.append(texts)


def _documents(ticket_ids: Collection[str]) -> list[Document]:
    texts: dict[str, list[str]] = defaultdict(list)
    comments = IndexedComment.objects.filter(ticket_id__in=ticket_ids).order_by("pk")
    for ticket_id, text in comments.values_list("ticket_id", "text"):
        texts[ticket_id].append(text)
    tickets = IndexedTicket.objects.filter(pk__in=ticket_ids).order_by()
    return [
        Document(ticket_id, reference, subject, description, texts[ticket_id], [caller, *(requester or {}).values()])
        for ticket_id, reference, subject, description, caller, requester in tickets.values_list(
            "ticket_id", "reference", *READ
        )
    ]
