"""A consumer that works announcements off: `python -m bench.follow START STOP STEP TICKETS`.

It says `ready`, waits for a line, works, and prints the seconds. Of ten announcements four are of new tickets, three
of changed ones, and three of comments, which are read from the record, on a local AWS.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import django

BATCH = 100  # as config.sources has it


def announcements(numbers: range, tickets: int) -> Iterator[tuple[Any, Any]]:
    """Tickets as they are announced, each with the comment that the record has to have for it, or None."""
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


def prepare(numbers: range, tickets: int) -> list[dict[str, Any]]:
    """The messages, in Lambda's form; what they need stands in the record."""
    from django.conf import settings

    from config import aws
    from config.batched import batched
    from ticketing import announcement, item

    announced = list(announcements(numbers, tickets))
    for some in batched((comment for _, comment in announced if comment), 25):
        puts = [{"PutRequest": {"Item": item.from_comment(comment)}} for comment in some]
        aws.call(aws.client("dynamodb").batch_write_item, RequestItems={settings.TABLE_NAME: puts})
    bodies = [announcement.to_message(ticket, "ticket.updated")[0] for ticket, _ in announced]
    return [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]


def work(messages: list[dict[str, Any]]) -> float:
    """Hand the messages to the consumer's handler; the seconds that it took."""
    from config.batched import batched
    from ticketing import analytics

    began = time.perf_counter()
    for batch in batched(messages, BATCH):
        assert analytics.handler({"Records": batch}) == {"batchItemFailures": []}
    return time.perf_counter() - began


if __name__ == "__main__":
    django.setup()
    start, stop, step, tickets = map(int, sys.argv[1:])
    messages = prepare(range(start, stop, step), tickets)
    print("ready", flush=True)
    sys.stdin.readline()
    print(work(messages))
