"""The index follows the record: with a ticket come the comments that the index lacks, read from the record.

An announcement says how many comments a ticket has and which is the last, but not what they say. The count alone would
not do. Another program's comment may be in the index but in no count, and hide that a later one is missing.

It also says how often comments of the ticket were replaced, and which was the last. The revisions of its comments add
up to that, unless the index has old words.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from django.db.models import Sum

from config.batched import batched
from ticketing.index import rows, store
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.record import bulk, items
from ticketing.record import store as record
from ticketing.tickets.ticket import Comment, Ticket

AT_ONCE = 100  # comments of one ticket that are read from its end, or written, at once
_LONGEST_ID = 1024 - len(items.COMMENT)  # bytes; DynamoDB rejects a request for a longer sort key


def follow(tickets: Iterable[Ticket]) -> None:
    """Put the tickets (a hundred at most), and the comments of theirs that the index lacks, into the index.

    1. Count how many comments of each ticket the index lacks, and which tickets have comments that were replaced since.
    2. Read the comments that the tickets name as their last or as replaced, unless the index has them. If a ticket
       lacks more, read as many from the end of its conversation.
    3. Write tickets and comments in one transaction, or in several if the comments are large.
    4. If a ticket has the version of its row but says something else, ask the record (`settle`).
    5. If the index still lacks comments of a ticket or has old ones, read the whole conversation.

    Takes no AWS call if no comment is missing. Takes one if each missing comment was announced, which is nearly always
    so. Before the transaction come two queries, and one more if comments of a ticket were ever replaced.

    Raises aws.AwsError if the record cannot be read, and DatabaseError, ValueError or OverflowError if the index does
    not take a value. What was done by then stays: follow the same tickets again.
    """
    tickets = list(tickets)
    behind, outdated = _behind(tickets), _outdated(tickets)
    lacking = bulk.bounded(_lacking(tickets, behind, outdated))
    rivals = store.apply(tickets, next(lacking, []))
    for comments in lacking:
        store.apply((), comments)
    settle(sorted({one.ticket_id for one in tickets if rows.storable(one.ticket_id) in rivals}))
    again = [one for one in tickets if one.ticket_id in behind.keys() | outdated]
    for ticket_id in _behind(again).keys() | _outdated(again):  # there is a gap further back
        follow_comments(ticket_id)


def settle(ticket_ids: list[str]) -> None:
    """Make the index say what the record says now of these tickets (100 at most), even at the same version.

    Another consumer may meanwhile write what it read before, so the record is read until both say the same, three times
    at most. That is enough: a program that writes all the time is announced all the time. Raises as `follow`.
    """
    for _ in range(3):
        differing = [one for one in bulk.tickets(ticket_ids) if store.apply([one])]
        for ticket in differing:
            store.replace(ticket, ticket.version)
        ticket_ids = [one.ticket_id for one in differing]


def follow_comments(ticket_id: str) -> None:
    """Put every comment that the record has of a ticket into the index, which has the ticket. Raises as `follow`."""
    for comments in bulk.bounded(record.all_comments(ticket_id), AT_ONCE):
        store.apply((), comments)


def _lacking(tickets: list[Ticket], behind: dict[str, int], outdated: set[str]) -> Iterator[Comment]:
    """The announced comments. If a ticket lacks more of them, as many as it lacks from the end of its conversation."""
    announced = _announced(tickets)
    replaced = {(one.ticket_id, one.replaced_comment_id or "") for one in tickets if one.ticket_id in outdated}
    for some in batched([*announced, *sorted(replaced - set(announced))], AT_ONCE):
        yield from bulk.comments(some)
    named = Counter(ticket_id for ticket_id, _ in announced)
    for ticket_id, lacks in behind.items():
        if named[ticket_id] < lacks <= AT_ONCE:
            yield from record.last_comments(ticket_id, lacks)


def _announced(tickets: list[Ticket]) -> list[bulk.CommentId]:
    """The comments that the tickets name as their last, without those that the index has."""
    last = [(one.ticket_id, one.last_comment_id or "") for one in tickets if one.comment_count]
    named = [(ticket_id, one) for ticket_id, one in last if 0 < len(one.encode()) <= _LONGEST_ID]
    keys = {(rows.storable(ticket_id), rows.storable(one)): (ticket_id, one) for ticket_id, one in named}
    known = _known(keys)
    return [one for key, one in keys.items() if key not in known]


def _known(keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these comments the index has, and maybe others of theirs: two lists are found faster than pairs."""
    comments = IndexedComment.objects.filter(
        ticket_id__in={ticket_id for ticket_id, _ in keys}, comment_id__in={comment_id for _, comment_id in keys}
    )
    return set(comments.order_by().values_list("ticket_id", "comment_id"))


def _outdated(tickets: list[Ticket]) -> set[str]:
    """The ids of the tickets that the index has, with comments of theirs in an earlier revision."""
    replaced: dict[str, int] = {}
    for ticket in tickets:
        replaced[ticket.ticket_id] = max(ticket.replacements, replaced.get(ticket.ticket_id, 0))
    wanted = {rows.storable(ticket_id): ticket_id for ticket_id, times in replaced.items() if times}
    if not wanted:
        return set()
    revised = IndexedComment.objects.filter(ticket_id__in=wanted, revision__gt=0).order_by().values("ticket_id")
    known = {wanted[key]: times for key, times in revised.annotate(n=Sum("revision")).values_list("ticket_id", "n")}
    return {ticket_id for ticket_id in wanted.values() if known.get(ticket_id, 0) < replaced[ticket_id]}


def _behind(tickets: list[Ticket]) -> dict[str, int]:
    """How many comments the index lacks, by ticket id, for the tickets of which it lacks any."""
    counts: dict[str, int] = {}
    for ticket in tickets:
        counts[ticket.ticket_id] = max(ticket.comment_count, counts.get(ticket.ticket_id, 0))
    wanted = {ticket_id: count for ticket_id, count in counts.items() if count}
    keys = {rows.storable(ticket_id): ticket_id for ticket_id in wanted}
    stand = IndexedTicket.objects.filter(pk__in=keys).order_by() if keys else IndexedTicket.objects.none()
    known = {keys[key]: count for key, count in stand.values_list("pk", "known_comments")}
    return {one: count - known.get(one, 0) for one, count in wanted.items() if count > known.get(one, 0)}
