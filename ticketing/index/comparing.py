"""Some hundred items of the record against their rows in the index, and the other way round: what differs; mending it.

Both change while they are compared. The record is read again for whatever seems to differ, and for a row that seems
to be ahead of the record once more after the row: the index is never ahead, unless it is wrong. It is behind for a
moment after each write, so what a check names has differed for some seconds.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.db import transaction

from config.batched import batched
from ticketing.index import following, rows, store
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.record import bulk
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
LAG_SECONDS = 3.0  # longer than an announcement takes on a good day
HUNDRED = 100  # items that the record can be asked for at once
_UNASKABLE = "\ufffd"  # stands in the index for what a database dislikes: the record knows the id by another spelling


Batch = tuple[list[Ticket], list[Comment]]


@dataclass(frozen=True)
class Difference:
    """One ticket of which, or of whose comments, index and record do not say the same."""

    ticket_id: str
    what: What


@dataclass(frozen=True)
class _Suspects:
    """Tickets and comments of the record that the index lacks, or has otherwise.

    It lacks no comment of a ticket that it does not have: an import writes comments first, and brings them itself.
    """

    missing: list[Ticket] = field(default_factory=list)
    different: list[Ticket] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)  # of the rows that are different
    comments_missing: list[Comment] = field(default_factory=list)
    comments_different: list[Comment] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.different or self.comments_missing or self.comments_different)

    def ahead(self) -> list[Ticket]:
        """Those whose row has a higher version."""
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
    """What the index says otherwise of these tickets and comments (500 a batch, at most), or does not say, for longer
    than it needs to follow.

    Two queries a batch where nothing differs; one wait for them all where something does. Raises aws.AwsError.
    """
    differing = _still(suspects for batch in batches if (suspects := _suspects(*batch)))
    if differing:
        time.sleep(LAG_SECONDS)
    return [one for suspects in _still(differing) for one in suspects.named()]


def mend(tickets: list[Ticket], comments: list[Comment]) -> list[Difference]:
    """Put right what the index says otherwise of these tickets and comments (500 in all, at most), or does not say.

    What only lagged behind is among the answer. Two queries where nothing differs. Raises aws.AwsError.
    """
    suspects = _suspects(tickets, comments)
    if not suspects:
        return []
    store.apply(suspects.missing + suspects.different, suspects.comments_missing)
    if suspects.different or suspects.comments_different:
        _replace(_confirmed(_Suspects(different=suspects.different, comments_different=suspects.comments_different)))
    return suspects.named()


def tickets_of_index(ticket_ids: list[str], mend: bool) -> list[Difference]:
    """Which of these rows (100 at most) no ticket of the record stands for, and which search does not find.

    With `mend` they are removed, and made searchable. Raises aws.AwsError.
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
    """Whose comments, of these rows (100 at most), the record does not have; with `mend` they are removed.

    Raises aws.AwsError.
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
    """Those whose ticket the index has, or is about to have (`tickets`, its keys); of another one it takes none."""
    others = {rows.storable(one.ticket_id) for one in comments} - tickets
    there = tickets.union(IndexedTicket.objects.filter(pk__in=others).values_list("pk", flat=True))
    return [one for one in comments if rows.storable(one.ticket_id) in there]


def _still(some: Iterable[_Suspects]) -> list[_Suspects]:
    return [still for suspects in some if (still := _confirmed(suspects))]


def _confirmed(suspects: _Suspects) -> _Suspects:
    """What still differs now that both are read again: the rest changed between the two readings."""
    tickets = _read_again(suspects.missing + suspects.different)
    comments = suspects.comments_missing + suspects.comments_different
    keys = [(one.ticket_id, one.comment_id) for one in comments]
    still = _suspects(tickets, [one for some in batched(keys, HUNDRED) for one in bulk.comments(some)])
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


def _put_back(tickets: list[Ticket]) -> None:
    """Those that came (back) while their rows were removed; an import's own writing may have been before that."""
    store.apply(tickets)
    for ticket in tickets:
        following.follow_comments(ticket.ticket_id)


def _replace(suspects: _Suspects) -> None:
    """Put rows right that are as new as the record, or newer, and say something else: no version would replace them."""
    for ticket in suspects.different:
        store.replace(ticket, suspects.versions[ticket.ticket_id])
    # What was announced while the wrong row stood was passed over, so the record is asked once more.
    store.apply(_read_again(suspects.different))
    if suspects.comments_different:
        with transaction.atomic():
            store.remove_comments({rows.comment_row(one).pk for one in suspects.comments_different})
            store.apply([], suspects.comments_different)
