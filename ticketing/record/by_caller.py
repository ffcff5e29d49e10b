"""A customer's tickets of one caller, a page at a time, from CallerIdIndex. Only `ticketing.service` calls this.

Other customers may have many with the same caller id, and a ticket may have megabytes: so that it takes a bounded time,
a page may be short, or even empty, and go on all the same.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from config import aws
from ticketing import item as items
from ticketing import overflow, store
from ticketing.ticket import Ticket
from ticketing.workflow import CHANNELS, Channel

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_QUERIES = 5  # of a list's page at most,
_WIDE = 1_000  # all but the first with so many items, of which AWS takes as many as a megabyte has
_HEAVY = 5_000_000  # bytes of descriptions and attributes, after which a page ends


@dataclass(frozen=True)
class Page:
    """Some of a list, and where it goes on (None at its end)."""

    tickets: list[Ticket]
    next: dict[str, str] | None


def _table() -> "DynamoDBClient":
    client: DynamoDBClient = aws.client("dynamodb")
    return client


def list_by_caller(
    caller_id: str, customer_id: str, channel: Channel | None, start: dict[str, str] | None, limit: int
) -> Page:
    """A customer's tickets of one caller, newest first. `start` is where an earlier page ended. Raises aws.AwsError."""
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
        room -= store.size([whole[-1].issue_description, whole[-1].attributes])
    return Page(whole, place)


def _place(ticket: Ticket) -> dict[str, str]:
    """Where a ticket stands in CallerIdIndex."""
    return {
        "ticket_id": ticket.ticket_id,
        "item": items.TICKET,
        "caller_id": ticket.caller_id,
        "created_at": ticket.created_at,
    }
