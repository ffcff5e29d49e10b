"""Many comments of one sender: found in few calls."""

import pytest

from tests import record
from tests.record import ACTOR
from tests.ticketing.writing import comment
from ticketing import service
from ticketing.record import transactions
from ticketing.record.many_comments import Known
from ticketing.record.table import TICKETS
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Ticket, new_comment

pytestmark = pytest.mark.usefixtures("aws")


def key(number: int, mark: str | None = "m") -> Key:
    return Key("acme", "many", str(number), str(number), mark)


def written(ticket: Ticket, under: Key) -> str:
    """The id of a comment that was written under the key."""
    return service.add_comment(ticket.ticket_id, "acme", new_comment("Hello"), ACTOR, key=under).comment.comment_id


def test_comments_that_have_a_key_are_found_with_their_marks_in_one_call(calls: list[str]) -> None:
    ticket, other = record.opened(), record.opened()
    comment(ticket)  # has no key
    written(other, key(1))
    first, second = written(ticket, key(1)), written(ticket, key(2, mark=None))
    calls.clear()
    assert service.known_comments(ticket.ticket_id) == {
        key(1).keyed_id: Known(first, "m"),
        key(2).keyed_id: Known(second, None),
    }
    assert calls == ["Query"]


def test_a_mark_can_be_given_later() -> None:
    ticket = record.opened()
    there = written(ticket, key(1, mark=None))
    TICKETS.transact([transactions.marked(ticket.ticket_id, key(1, mark="later"))], "token")
    assert service.known_comments(ticket.ticket_id) == {key(1).keyed_id: Known(there, "later")}


def test_another_programs_key_item_does_no_harm() -> None:
    ticket = record.opened()
    TICKETS.put({"ticket_id": ticket.ticket_id, "item": "KEY#theirs"})
    assert service.known_comments(ticket.ticket_id) == {"theirs": Known("", None)}
