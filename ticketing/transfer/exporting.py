"""Export: tickets of the record, each with all its comments; one after the other, so memory stays small.

`line.write` makes a line of each. One whose description and attributes are not in S3 any more comes nevertheless, and
`overflow.is_whole` tells: whoever exports names it.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from config.batched import batched
from ticketing.record import bulk, store
from ticketing.tickets.ticket import Conversation

AT_ONCE = 8  # tickets that are read side by side, where single ones are asked for


def everything() -> Iterator[Conversation]:
    """Each ticket of the record, in no order. Raises aws.AwsError."""
    for ticket, comments in bulk.conversations():
        if len(comments) == ticket.comment_count:
            yield Conversation(ticket, comments, None)
        elif found := _whole(ticket.ticket_id):  # commented meanwhile, or counted by another program
            yield found


def some(ticket_ids: Iterable[str]) -> Iterator[Conversation]:
    """Each of these tickets as the record has it, in their order; none for an id that is not there.

    Raises aws.AwsError. The ids are taken as they are needed, in the caller's own thread.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in batched(ticket_ids, 4 * AT_ONCE):
            for found in pool.map(_whole, batch):
                if found:
                    yield found


def _whole(ticket_id: str) -> Conversation | None:
    ticket = store.get(ticket_id)
    return Conversation(ticket, list(store.all_comments(ticket_id)), None) if ticket else None
