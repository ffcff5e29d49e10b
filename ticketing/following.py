"""The index follows: with a ticket come the comments that the index lacks, read from the record.

An announcement says how many comments a ticket has and which is the last, but not what they say.
"""

from collections.abc import Iterable, Iterator

from config.batched import batched
from ticketing import bulk, index, service
from ticketing.models import IndexedTicket
from ticketing.ticket import Comment, Ticket

AT_ONCE = 100  # tickets that `follow` takes, and comments that one transaction writes where many are lacking


def follow(tickets: Iterable[Ticket]) -> None:
    """Put the tickets (a hundred at most), and what the index lacks of their comments, into the index.

    No AWS call where no comment is lacking, one where each ticket lacks but its last, which is nearly always so; and
    one transaction. Raises aws.AwsError if the record cannot be read, DatabaseError, ValueError or OverflowError if
    the index does not take it. What was done until then stays: follow them again.
    """
    tickets = list(tickets)
    index.apply(tickets, list(_newest_comments(tickets)))
    for ticket_id in _behind(tickets):  # there is a gap further back
        for comments in batched(service.all_comments(ticket_id), AT_ONCE):
            index.apply((), comments)


def _newest_comments(tickets: list[Ticket]) -> Iterator[Comment]:
    """As many from the end of each conversation as the index lacks."""
    behind = _behind(tickets)
    last = {one.ticket_id: one.last_comment_id for one in tickets}
    single = [(ticket_id, last[ticket_id] or "") for ticket_id, lacks in behind.items() if lacks == 1]
    yield from bulk.comments(single)
    for ticket_id, lacks in behind.items():
        if 1 < lacks <= AT_ONCE:
            yield from service.last_comments(ticket_id, lacks)


def _behind(tickets: list[Ticket]) -> dict[str, int]:
    """How many comments the index lacks, for those tickets of which it lacks some."""
    counts: dict[str, int] = {}
    for ticket in tickets:
        counts[ticket.ticket_id] = max(ticket.comment_count, counts.get(ticket.ticket_id, 0))
    wanted = {ticket_id: count for ticket_id, count in counts.items() if count}
    keys = {index.storable(ticket_id): ticket_id for ticket_id in wanted}
    rows = IndexedTicket.objects.filter(pk__in=keys).order_by() if keys else IndexedTicket.objects.none()
    known = {keys[key]: count for key, count in rows.values_list("pk", "known_comments")}
    return {one: count - known.get(one, 0) for one, count in wanted.items() if count > known.get(one, 0)}
