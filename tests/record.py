"""The record as tests see it: what another program would put there, and what stands there afterwards."""

from typing import Any

from django.conf import settings

from config import aws
from ticketing import service
from ticketing.service import Opened
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Ticket, draft

ACTOR = Actor(name="Ada", door="itsm", request_id="r-1")


def put(**values: Any) -> None:
    """A `TICKET` item, written by another program."""
    aws.client("dynamodb").put_item(TableName=settings.TABLE_NAME, Item=aws.to_wire({"item": "TICKET"} | values))


def forget(ticket_id: str) -> None:
    """Another program deletes the `TICKET` item."""
    key = aws.to_wire({"ticket_id": ticket_id, "item": "TICKET"})
    aws.client("dynamodb").delete_item(TableName=settings.TABLE_NAME, Key=key)


def items(ticket_id: str, prefix: str = "") -> list[dict[str, Any]]:
    """A ticket's items whose sort key begins so, in order."""
    found = aws.client("dynamodb").query(
        TableName=settings.TABLE_NAME,
        KeyConditionExpression="ticket_id = :id",
        ExpressionAttributeValues={":id": {"S": ticket_id}},
    )["Items"]
    return [one for one in map(aws.from_wire, found) if one["item"].startswith(prefix)]


def ticket_ids() -> list[str]:
    """Every ticket that stands in the record."""
    return sorted(ticket.ticket_id for ticket in service.all_tickets())


def new(**more: Any) -> Ticket:
    """A draft of acme's."""
    values: dict[str, Any] = {"channel": "itsm", "customer_id": "acme", "tier": "general", "caller_id": "lea"}
    return draft(**values | {"issue_description": "No lesson"} | more)


def opened(**more: Any) -> Ticket:
    """A ticket of acme's that stands in the record."""
    return service.open_ticket(new(**more)).ticket


def opened_with_key(key: str, fingerprint: str = "f", **more: Any) -> Opened:
    return service.open_ticket(new(**more), Key("acme", "POST /itsm/tickets", key, fingerprint))


def get(ticket_id: str) -> Ticket:
    """The ticket as it stands."""
    ticket = service.find(ticket_id)
    assert ticket
    return ticket
