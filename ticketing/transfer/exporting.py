"""Export: the record's tickets, each with all its comments. They come one after the other, to save memory.

`line.write` makes a line of each. A ticket comes even if its description and attributes are no longer in S3. The caller
asks `overflow.is_whole`, and names such a ticket.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from config.batched import batched
from ticketing.record import bulk, store
from ticketing.tickets.ticket import Conversation

AT_ONCE = 8  # tickets read in parallel, if single ones are asked for


def everything() -> Iterator[Conversation]:
    """Each ticket of the record, in no order. Raises aws.AwsError."""
    for ticket, comments in bulk.conversations():
        if len(comments) == ticket.comment_count:
            yield Conversation(ticket, comments, None)
        elif found := _whole(ticket.ticket_id):  # commented meanwhile, or another program wrote the count
            yield found


def some(ticket_ids: Iterable[str]) -> Iterator[Conversation]:
    """Each of these tickets as the record has it, in the order of the ids. An id that is not there is left out.

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
