"""Commenting and changing as acme's program, and the notes of what was changed."""

from typing import Any

from config import json
from tests import record
from tests.record import ACTOR
from ticketing import service
from ticketing.service import Commented
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Ticket, new_comment


def comment(
    ticket: Ticket,
    text: str = "Hello",
    key: str | None = None,
    *,
    reopen: bool = True,
    changes: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
    **more: Any,
) -> Commented:
    made = Key.of("acme", f"POST /itsm/tickets/{ticket.ticket_id}/comments", key, {"comment": text})
    return service.add_comment(
        ticket.ticket_id,
        "acme",
        new_comment(text, **more),
        ACTOR,
        reopen=reopen,
        key=made,
        changes=changes,
        seen=seen,
    )


def change(ticket: Ticket, **changes: Any) -> Ticket:
    return service.change_ticket(ticket.ticket_id, "acme", changes, ACTOR)


def changes_of(ticket: Ticket) -> list[dict[str, Any]]:
    return [one | {"changes": json.loads(one["changes"])} for one in record.items(ticket.ticket_id, "CHANGE#")]
