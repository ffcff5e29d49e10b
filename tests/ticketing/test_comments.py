"""Comments: there once, counted, in order; and what they do to their ticket."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.refusals import Final, Invalid, KeyReused
from tests import record
from tests.ticketing.writing import change, changes_of, comment
from ticketing import service

pytestmark = pytest.mark.usefixtures("aws")


def test_a_comment_costs_one_call_and_counts(calls: list[str]) -> None:
    ticket = record.opened()
    calls.clear()
    added = comment(ticket, author="Lea")
    assert calls == ["TransactWriteItems"]
    now = record.get(ticket.ticket_id)
    assert (now.version, now.comment_count, now.last_comment_id) == (2, 1, added.comment.comment_id)
    assert (now.updated_at, now.request_id) == (added.comment.created_at, "r-1")
    assert service.get_conversation(ticket.ticket_id, "acme").comments == [added.comment]


def test_comments_are_in_order_of_time_and_paged() -> None:
    ticket = record.opened()
    texts = [f"comment {n}" for n in range(7)]
    for text in texts:
        comment(ticket, text)
    found = service.get_conversation(ticket.ticket_id, "acme", limit=3)
    read, after = list(found.comments), found.next
    while after:
        page, after = service.more_comments(ticket.ticket_id, after, 3)
        read += page
    assert [one.comment for one in read] == texts
    assert service.get_conversation(ticket.ticket_id, "acme", limit=7).next is None


@pytest.mark.parametrize("status", ["pending", "solved"])
def test_a_public_comment_opens_a_waiting_ticket_again_and_notes_it(status: str, calls: list[str]) -> None:
    ticket = record.opened()
    change(ticket, status=status)
    calls.clear()
    comment(ticket)
    assert len(calls) <= 3
    now = record.get(ticket.ticket_id)
    assert (now.status, now.version, now.comment_count) == ("open", 3, 1)
    assert changes_of(ticket)[-1]["changes"] == {"status": [status, "open"]}


@pytest.mark.parametrize("more", [{"visibility": "internal"}, {"reopen": False}])
def test_an_internal_comment_and_staffs_answer_leave_the_status(more: dict[str, Any]) -> None:
    ticket = record.opened()
    change(ticket, status="solved")
    comment(ticket, **more)
    assert record.get(ticket.ticket_id).status == "solved"


def test_a_comment_that_reopens_changes_the_fields_beside_it_too() -> None:
    ticket = record.opened(assignee="Ada")
    change(ticket, status="solved")
    comment(ticket, changes={"assignee": None}, seen={"assignee": "Ada"})
    now = record.get(ticket.ticket_id)
    assert (now.status, now.assignee, now.version, now.comment_count) == ("open", None, 3, 1)
    assert changes_of(ticket)[-1]["changes"] == {"assignee": ["Ada", None], "status": ["solved", "open"]}


def test_a_status_that_is_given_with_a_comment_is_not_undone_by_reopening(calls: list[str]) -> None:
    ticket = record.opened()
    change(ticket, status="pending")
    calls.clear()
    comment(ticket, changes={"status": "solved"}, seen={"status": "pending"})
    assert calls[0] == "TransactWriteItems"
    assert record.get(ticket.ticket_id).status == "solved"


@pytest.mark.parametrize("seen", ["open", "closed"])
def test_no_status_that_a_writer_claims_to_have_seen_opens_a_closed_ticket(seen: str) -> None:
    ticket = record.opened()
    closed = change(ticket, status="closed")
    with pytest.raises(Final):
        comment(ticket, changes={"status": "open"}, seen={"status": seen})
    assert record.get(ticket.ticket_id) == closed


def test_a_closed_ticket_takes_no_comment_and_no_change() -> None:
    ticket = record.opened()
    closed = change(ticket, status="closed")
    for refused in (
        lambda: comment(ticket),
        lambda: comment(ticket, reopen=False),
        lambda: change(ticket, status="open"),
    ):
        with pytest.raises(Final, match=r"^Ticket is closed$"):
            refused()
    assert record.get(ticket.ticket_id) == closed
    assert record.items(ticket.ticket_id, "TICKET#COMMENT#") == []


def test_a_keyed_comment_is_there_once_even_when_the_ticket_was_closed_since(calls: list[str]) -> None:
    ticket = record.opened()
    calls.clear()
    first = comment(ticket, key="key")
    assert calls == ["TransactWriteItems"]
    change(ticket, status="closed")
    calls.clear()
    again = comment(ticket, key="key")
    assert calls == ["TransactWriteItems"]
    assert (again.comment, again.replayed) == (first.comment, True)
    assert record.get(ticket.ticket_id).comment_count == 1


def test_a_keyed_comment_with_other_words_is_refused() -> None:
    ticket = record.opened()
    comment(ticket, "one", key="key")
    with pytest.raises(KeyReused):
        comment(ticket, "two", key="key")
    assert [one["comment"] for one in record.items(ticket.ticket_id, "TICKET#COMMENT#")] == ["one"]


def test_a_keyed_comment_that_reopened_is_replayed_in_one_call(calls: list[str]) -> None:
    ticket = record.opened()
    change(ticket, status="solved")
    first = comment(ticket, key="key")
    change(ticket, status="solved")
    calls.clear()
    assert comment(ticket, key="key").comment == first.comment
    assert calls == ["TransactWriteItems"]
    assert record.get(ticket.ticket_id).status == "solved"


def test_fifty_comments_at_once_are_all_there_and_counted(atomic: None) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(20) as threads:
        done = list(threads.map(lambda n: comment(ticket, f"{n}"), range(50)))
    now = record.get(ticket.ticket_id)
    assert (now.comment_count, now.version, len({one.comment.comment_id for one in done})) == (50, 51, 50)


def test_fifty_that_race_with_one_comment_key_make_one_comment(atomic: None) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(20) as threads:
        done = list(threads.map(lambda _: comment(ticket, key="race"), range(50)))
    assert sorted(one.replayed for one in done) == [False] + [True] * 49
    assert len({one.comment.comment_id for one in done}) == 1
    assert record.get(ticket.ticket_id).comment_count == 1


def test_a_comment_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Invalid, match="too large"):
        comment(record.opened(), "x" * 400_000)
