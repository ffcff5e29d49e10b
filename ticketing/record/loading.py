"""Many new items in few calls, as an import writes them.

What is written here is written as it is: times, versions and counts come from elsewhere, and are kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from config import aws, json
from config.refusals import Invalid
from config.requests import request_id
from ticketing import ids, overflow, store, writes
from ticketing import item as items
from ticketing.ticket import Comment, Ticket

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_ACTIONS, MOST_BYTES = 100, 3_500_000  # of a transaction: DynamoDB takes 4 MB; as JSON, which is never less


def _table() -> "DynamoDBClient":
    client: DynamoDBClient = aws.client("dynamodb")
    return client


def put_comments(comments: Iterable[Comment]) -> None:
    """Write the comments (25 at most); one that stands there is written over.

    Raises aws.Retryable where the table takes no more now: some may stand there, and all can be written again.
    """
    left: list[Any] = [{"PutRequest": {"Item": items.from_comment(one)}} for one in comments]
    while left:
        left = aws.call(_some, left)


def _some(requests: list[Any]) -> list[Any]:
    """Those that the table did not take. Raises aws.Retryable if it took none."""
    answer = _table().batch_write_item(RequestItems={settings.TABLE_NAME: requests})
    left: list[Any] = answer["UnprocessedItems"].get(settings.TABLE_NAME, [])
    if len(left) == len(requests):
        raise aws.Retryable("UnprocessedItems", "the table takes no more now")
    return left


def item_of(ticket: Ticket, comments: Iterable[Comment], line: str) -> dict[str, Any]:
    """The item of an imported ticket, in wire format, for `create`; what is too large for it is in S3 then.

    `line` is the SHA-256 of what it is made of. Raises Invalid if the ticket, or one of its comments, is too large to
    be stored.
    """
    what = "comment"
    try:
        for comment in comments:
            store.fitting(items.from_comment(comment))
        what = "ticket"
        ticket = replace(ticket, imported_version=ticket.version, imported_line=line, request_id=request_id())
        return items.from_ticket(store.packed(ticket), None)  # no request made it, so it has no fingerprint
    except store.TooLarge:
        raise Invalid(f"The {what} is too large to be stored") from None


def create(wires: Iterable[dict[str, Any]]) -> list[Ticket]:
    """Create the tickets with these items; those that stood there already, which stay as they are."""
    return [standing for batch in _transactions(wires) for standing in _create(batch)]


def _create(wires: list[dict[str, Any]]) -> Iterator[Ticket]:
    """All in one transaction; where some stand there already, the rest in another."""
    while wires:
        try:
            store.write([writes.creation(one) for one in wires], token=ids.new_id())
        except aws.Conflict as conflict:
            standing = [reason.get("Item") for reason in conflict.reasons]
            if not any(standing):
                raise
            yield from (_whole(one) for one in standing if one)
            wires = [wire for wire, one in zip(wires, standing, strict=True) if not one]
        else:
            return


def _transactions(wires: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many items together as a transaction takes."""
    batch: list[dict[str, Any]] = []
    room = MOST_BYTES
    for wire in wires:
        size = len(json.dumps(wire))
        if batch and (len(batch) == MOST_ACTIONS or size > room):
            yield batch
            batch, room = [], MOST_BYTES
        batch.append(wire)
        room -= size
    if batch:
        yield batch


def _whole(item: dict[str, Any]) -> Ticket:
    return overflow.fill(items.to_ticket(item))
