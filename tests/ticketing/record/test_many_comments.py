"""Many comments of one sender: found and written in few calls, each once and in order, whatever dies between."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config import aws
from config.aws.dynamodb import Table
from config.refusals import Absent, Final, Invalid, KeyReused
from tests import record
from tests.record import ACTOR
from tests.ticketing.writing import change, comment
from ticketing import service
from ticketing.record import transactions
from ticketing.record.many_comments import Draft, Known
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


def drafts(numbers: Iterable[int], text: str = "Comment {}", **more: Any) -> list[Draft]:
    """Comments that were all written elsewhere at one moment."""
    at = "2026-01-05T10:00:00.000Z"
    return [(new_comment(text.format(number), created_at=at, **more), key(number)) for number in numbers]


def add(ticket: Ticket, some: list[Draft], there: int = 0) -> list[int]:
    return list(service.add_comments(ticket.ticket_id, "acme", some, ACTOR, there=there))


def said(ticket: Ticket) -> list[str]:
    return [one.comment for one in service.get_conversation(ticket.ticket_id, "acme", 1000).comments]


def texts(numbers: Iterable[int]) -> list[str]:
    return [f"Comment {number}" for number in numbers]


def test_many_comments_take_few_calls_and_are_counted_and_in_order(calls: list[str]) -> None:
    ticket = record.opened()
    calls.clear()
    assert add(ticket, drafts(range(120))) == [49, 98, 120]
    assert calls == ["TransactWriteItems"] * 3
    assert said(ticket) == texts(range(120))
    now = record.get(ticket.ticket_id)
    last = service.get_conversation(ticket.ticket_id, "acme", 1000).comments[-1]
    assert (now.comment_count, now.version, now.last_comment_id) == (120, 121, last.comment_id)
    assert now.updated_at > last.created_at == "2026-01-05T10:00:00.000Z"


def test_the_ticket_tells_how_many_of_how_many_are_there_while_they_come_in() -> None:
    ticket = record.opened()
    writing = service.add_comments(ticket.ticket_id, "acme", drafts(range(10, 120)), ACTOR, there=10)
    arriving = [record.get(ticket.ticket_id).arriving for _ in writing]
    assert arriving == [{"there": 59, "of": 120}, {"there": 108, "of": 120}, None]


def test_what_never_came_is_on_its_way_no_more() -> None:
    ticket = record.opened()
    next(service.add_comments(ticket.ticket_id, "acme", drafts(range(60)), ACTOR))
    service.all_arrived(ticket.ticket_id)
    service.all_arrived(ticket.ticket_id)
    assert record.get(ticket.ticket_id).arriving is None


@pytest.mark.parametrize("arriving", ["soon", {"there": 1}, {"there": "1", "of": 2}, {"there": 3, "of": 2}])
def test_another_programs_word_for_what_is_on_its_way_is_not_believed(arriving: Any) -> None:
    record.put(ticket_id="theirs", arriving=arriving)
    assert record.get("theirs").arriving is None


def test_comments_that_are_there_are_left_out_and_the_others_stay_in_order() -> None:
    ticket = record.opened()
    add(ticket, drafts([1, 3]))
    assert add(ticket, drafts(range(5), "Again {}")) == [5]
    assert said(ticket) == ["Comment 1", "Comment 3", "Again 0", "Again 2", "Again 4"]
    assert record.get(ticket.ticket_id).comment_count == 5


def test_a_repeat_changes_nothing() -> None:
    ticket = record.opened()
    add(ticket, drafts(range(60)))
    before = record.items(ticket.ticket_id)
    add(ticket, drafts(range(60)))
    assert record.items(ticket.ticket_id) == before


def test_a_comment_that_comes_twice_at_once_is_there_once() -> None:
    ticket = record.opened()
    assert add(ticket, drafts([1, 2, 1])) == [2]
    assert said(ticket) == texts([1, 2])


def test_each_comment_keeps_its_door_and_none_opens_the_ticket_again() -> None:
    ticket = change(record.opened(), status="solved")
    add(ticket, [*drafts([1], door="desk"), *drafts([2])])
    found = service.get_conversation(ticket.ticket_id, "acme")
    assert [one.door for one in found.comments] == ["desk", "itsm"]
    assert found.ticket.status == "solved"


def test_a_closed_ticket_takes_none_but_says_so_only_if_one_is_missing() -> None:
    ticket = record.opened()
    add(ticket, drafts(range(3)))
    change(ticket, status="closed")
    add(ticket, drafts(range(3)))
    with pytest.raises(Final):
        add(ticket, drafts(range(4)))
    assert said(ticket) == texts(range(3))


def test_nothing_is_added_to_what_is_not_there_or_not_ones_own() -> None:
    ticket = record.opened(customer_id="other")
    for ticket_id in (ticket.ticket_id, "unknown"):
        with pytest.raises(Absent):
            list(service.add_comments(ticket_id, "acme", drafts([1]), ACTOR))


def test_a_key_of_another_request_is_refused() -> None:
    ticket = record.opened()
    add(ticket, drafts([1]))
    [(draft, used)] = drafts([1])
    with pytest.raises(KeyReused):
        add(ticket, [(draft, Key(used.customer_id, used.operation, used.key, "another"))])


def test_large_comments_are_shared_out_over_transactions_and_one_that_no_item_holds_is_refused(
    calls: list[str],
) -> None:
    ticket = record.opened()
    calls.clear()
    add(ticket, drafts(range(10), "x" * 380_000))
    assert calls == ["TransactWriteItems"] * 2
    with pytest.raises(Invalid):
        add(ticket, drafts([11], "x" * 400_000))


def test_another_programs_ticket_is_mended_first() -> None:
    record.put(ticket_id="theirs", customer_id="acme", version="7", comment_count="none")
    list(service.add_comments("theirs", "acme", drafts(range(50)), ACTOR))
    assert (record.get("theirs").comment_count, record.get("theirs").version) == (50, 51)


def test_an_answer_that_was_lost_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, transact = record.opened(), Table.transact

    def lost(*args: Any) -> None:
        transact(*args)
        raise aws.Retryable("ConnectionClosedError")

    with monkeypatch.context() as broken:
        broken.setattr(Table, "transact", lost)
        with pytest.raises(aws.Retryable):
            add(ticket, drafts(range(60)))
    add(ticket, drafts(range(60)))
    assert said(ticket) == texts(range(60))
    assert record.get(ticket.ticket_id).comment_count == 60


def test_writers_that_bring_the_same_comments_at_once_bring_each_once_and_in_order(atomic: None) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda first: add(ticket, drafts(range(first, 150))), [0, 0, 0, 0]))
    assert said(ticket) == texts(range(150))
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version) == (150, 151)
