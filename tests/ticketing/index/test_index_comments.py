"""Comments in the index: each once, in any order, with their ticket or after it."""

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.ticketing.index.test_index import row, ticket
from ticketing import index
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.tickets.ticket import Comment

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def comment(comment_id: str = "c-1", ticket_id: str = "t-1", **more: Any) -> Comment:
    values: dict[str, Any] = {"comment": f"Said in {comment_id}", "created_at": "2026-02-09T10:11:12.345Z"}
    return Comment(ticket_id=ticket_id, comment_id=comment_id, **values | more)


def texts(ticket_id: str = "t-1") -> list[str]:
    return list(IndexedComment.objects.filter(ticket_id=ticket_id).order_by("pk").values_list("text", flat=True))


def test_a_comment_row_says_what_the_comment_says() -> None:
    whole = comment(author="Ada", visibility="internal", door="desk")
    index.apply([ticket()], [whole])
    (found,) = IndexedComment.objects.all()
    assert index.same(found, index.comment_row(whole))
    assert (found.text, found.author, found.visibility, found.door) == ("Said in c-1", "Ada", "internal", "desk")
    assert found.created_at.isoformat() == "2026-02-09T10:11:12.345000+00:00"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_tickets_and_comments_in_any_order_and_twice_end_the_same(order: tuple[int, ...]) -> None:
    steps: list[Any] = [
        ([ticket(1)], []),
        ([ticket(2, comment_count=1)], []),
        ([ticket(1)], [comment("c-1")]),
        ([ticket(3, comment_count=2)], [comment("c-2"), comment("c-1")]),
    ]
    for step in order:
        index.apply(*steps[step])
        index.apply(*steps[step])
    assert texts() == ["Said in c-1", "Said in c-2"]
    assert (row().version, row().comment_count, row().known_comments) == (3, 2, 2)


def test_a_comment_whose_ticket_is_not_there_is_passed_over() -> None:
    index.apply([ticket()], [comment(), comment(ticket_id="t-2")])
    index.apply([], [comment(ticket_id="t-2")])
    assert (texts(), texts("t-2")) == (["Said in c-1"], [])


def test_a_comment_that_is_there_is_passed_over() -> None:
    index.apply([ticket()], [comment(), comment()])
    index.apply([], [comment(comment="a forgery")])
    assert texts() == ["Said in c-1"]


def test_the_same_comment_id_on_two_tickets_is_two_comments() -> None:
    index.apply([ticket(), ticket(ticket_id="t-2")], [comment(), comment(ticket_id="t-2")])
    assert (row().known_comments, row("t-2").known_comments) == (1, 1)


def test_removed_tickets_take_their_comments_with_them() -> None:
    index.apply([ticket(), ticket(ticket_id="t-2")], [comment(), comment(ticket_id="t-2")])
    index.remove(["t-1"])
    assert list(IndexedTicket.objects.values_list("pk", flat=True)) == ["t-2"]
    assert (texts(), texts("t-2")) == ([], ["Said in c-1"])


def test_a_removed_comment_is_counted_no_more() -> None:
    index.apply([ticket()], [comment("c-1"), comment("c-2")])
    index.remove_comments([("t-1", "c-1")])
    assert (texts(), row().known_comments) == (["Said in c-2"], 1)


def test_nuls_and_lone_surrogates_in_comments_are_stored_as_what_a_database_can_hold() -> None:
    index.apply([ticket()], [comment("c\0", comment="a\0b\ud800c", author="\ud800")])
    assert (texts(), row().known_comments) == (["a\ufffdb?c"], 1)


def test_a_batch_of_a_hundred_takes_a_constant_number_of_statements() -> None:
    def statements(count: int) -> int:
        names = [f"{count} {n}" for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            index.apply([ticket(1, name) for name in names], [comment("c", name) for name in names])
        return len(queries)

    assert statements(100) == statements(1)
    assert IndexedTicket.objects.filter(known_comments=1).count() == 101
