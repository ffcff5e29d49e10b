"""A consumer that works announcements: `python -m bench.follow START STOP STEP TICKETS`.

It prints `ready`. It then reads the numbers of batches, one a line, and works each batch as a consumer of a queue
would; an empty line ends it. Of ten announcements, four are of new tickets, three of changed ones, and three of
comments. Comments are read from the record, on a local AWS, where each process first puts its own part of them (START,
STEP).
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import django

from config.aws.events import SqsRecord

BATCH = 100  # as in config.consumer.sources


def announcements(numbers: range, tickets: int) -> Iterator[tuple[Any, Any]]:
    """Yield tickets as they are announced, each with the comment that the record must have for it, or None."""
    from bench import corpus

    for number in numbers:
        if number % 10 < 4:
            yield corpus.fresh(tickets + number), None
            continue
        ticket, comments = corpus.ticket(number * 7 % tickets)
        if number % 10 < 7:
            yield replace(ticket, version=ticket.version + 1, status="pending"), None
        else:
            comment = replace(comments[-1], comment_id=f"{number:012x}-later")
            count = ticket.comment_count + 1
            yield replace(ticket, version=7, comment_count=count, last_comment_id=comment.comment_id), comment


def prepare(numbers: range, tickets: int) -> None:
    """Put into the record what these announcements need there."""
    from config.batched import batched
    from ticketing.record import items
    from ticketing.record.table import TICKETS

    for some in batched((comment for _, comment in announcements(numbers, tickets) if comment), 25):
        TICKETS.put_all(map(items.from_comment, some))


def batches(numbers: range, tickets: int) -> list[list[SqsRecord]]:
    """The messages, in Lambda's form, in batches."""
    from config.batched import batched
    from ticketing.tickets import announcement

    bodies = (announcement.to_message(ticket, "ticket.updated")[0] for ticket, _ in announcements(numbers, tickets))
    messages: Iterator[SqsRecord] = ({"messageId": str(n), "body": body} for n, body in enumerate(bodies))
    return list(batched(messages, BATCH))


def work(batch: list[SqsRecord]) -> None:
    """Pass a batch to the consumer's handler."""
    from ticketing.index import analytics_queue

    assert analytics_queue.handler({"Records": batch}) == {"batchItemFailures": []}


if __name__ == "__main__":
    django.setup()
    start, stop, step, tickets = map(int, sys.argv[1:])
    prepare(range(start, stop, step), tickets)
    queue = batches(range(stop), tickets)
    print("ready", flush=True)
    while told := sys.stdin.readline().strip():
        work(queue[int(told)])
        print("done", flush=True)
