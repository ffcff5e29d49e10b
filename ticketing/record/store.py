"""The record: tickets, comments and changes in one DynamoDB table. Only `ticketing.service` calls this.

| sort key                 | item                                              |
|--------------------------|---------------------------------------------------|
| `TICKET`                 | the ticket as it stands                           |
| `TICKET#COMMENT#<id>`    | a comment; behind the ticket, so one query has both |
| `CHANGE#<id>`            | who changed which fields, when, by which door     |
| `KEY#<name-based id>`    | the idempotency key of a comment                  |

Every write is one call with a condition, so nothing is half done and nothing is done twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from config import aws
from ticketing import item as items
from ticketing import overflow
from ticketing.ticket import Comment, Ticket

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_ITEM_BYTES = 390_000  # DynamoDB's 400 KB, less room for what is counted differently there


class TooLarge(Exception):
    """The ticket does not fit into one item."""


@dataclass(frozen=True)
class Existing:
    """What stands where a new ticket should go."""

    ticket: Ticket
    fingerprint: str | None


def _table() -> "DynamoDBClient":
    client: DynamoDBClient = aws.client("dynamodb")
    return client


def put_new(ticket: Ticket, fingerprint: str) -> Existing | None:
    """Create the ticket, in one conditional write. None if it was created, else what stands there already."""
    wire = items.from_ticket(packed(ticket), fingerprint)
    try:
        aws.call(
            _table().put_item,
            TableName=settings.TABLE_NAME,
            Item=wire,
            ConditionExpression="attribute_not_exists(ticket_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except aws.Conflict as conflict:
        if conflict.item is None:
            raise
        return Existing(_whole(conflict.item), items.fingerprint_of(conflict.item))
    return None


def get(ticket_id: str) -> Ticket | None:
    """The ticket as it stands now, None if there is none."""
    answer = aws.call(
        _table().get_item, TableName=settings.TABLE_NAME, Key=items.ticket_key(ticket_id), ConsistentRead=True
    )
    return _whole(answer["Item"]) if "Item" in answer else None


def get_with_comments(ticket_id: str, limit: int) -> tuple[Ticket | None, list[Comment], str | None]:
    """The ticket, its first comments, and the id of the last of these if there are more: one query."""
    answer = _query(ticket_id, items.TICKET, limit + 2)
    found = answer["Items"]
    if not found or found[0]["item"]["S"] != items.TICKET:
        return None, [], None
    comments = [items.to_comment(one) for one in found[1 : limit + 1]]
    more = len(found) > limit + 1 or "LastEvaluatedKey" in answer
    return _whole(found[0]), comments, comments[-1].comment_id if more and comments else None


def comments_after(ticket_id: str, comment_id: str, limit: int) -> tuple[list[Comment], str | None]:
    """The comments behind that one, oldest first, and the id of the last of these if there are more."""
    start = aws.to_wire({"ticket_id": ticket_id, "item": items.COMMENT + comment_id})
    answer = _query(ticket_id, items.COMMENT, limit + 1, ExclusiveStartKey=start)
    comments = [items.to_comment(one) for one in answer["Items"]]
    more = len(comments) > limit or "LastEvaluatedKey" in answer
    return comments[:limit], comments[:limit][-1].comment_id if more and comments else None


def last_comments(ticket_id: str, limit: int) -> list[Comment]:
    """The ticket's newest comments, newest first: `limit` at most, fewer if they are large."""
    answer = _query(ticket_id, items.COMMENT, limit, ScanIndexForward=False)
    return [items.to_comment(one) for one in answer["Items"]]


def _query(ticket_id: str, beginning: str, limit: int, **more: Any) -> Any:
    """One page of the ticket's items whose sort key begins so."""
    return aws.call(
        _table().query,
        TableName=settings.TABLE_NAME,
        KeyConditionExpression="ticket_id = :id AND begins_with(#item, :beginning)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues=aws.to_wire({":id": ticket_id, ":beginning": beginning}),
        ConsistentRead=True,
        Limit=limit,
        **more,
    )


def write(actions: list[dict[str, Any]], token: str) -> None:
    """Do all the actions (see ticketing/writes.py) or none.

    `token` makes a second try of the same transaction harmless when the first one's answer was lost.
    Raises aws.Conflict, with a reason for each action, if a condition did not hold.
    """
    aws.call(_table().transact_write_items, TransactItems=actions, ClientRequestToken=token)  # type: ignore[arg-type]


def scan(since: str | None = None) -> Iterator[Ticket]:
    """Every ticket, in no order; with `since`, those changed at or after it, or that have no time on them."""
    names, values, condition = {"#item": "item"}, {":ticket": items.TICKET}, "#item = :ticket"
    if since:
        condition += " AND (NOT attribute_type(updated_at, :text) OR updated_at >= :since)"
        values |= {":since": since, ":text": "S"}
    request: dict[str, Any] = {
        "TableName": settings.TABLE_NAME,
        "FilterExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": aws.to_wire(values),
        "ConsistentRead": True,
    }
    return map(_whole, aws.all_items(_table().scan, **request))


def packed(ticket: Ticket, before: Ticket | None = None) -> Ticket:
    """The ticket as its item is to hold it: whole if it fits, else with its large fields in S3 (written here).

    What is in S3, and is as it was `before`, stays there untouched: it may be that it could not be read.
    Raises TooLarge if even the rest does not fit.
    """
    staying = before is not None and overflow.stays(before, ticket)
    whole = replace(ticket, overflow=None)
    if not staying and size(items.from_ticket(whole, "")) <= MAX_ITEM_BYTES:
        return whole
    kept = overflow.emptied(ticket) if staying else overflow.keep(ticket)
    fitting(items.from_ticket(kept, ""))
    return kept


def _whole(item: dict[str, Any]) -> Ticket:
    return overflow.fill(items.to_ticket(item))


def fitting(wire: dict[str, Any]) -> dict[str, Any]:
    """The item itself, if it is small enough for DynamoDB. Raises TooLarge."""
    if size(wire) > MAX_ITEM_BYTES:
        raise TooLarge
    return wire


def size(value: Any) -> int:
    """Bytes as DynamoDB counts them, nearly: names and texts in UTF-8, a little for everything else."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return sum(size(name) + size(one) for name, one in value.items())
    if isinstance(value, list):
        return sum(size(one) + 1 for one in value)
    return 1
