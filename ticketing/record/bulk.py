"""Reading the record by the hundred: pages of the whole table, many items by their keys. For the house's own work.

Every reading is consistent: what was written before it was asked for is in it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from config import aws, json
from config.batched import batched_by_size
from config.patience import patiently
from ticketing import item as items
from ticketing import overflow
from ticketing.ticket import Comment, Ticket

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 500  # items that SQL is given at once: most of what a transaction costs, it costs once
TEXT = 4_000_000  # characters of them all: an index's transaction takes some thirty bytes of memory for each
PAGE = 2_000  # items: what is compared in a second or two, so that little is done again after an interruption
APART = 20  # of these, tickets kept apart in S3, since each may have megabytes, and take seconds

Place = dict[str, str]
CommentId = tuple[str, str]  # of its ticket, and its own
T = TypeVar("T", bound=Ticket | Comment)


@dataclass(frozen=True)
class Page:
    """Tickets and comments as they stand in the table, how many items were read, and where the next page begins."""

    items: list[Ticket | Comment]
    seen: int
    next: Place | None

    def batches(self) -> Iterator[tuple[list[Ticket], list[Comment]]]:
        """The tickets and comments, some hundred at a time; only here are tickets whole that do not fit their item."""
        whole = (overflow.fill(one) if isinstance(one, Ticket) else one for one in self.items)
        for batch in bounded(whole):
            tickets = [one for one in batch if isinstance(one, Ticket)]
            yield tickets, [one for one in batch if isinstance(one, Comment)]


def page(segment: int, segments: int, start: Place | None) -> Page:
    """A page of one of so many segments, from where the page before it ended (None: from its beginning).

    All items of a ticket are in one segment, the ticket before its comments.
    """
    request: dict[str, Any] = {
        "TableName": settings.TABLE_NAME,
        "FilterExpression": "#item = :ticket OR begins_with(#item, :comment)",
        "ExpressionAttributeNames": {"#item": "item"},
        "ExpressionAttributeValues": aws.to_wire({":ticket": items.TICKET, ":comment": items.COMMENT}),
        "ConsistentRead": True,
        "Limit": PAGE,
        "Segment": segment,
        "TotalSegments": segments,
    }
    answer = aws.call(_table().scan, **request | ({"ExclusiveStartKey": aws.to_wire(start)} if start else {}))
    last = answer.get("LastEvaluatedKey")
    place = {name: str(value) for name, value in aws.from_wire(last).items()} if last else None
    return _cut(Page([_value(one) for one in answer["Items"]], answer["ScannedCount"], place))


def bounded(values: Iterable[T], most: int = BATCH) -> Iterator[list[T]]:
    """Tickets and comments, as many at a time as fit the index's transaction."""
    return batched_by_size(values, most, characters, TEXT)


def characters(one: Ticket | Comment) -> int:
    """About how much text it has."""
    if isinstance(one, Comment):
        return len(one.comment)
    return len(one.issue_description) + (len(json.dumps(one.attributes)) if one.overflow else 0)


def conversations() -> Iterator[tuple[Ticket, list[Comment]]]:
    """Every ticket with its comments, in no order: the table has a ticket's items side by side. Patient with AWS.

    Whoever needs all comments looks at the ticket's count: items that were written meanwhile may be missing.
    """
    for _, group in groupby(_everything(), lambda one: one.ticket_id):
        found = list(group)
        comments = sorted((one for one in found if isinstance(one, Comment)), key=lambda one: one.comment_id.encode())
        for ticket in found:
            if isinstance(ticket, Ticket):
                yield patiently(overflow.fill, ticket), comments


def _everything() -> Iterator[Ticket | Comment]:
    place: Place | None = None
    while True:
        read = patiently(page, 0, 1, place)
        yield from read.items
        place = read.next
        if place is None:
            return


def count() -> int:
    """About how many items the table has, of any kind; AWS counts them every six hours."""
    return aws.call(_table().describe_table, TableName=settings.TABLE_NAME)["Table"].get("ItemCount", 0)


def tickets(ticket_ids: list[str]) -> list[Ticket]:
    """Those of these tickets (100 at most) that there are."""
    return [overflow.fill(items.to_ticket(one)) for one in _get(map(items.ticket_key, ticket_ids))]


def comments(keys: Collection[CommentId]) -> list[Comment]:
    """Those of these comments (100 at most) that there are, in no order."""
    return [items.to_comment(one) for one in _get(map(_comment_key, keys))]


def existing(ticket_ids: list[str]) -> set[str]:
    """Which of these tickets (100 at most) there are."""
    found = _get(map(items.ticket_key, ticket_ids), ProjectionExpression="ticket_id")
    return {one["ticket_id"]["S"] for one in found}


def existing_comments(keys: Collection[CommentId]) -> set[CommentId]:
    """Which of these comments (100 at most) there are."""
    only = {"ProjectionExpression": "ticket_id, #item", "ExpressionAttributeNames": {"#item": "item"}}
    found = _get(map(_comment_key, keys), **only)
    return {(one["ticket_id"]["S"], one["item"]["S"].removeprefix(items.COMMENT)) for one in found}


def _get(keys: Iterable[dict[str, Any]], **more: Any) -> Iterator[dict[str, Any]]:
    """The items with these keys, as far as they are there; AWS may give them in several goes."""
    wanted = list(keys)
    while wanted:
        request: Any = {"Keys": wanted, "ConsistentRead": True} | more
        answer = aws.call(_table().batch_get_item, RequestItems={settings.TABLE_NAME: request})
        yield from answer["Responses"][settings.TABLE_NAME]
        left: Any = answer["UnprocessedKeys"].get(settings.TABLE_NAME, {})
        wanted = left.get("Keys", [])


def _comment_key(one: CommentId) -> dict[str, Any]:
    ticket_id, comment_id = one
    return aws.to_wire({"ticket_id": ticket_id, "item": items.COMMENT + comment_id})


def _cut(page: Page) -> Page:
    """The page up to as many tickets kept apart as one may have; the next begins behind the last of them."""
    apart = [n for n, one in enumerate(page.items, 1) if isinstance(one, Ticket) and one.overflow]
    if len(apart) <= APART:
        return page
    end = apart[APART - 1]
    return Page(page.items[:end], end, {"ticket_id": page.items[end - 1].ticket_id, "item": items.TICKET})


def _value(item: dict[str, Any]) -> Ticket | Comment:
    return items.to_ticket(item) if item["item"]["S"] == items.TICKET else items.to_comment(item)


def _table() -> "DynamoDBClient":
    client: DynamoDBClient = aws.client("dynamodb")
    return client
