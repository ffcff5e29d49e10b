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
from ticketing.workflow import CHANNELS, Channel

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_ITEM_BYTES = 390_000  # DynamoDB's 400 KB, less room for what is counted differently there

_QUERIES = 5  # of a list's page at most,
_WIDE = 1_000  # all but the first with so many items, of which AWS takes as many as a megabyte has
_HEAVY = 5_000_000  # bytes of descriptions and attributes, after which a page ends


class TooLarge(Exception):
    """The ticket does not fit into one item."""


@dataclass(frozen=True)
class Existing:
    """What stands where a new ticket should go."""

    ticket: Ticket
    fingerprint: str | None


@dataclass(frozen=True)
class Page:
    """Some of a list, and where it goes on (None at its end)."""

    tickets: list[Ticket]
    next: dict[str, str] | None


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
    answer = aws.call(
        _table().query,
        TableName=settings.TABLE_NAME,
        KeyConditionExpression="ticket_id = :id AND begins_with(#item, :ticket)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues=aws.to_wire({":id": ticket_id, ":ticket": items.TICKET}),
        ConsistentRead=True,
        Limit=limit + 2,
    )
    found = answer["Items"]
    if not found or found[0]["item"]["S"] != items.TICKET:
        return None, [], None
    comments = [items.to_comment(one) for one in found[1 : limit + 1]]
    more = len(found) > limit + 1 or "LastEvaluatedKey" in answer
    return _whole(found[0]), comments, comments[-1].comment_id if more and comments else None


def comments_after(ticket_id: str, comment_id: str, limit: int) -> tuple[list[Comment], str | None]:
    """The comments behind that one, oldest first, and the id of the last of these if there are more."""
    answer = aws.call(
        _table().query,
        TableName=settings.TABLE_NAME,
        KeyConditionExpression="ticket_id = :id AND begins_with(#item, :comment)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues=aws.to_wire({":id": ticket_id, ":comment": items.COMMENT}),
        ExclusiveStartKey=aws.to_wire({"ticket_id": ticket_id, "item": items.COMMENT + comment_id}),
        ConsistentRead=True,
        Limit=limit + 1,
    )
    comments = [items.to_comment(one) for one in answer["Items"]]
    more = len(comments) > limit or "LastEvaluatedKey" in answer
    return comments[:limit], comments[:limit][-1].comment_id if more and comments else None


def last_comments(ticket_id: str, limit: int) -> list[Comment]:
    """The ticket's newest comments, newest first: `limit` at most, fewer if they are large."""
    answer = aws.call(
        _table().query,
        TableName=settings.TABLE_NAME,
        KeyConditionExpression="ticket_id = :id AND begins_with(#item, :comment)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues=aws.to_wire({":id": ticket_id, ":comment": items.COMMENT}),
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
    )
    return [items.to_comment(one) for one in answer["Items"]]


def list_by_caller(
    caller_id: str, customer_id: str, channel: Channel | None, start: dict[str, str] | None, limit: int
) -> Page:
    """A customer's tickets of one caller, newest first. `start` is where an earlier page ended.

    Other customers may have many with the same caller id, and a ticket may have megabytes: so that it takes a bounded
    time, a page may be short, or even empty, and go on all the same.
    """
    kept: list[Ticket] = []
    last = start or {}
    for number in range(_QUERIES):
        query = _caller_query(caller_id, customer_id, channel) | {"Limit": _WIDE if number else limit + 1}
        answer = aws.call(_table().query, **query | ({"ExclusiveStartKey": aws.to_wire(last)} if last else {}))
        found = [items.to_ticket(one) for one in answer["Items"]]
        kept += [one for one in found if one.customer_id == customer_id and channel in (None, one.channel)]
        last = {name: str(value) for name, value in aws.from_wire(answer.get("LastEvaluatedKey", {})).items()}
        if len(kept) > limit:
            return _filled(kept[:limit], _place(kept[limit - 1]))
        if not last:
            return _filled(kept, None)
    return _unended(kept, start, last)


