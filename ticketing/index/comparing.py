"""Compares some hundred items of the record with their rows in the index, in both directions, and repairs the rows.

Both sides change meanwhile. If an item seems to differ, it is read from the record again. If its row seems to be ahead
of the record, it is read once more, after the row: the index is never ahead, unless it is wrong. After each write the
index is behind for a moment, so a check reports only what has differed for some seconds.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.db import transaction

from config.batched import batched
from ticketing.index import rows, store
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.record import bulk
from ticketing.record.store import all_comments
from ticketing.tickets.ticket import Comment, Ticket

What = Literal[
    "missing",
    "different",
    "not in the record",
    "comments missing",
    "comments different",
    "comments not in the record",
    "not searchable",
]
LAG_SECONDS = 3.0  # longer than an announcement usually takes
HUNDRED = 100  # items that one call reads from the record
_UNASKABLE = "\ufffd"  # replaces what a database rejects: the record has such an id in another spelling


Batch = tuple[list[Ticket], list[Comment]]


@dataclass(frozen=True)
class Difference:
    """A ticket for which index and record differ, in itself or in its comments."""

    ticket_id: str
    what: What


@dataclass(frozen=True)
class _Suspects:
    """Tickets and comments of the record that the index lacks or has differently.

    Comments of a ticket that the index does not have are left out: an import writes comments first, and brings them to
    the index itself.
    """

    missing: list[Ticket] = field(default_factory=list)
    different: list[Ticket] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)  # of the rows that differ, by ticket id
    comments_missing: list[Comment] = field(default_factory=list)
    comments_different: list[Comment] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.different or self.comments_missing or self.comments_different)

    def ahead(self) -> list[Ticket]:
        """The tickets whose row has a higher version than the record."""
        return [one for one in self.different if self.versions[one.ticket_id] > one.version]

    def named(self) -> list[Difference]:
        named: dict[What, Iterable[Ticket | Comment]] = {
            "missing": self.missing,
            "different": self.different,
            "comments missing": self.comments_missing,
            "comments different": self.comments_different,
        }
        return [
            Difference(ticket_id, what)
            for what, some in named.items()
            for ticket_id in dict.fromkeys(one.ticket_id for one in some)
        ]


def record(batches: Iterable[Batch]) -> list[Difference]:
    """What the index lacks or has differently of these tickets and comments (500 a batch, at most).

    Reports only what differs for longer than the index needs to follow. Takes two queries a batch if nothing differs,
    and one wait for all batches if something does. Raises aws.AwsError.
    """
    differing = _still(suspects for batch in batches if (suspects := _suspects(*batch)))
    if differing:
        time.sleep(LAG_SECONDS)
    return [one for suspects in _still(differing) for one in suspects.named()]


def mend(tickets: list[Ticket], comments: list[Comment]) -> list[Difference]:
    """Repair what the index lacks or has differently of these tickets and comments (500 in all, at most).

    Returns the differences, including those that only lagged behind. Takes two queries if nothing differs. Raises
    aws.AwsError.
    """
    suspects = _suspects(tickets, comments)
    if not suspects:
        return []
    # This repairs what is missing or behind. Only rows that differ in another way need the readings below.
    store.apply(suspects.missing + suspects.different, suspects.comments_missing)
    if suspects.different or suspects.comments_different:
        _replace(_confirmed(_Suspects(different=suspects.different, comments_different=suspects.comments_different)))
    return suspects.named()


def tickets_of_index(ticket_ids: list[str], mend: bool) -> list[Difference]:
    """Which of these rows (100 at most) have no ticket in the record, and which search does not find.

    With `mend`, the former are removed and the latter made searchable. Raises aws.AwsError.
    """
    asked = [one for one in ticket_ids if _UNASKABLE not in one]
    gone = set(asked) - bulk.existing(asked)
    unsearchable = store.unsearchable(sorted(set(ticket_ids) - gone))
    if mend and gone:
        store.remove(gone)
        _put_back(bulk.tickets(sorted(gone)))
    if mend and unsearchable:
        store.make_searchable(unsearchable)
    found: dict[What, set[str]] = {"not in the record": gone, "not searchable": unsearchable}
    return [Difference(one, what) for what, some in found.items() for one in sorted(some)]


def comments_of_index(ids: list[bulk.CommentId], mend: bool) -> list[Difference]:
    """The tickets of those comments, of these rows (100 at most), that the record does not have.

    With `mend`, these comments are removed. Raises aws.AwsError.
    """
    asked = [one for one in ids if _UNASKABLE not in "".join(one)]
    gone = set(asked) - bulk.existing_comments(asked)
    if mend and gone:
        store.remove_comments(gone)
        store.apply([], bulk.comments(sorted(gone)))
    return [Difference(one, "comments not in the record") for one in sorted({ticket_id for ticket_id, _ in gone})]


def _suspects(tickets: Iterable[Ticket], comments: Iterable[Comment]) -> _Suspects:
    ticket_rows = [(one, rows.row_of(one)) for one in tickets]
    comment_rows = [(one, rows.comment_row(one)) for one in comments]
    stand = IndexedTicket.objects.in_bulk([row.pk for _, row in ticket_rows])
    said = {one.pk: one for one in IndexedComment.objects.filter(pk__in=[row.pk for _, row in comment_rows])}
    different = [one for one, row in ticket_rows if row.pk in stand and not rows.same(stand[row.pk], row)]
    unsaid = [one for one, row in comment_rows if row.pk not in said]
    return _Suspects(
        missing=[one for one, row in ticket_rows if row.pk not in stand],
        different=different,
        versions={one.ticket_id: stand[rows.row_of(one).pk].version for one in different},
        comments_missing=_taken(unsaid, {row.ticket_id for _, row in ticket_rows}),
        comments_different=[one for one, row in comment_rows if row.pk in said and not rows.same(said[row.pk], row)],
    )


def _taken(comments: list[Comment], tickets: set[str]) -> list[Comment]:
    """The comments whose ticket the index has, or is about to get (`tickets`: its keys). The index takes no others."""
    others = {rows.storable(one.ticket_id) for one in comments} - tickets
    there = tickets.union(IndexedTicket.objects.filter(pk__in=others).values_list("pk", flat=True))
    return [one for one in comments if rows.storable(one.ticket_id) in there]


def _still(some: Iterable[_Suspects]) -> list[_Suspects]:
    return [still for suspects in some if (still := _confirmed(suspects))]


def _confirmed(suspects: _Suspects) -> _Suspects:
    """What still differs when both sides are read again. The rest only changed between the two readings.

    1. Read the suspect tickets and comments from the record again. What is gone from there is no suspect any more.
    2. Compare them with their rows again.
    3. If a row is now ahead of its ticket, read the ticket once more. It may have changed after step 1, and the row
       with it.
    4. If the record has reached the row's version by then, the ticket is not reported.
    """
    tickets = _read_again(suspects.missing + suspects.different)
    still = _suspects(tickets, _read_comments(suspects.comments_missing + suspects.comments_different))
    now = {one.ticket_id: one for one in _read_again(still.ahead())}
    overtaken = {ticket_id for ticket_id, one in now.items() if one.version >= still.versions[ticket_id]}
    return _Suspects(
        missing=still.missing,
        different=[one for one in still.different if one.ticket_id not in overtaken],
        versions=still.versions,
        comments_missing=still.comments_missing,
        comments_different=still.comments_different,
    )


def _read_again(tickets: list[Ticket]) -> list[Ticket]:
    ticket_ids = [one.ticket_id for one in tickets]
    return [one for some in batched(ticket_ids, HUNDRED) for one in bulk.tickets(some)]


def _read_comments(comments: list[Comment]) -> list[Comment]:
    keys = [(one.ticket_id, one.comment_id) for one in comments]
    return [one for some in batched(keys, HUNDRED) for one in bulk.comments(some)]


def _put_back(tickets: list[Ticket]) -> None:
    """Put back tickets that appeared in the record while their rows were removed.

    Their comments are read from the record too. An import may have put them in before the removal, and would not do so
    again.
    """
    store.apply(tickets)
    for comments in bulk.bounded(one for ticket in tickets for one in all_comments(ticket.ticket_id)):
        store.apply((), comments)


def _replace(suspects: _Suspects) -> None:
    """Correct rows that differ although they are as new as the record or newer: no version would replace them."""
    for ticket in suspects.different:
        store.replace(ticket, suspects.versions[ticket.ticket_id])
    # Announcements that came while the wrong row was there were ignored, so the record is read once more.
    store.apply(_read_again(suspects.different))
    if suspects.comments_different:
        with transaction.atomic():
            store.remove_comments({rows.comment_row(one).pk for one in suspects.comments_different})
            # Read while nobody else can write them: if one was replaced since, its old words do not come back.
            store.apply([], _read_comments(suspects.comments_different))
