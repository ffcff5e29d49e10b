"""What a long Zendesk ticket costs: AWS calls a comment, against one transaction for each comment.

`python -m bench.long_ticket` prints the figures, and exits 1 if one is over its limit. It takes the same ticket in both
ways, in turn, on the local AWS that the environment names. Zendesk itself is not asked.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from unittest.mock import patch

import django
from botocore.client import BaseClient

ROUNDS = 3
COMMENTS = 400  # of the ticket that comes in both ways
LONGEST = 5_000  # of a ticket, at Zendesk; with one transaction each it would take minutes
MOST_SHARE = 0.25  # of the calls a comment
MOST_FOR_ONE_MORE = 60  # calls, with a comment more on the longest ticket


@contextmanager
def counting() -> Iterator[list[str]]:
    """The names of the AWS calls that are made while the block lasts."""
    made: list[str] = []
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 - every call comes by there

    def counted(client: Any, operation: str, parameters: Any) -> Any:
        made.append(operation)
        return original(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", counted):
        yield made


def taken_in(number: int, comments: int) -> int:
    """Take in the ticket with so many comments, as a webhook's run does once it is fetched. Returns the AWS calls."""
    from ingestion.zendesk import pipeline
    from ingestion.zendesk.progress import Progress
    from tests.standins import zendesk_data as data
    from ticketing import deliveries
    from ticketing.deliveries import Delivery
    from ticketing.tickets import ids

    delivery = Delivery(delivery_id=ids.new_id(), door="zendesk", customer_id="default", key=str(number))
    context = {"ticket": data.ticket(number), "comments": data.comments(number, count=comments + 1)}
    with counting() as calls:
        deliveries.receive(delivery)
        stored = deliveries.get(delivery.delivery_id)
        assert stored
        pipeline.take(context | {"users": data.users(number)}, stored, Progress())
        deliveries.finish(delivery.delivery_id, "created")
    return len(calls)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Every comment in a transaction of its own, and none is looked up first: what Foyer did before."""
    from ticketing import service

    def add(ticket_id: str, customer_id: str, drafts: Any, actor: Any, **_: Any) -> Iterator[int]:
        for number, (draft, key) in enumerate(drafts, 1):
            service.add_comment(ticket_id, customer_id, draft, actor, reopen=False, key=key)
            yield number

    with patch.object(service, "add_comments", add), patch.object(service, "known_comments", lambda _: {}):
        yield


def main() -> int:
    """Measure, and print what was measured. Returns how many figures are over their limits."""
    from config import aws
    from tests.standins import embedding

    embedding.create(aws.client("lambda"))
    numbers = iter(range(50_000, 60_000))
    before, now = [], []
    for _ in range(ROUNDS):
        with one_by_one():
            before.append(taken_in(next(numbers), COMMENTS) / COMMENTS)
        now.append(taken_in(next(numbers), COMMENTS) / COMMENTS)
    longest = next(numbers)
    whole = taken_in(longest, LONGEST) / LONGEST
    one_more = taken_in(longest, LONGEST + 1)
    shares = [median(now) / median(before), whole / median(before)]
    print(f"  AWS calls a comment, one by one, {COMMENTS} comments: {median(before):.3f}")
    for comments, calls, share in ((COMMENTS, median(now), shares[0]), (LONGEST, whole, shares[1])):
        print(f"  AWS calls a comment, {comments:,} comments: {calls:.3f}, {share:.3f} of that; limit {MOST_SHARE}")
    print(f"  AWS calls for one comment more: {one_more}, {one_more / MOST_FOR_ONE_MORE:.2f} of {MOST_FOR_ONE_MORE}")
    return sum(share > MOST_SHARE for share in shares) + (one_more > MOST_FOR_ONE_MORE)


if __name__ == "__main__":
    django.setup()
    sys.exit(1 if main() else 0)