def _caller_query(caller_id: str, customer_id: str, channel: Channel | None) -> dict[str, Any]:
    """What surely is another customer's or channel's is left out by AWS; how the rest reads, item.py says."""
    condition = "(customer_id = :customer OR customer_id = :nothing OR NOT attribute_type(customer_id, :text))"
    values = {":caller": caller_id, ":customer": customer_id, ":nothing": "", ":text": "S"}
    query: dict[str, Any] = {"ExpressionAttributeNames": {"#channel": "channel"}} if channel else {}
    if channel:
        others = {f":{one}": one for one in CHANNELS if one != channel}
        condition += f" AND NOT #channel IN ({', '.join(others)})"
        values |= others
    return query | {
        "TableName": settings.TABLE_NAME,
        "IndexName": "CallerIdIndex",
        "KeyConditionExpression": "caller_id = :caller",
        "FilterExpression": condition,
        "ExpressionAttributeValues": aws.to_wire(values),
        "ScanIndexForward": False,
    }


def _unended(kept: list[Ticket], start: dict[str, str] | None, last: dict[str, str]) -> Page:
    """A page that ends at another customer's ticket. Where it goes on tells no more of that than its time: in front of
    all that were created then, of which none is in this page.
    """
    moment = last["created_at"]
    place = last | {"ticket_id": "-", "created_at": f"{moment}\0"}  # the next text after that moment's
    if start and start["created_at"] <= place["created_at"]:  # so many at one moment: there is no getting past it
        return _filled(kept, last)
    return _filled([one for one in kept if one.created_at != moment], place)


def _filled(tickets: list[Ticket], place: dict[str, str] | None) -> Page:
    """The tickets whole: the first one, and as many more as begin within `_HEAVY` bytes."""
    whole: list[Ticket] = []
    room = _HEAVY
    for one in tickets:
        if room <= 0:
            return Page(whole, _place(whole[-1]))
        whole.append(overflow.fill(one))
        room -= _size([whole[-1].issue_description, whole[-1].attributes])
    return Page(whole, place)


def _place(ticket: Ticket) -> dict[str, str]:
    """Where a ticket stands in CallerIdIndex."""
    return {
        "ticket_id": ticket.ticket_id,
        "item": items.TICKET,
        "caller_id": ticket.caller_id,
        "created_at": ticket.created_at,
    }


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
    while True:
        answer = aws.call(_table().scan, **request)
        yield from (_whole(one) for one in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def packed(ticket: Ticket, before: Ticket | None = None) -> Ticket:
    """The ticket as its item is to hold it: whole if it fits, else with its large fields in S3 (written here).

    What is in S3, and is as it was `before`, stays there untouched: it may be that it could not be read.
    Raises TooLarge if even the rest does not fit.
    """
    staying = before is not None and overflow.stays(before, ticket)
    whole = replace(ticket, overflow=None)
    if not staying and _size(items.from_ticket(whole, "")) <= MAX_ITEM_BYTES:
        return whole
    kept = overflow.emptied(ticket) if staying else overflow.keep(ticket)
    fitting(items.from_ticket(kept, ""))
    return kept


def _whole(item: dict[str, Any]) -> Ticket:
    return overflow.fill(items.to_ticket(item))


def fitting(wire: dict[str, Any]) -> dict[str, Any]:
    """The item itself, if it is small enough for DynamoDB. Raises TooLarge."""
    if _size(wire) > MAX_ITEM_BYTES:
        raise TooLarge
    return wire


def _size(value: Any) -> int:
    """Bytes as DynamoDB counts them, nearly: names and texts in UTF-8, a little for everything else."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return sum(_size(name) + _size(one) for name, one in value.items())
    if isinstance(value, list):
        return sum(_size(one) + 1 for one in value)
    return 1
