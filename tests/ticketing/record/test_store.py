"""The record itself: lists, scans, and what each call costs."""

import pytest

from tests import record
from tests.record import ACTOR
from ticketing import service
from ticketing.record import bulk, items, store
from ticketing.tickets.ticket import new_comment

pytestmark = pytest.mark.usefixtures("aws")


def times(count: int) -> list[str]:
    return [f"2026-02-09T10:00:{n:02}.000Z" for n in range(count)]


def test_a_list_costs_one_call_and_is_newest_first(calls: list[str]) -> None:
    made = [record.opened(created_at=at).ticket_id for at in times(3)]
    calls.clear()
    page = service.list_by_caller("lea", "acme", None, 20)
    assert calls == ["Query"]
    assert ([one.ticket_id for one in page.tickets], page.next) == (made[::-1], None)
    calls.clear()
    service.get_ticket(made[0], "acme")
    service.get_conversation(made[0], "acme")
    assert calls == ["GetItem", "Query"]


def test_a_scan_gives_tickets_alone_and_since_a_time_those_changed_or_without_one() -> None:
    record.put(ticket_id="old", updated_at="2026-01-01T00:00:00.000Z")
    record.put(ticket_id="new", updated_at="2026-03-01T00:00:00.000Z")
    record.put(ticket_id="timeless")
    record.put(ticket_id="number", updated_at=7)
    record.put(ticket_id="new", item="TICKET#COMMENT#1")
    assert record.ticket_ids() == ["new", "number", "old", "timeless"]
    since = service.all_tickets("2026-02-01T00:00:00.000Z")
    assert sorted(one.ticket_id for one in since) == ["new", "number", "timeless"]


def test_existing_tells_which_of_a_hundred_there_are() -> None:
    record.put(ticket_id="a")
    record.put(ticket_id="comments only", item="TICKET#COMMENT#1")
    assert bulk.existing(["a", "comments only", *(f"x{n}" for n in range(98))]) == {"a"}
    assert bulk.existing([]) == set()


def test_the_size_of_an_item_is_counted_in_bytes() -> None:
    item = {"a": "é" * 10, "l": ["x"], "n": 1}
    assert 25 < items.size(item) < 45
    with pytest.raises(store.TooLarge):
        store.fitting({"a": "é" * 200_000})


def test_only_tickets_stand_in_the_callers_index() -> None:
    ticket = record.opened()
    service.add_comment(ticket.ticket_id, "acme", new_comment("Hello"), ACTOR)
    service.change_ticket(ticket.ticket_id, "acme", {"subject": "x"}, ACTOR)
    with_caller = [one["item"] for one in record.items(ticket.ticket_id) if "caller_id" in one]
    assert with_caller == [items.TICKET]
