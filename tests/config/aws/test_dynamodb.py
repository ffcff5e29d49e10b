"""A table as an object: Python values in and out, pages inside, and conditions whose names it finds itself."""

from decimal import Decimal
from typing import Any

import pytest

from config import aws
from config.aws import dynamodb
from ticketing.record.table import TICKETS

pytestmark = pytest.mark.usefixtures("aws")

KEY = {"ticket_id": "t", "item": "TICKET"}
ITEM = KEY | {"status": "open", "version": 1, "tags": ["a"], "nothing": None, "inner": {"price": Decimal("1.50")}}
NEW = "attribute_not_exists(ticket_id)"


@pytest.fixture
def many() -> list[dict[str, Any]]:
    """Seven items of one ticket, in the order of their keys."""
    items = [{"ticket_id": "t", "item": f"CHANGE#{number}", "even": number % 2 == 0} for number in range(7)]
    TICKETS.put_all(items)
    return items


def test_an_item_comes_back_as_it_was_put() -> None:
    assert TICKETS.get(KEY) is None
    TICKETS.put(ITEM)
    assert TICKETS.get(KEY) == ITEM


def test_an_item_that_stands_there_comes_with_the_refusal() -> None:
    TICKETS.put(ITEM)
    with pytest.raises(aws.Conflict) as caught:
        TICKETS.put(KEY | {"status": "solved"}, NEW)
    assert caught.value.item == ITEM
    assert TICKETS.get(KEY) == ITEM


def test_a_reserved_word_can_be_written_with_a_hash() -> None:
    TICKETS.put(ITEM)
    change = aws.Update(KEY, "SET #status = :now REMOVE #nothing", "#status = :was", {":now": "solved", ":was": "open"})
    left = {name: value for name, value in ITEM.items() if name != "nothing"}
    assert TICKETS.updated(change) == left | {"status": "solved"}
    with pytest.raises(aws.Conflict):
        TICKETS.update(change)


def test_a_transaction_happens_as_a_whole_or_says_of_each_action_why_not() -> None:
    TICKETS.put(ITEM)
    other = KEY | {"item": "CHANGE#1"}
    with pytest.raises(aws.Conflict) as caught:
        TICKETS.transact([aws.Put(other), aws.Put(ITEM, NEW)], "token-1")
    assert [(one["Code"], one.get("Item")) for one in caught.value.reasons] == [
        ("None", None),
        ("ConditionalCheckFailed", ITEM),
    ]
    assert TICKETS.get(other) is None
    TICKETS.transact([aws.Put(other), aws.Update(KEY, "SET version = version + :one", "", {":one": 1})], "token-2")
    assert TICKETS.get(other) == other
    assert (TICKETS.get(KEY) or {})["version"] == 2


def test_a_query_reads_on_where_a_page_ended(many: list[dict[str, Any]], calls: list[str]) -> None:
    assert list(TICKETS.query("ticket_id = :id", {":id": "t"}, limit=3)) == many
    assert calls == ["Query"] * 3
    assert list(TICKETS.query("ticket_id = :id", {":id": "t"}, limit=3, order="last")) == many[::-1]


def test_a_page_may_be_empty_and_have_a_next_one(many: list[dict[str, Any]]) -> None:
    page = TICKETS.query_page("ticket_id = :id", {":id": "t", ":not": False}, only_if="even = :not", limit=1)
    assert (page.items, page.seen) == ([], 1)
    onward = TICKETS.query_page("ticket_id = :id", {":id": "t"}, limit=2, start=page.next)
    assert onward.items == many[1:3]
    odd = TICKETS.query("ticket_id = :id", {":id": "t", ":not": False}, only_if="even = :not", limit=1)
    assert list(odd) == many[1::2]


def test_a_scan_reads_on_where_a_page_ended(many: list[dict[str, Any]], calls: list[str]) -> None:
    page = TICKETS.scan_page(limit=4)
    rest = TICKETS.scan_page(limit=4, start=page.next)
    assert (page.seen, rest.seen, rest.next) == (4, 3, None)
    assert sorted(one["item"] for one in page.items + rest.items) == [one["item"] for one in many]
    assert len(list(TICKETS.scan("even = :yes", {":yes": True}))) == 4


def test_what_aws_did_not_come_to_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Busy:
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - AWS's name
            [(name, request)] = RequestItems.items()
            first, *left = request["Keys"]
            asked.append(len(request["Keys"]))
            unprocessed = {name: {"Keys": left}} if left else {}
            return {"Responses": {name: [first]}, "UnprocessedKeys": unprocessed}

    monkeypatch.setattr(dynamodb, "client", lambda _: Busy())
    keys = [{"ticket_id": str(number), "item": "TICKET"} for number in range(3)]
    assert list(TICKETS.get_all(keys)) == keys
    assert asked == [3, 2, 1]
    assert list(TICKETS.get_all([])) == []
