"""Tickets in the index, found by what somebody types."""

from collections.abc import Callable
from typing import Any

import pytest

from ticketing import index
from ticketing.models import IndexedTicket
from ticketing.search.find import search
from ticketing.tickets.ticket import Comment, Ticket

Store = Callable[..., str]


@pytest.fixture
def store(db: None) -> Store:
    """Puts a ticket into the index: `store("t-1", subject=..., comments=[...])`; its id."""

    def put(ticket_id: str = "t-1", comments: tuple[str, ...] | list[str] = (), day: int = 1, **more: Any) -> str:
        stamp = f"2026-02-{day:02}T10:00:00.000Z"
        values = {"channel": "itsm", "customer_id": "acme", "caller_id": "lea", "issue_description": "", "subject": ""}
        ticket = Ticket(
            ticket_id=ticket_id,
            version=1,
            created_at="2009-07-20T22:01:29.000Z",  # search goes by when a ticket was received
            received_at=stamp,
            updated_at=stamp,
            comment_count=len(comments),
            **values | more,
        )
        index.apply([ticket], [_comment(ticket_id, n, text) for n, text in enumerate(comments)])
        return ticket_id

    return put


@pytest.fixture
def say(db: None) -> Callable[[str, int, str], object]:
    """Adds a comment to a ticket in the index: `say("t-1", 3, text)`."""
    return lambda ticket_id, number, text: index.apply([], [_comment(ticket_id, number, text)])


def found(text: str, **filters: Any) -> list[str]:
    """The ids of the tickets that a text finds, in their order."""
    return [ticket.ticket_id for ticket in search(IndexedTicket.objects.filter(**filters), text).tickets]


def _comment(ticket_id: str, number: int, text: str) -> Comment:
    return Comment(
        ticket_id=ticket_id,
        comment_id=f"c-{number:05}",
        comment=text,
        author=None,
        visibility="internal",
        created_at="2026-02-09T10:11:12.345Z",
        door="desk",
    )
