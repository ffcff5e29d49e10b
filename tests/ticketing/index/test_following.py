"""The index follows announcements, and reads from the record the comments that it lacks."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import aws as config_aws
from tests import record
from tests.ticketing.search.conftest import found
from tests.ticketing.writing import change, comment
from ticketing import index
from ticketing.index import following
from ticketing.index.following import follow
from ticketing.models import IndexedComment, IndexedTicket
from ticketing.record import bulk, store
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


def indexed(ticket: Ticket) -> list[str]:
    found = IndexedComment.objects.filter(ticket_id=ticket.ticket_id).order_by("comment_id")
    assert IndexedTicket.objects.get(pk=ticket.ticket_id).known_comments == len(found)
    return [one.text for one in found]


def said(ticket: Ticket, count: int, word: str = "") -> list[Ticket]:
    """So many comments; the ticket after each."""
    return [record.get(comment(ticket, f"{word}{n}").comment.ticket_id) for n in range(count)]


def test_a_ticket_without_comments_costs_no_aws_call(calls: list[str]) -> None:
    tickets = [record.opened() for _ in range(3)]
    calls.clear()
    follow(tickets)
    assert calls == []


def test_one_comment_on_each_of_many_tickets_is_one_aws_call(calls: list[str]) -> None:
    tickets = [said(record.opened(), 1)[-1] for _ in range(5)]
    calls.clear()
    follow(tickets)
    assert calls == ["BatchGetItem"]
    follow(tickets)
    assert calls == ["BatchGetItem"]
    assert [indexed(one) for one in tickets] == [["0"]] * 5


def test_what_is_there_already_is_asked_for_in_two_queries() -> None:
    tickets = [said(record.opened(), 1)[-1] for _ in range(5)]
    follow(tickets)

    def statements(take: Callable[[list[Ticket]], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            take(tickets)
        return len(queries)

    assert statements(follow) == statements(index.apply) + 2


def written_by_another_program(subject: str) -> Ticket:
    """It counts no versions: each of its writings reads as the first."""
    record.put(ticket_id="x", subject=subject, issue_description="No lesson")
    return record.get("x")


def test_what_a_program_writes_that_counts_no_versions_is_followed(calls: list[str]) -> None:
    first, second = (written_by_another_program(subject) for subject in ("Alpha", "Beta"))
    follow([first])
    calls.clear()
    follow([second])
    assert calls == ["BatchGetItem"] * 2  # what does the record say, and does it still?
    calls.clear()
    follow([second])
    assert calls == []
    follow([first, second])
    assert IndexedTicket.objects.get().subject == "Beta"
    assert found("beta") == ["x"]
    assert found("alpha") == []


def test_of_two_consumers_that_read_the_record_at_different_moments_the_later_reading_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other one puts in what it read before, between our reading and our look at the index."""
    old = written_by_another_program("Alpha")
    new = written_by_another_program("Beta")
    index.apply([new])
    read, late = bulk.tickets, [old]

    def tickets(ticket_ids: list[str]) -> list[Ticket]:
        answer = read(ticket_ids)
        if late:
            index.replace(late.pop(), 1)
        return answer

    monkeypatch.setattr(bulk, "tickets", tickets)
    follow([old])
    assert IndexedTicket.objects.get().subject == "Beta"


def test_internal_notes_follow_too() -> None:
    ticket = record.opened()
    comment(ticket, "Do not tell them", visibility="internal")
    follow([record.get(ticket.ticket_id)])
    assert indexed(ticket) == ["Do not tell them"]
    assert IndexedComment.objects.get().visibility == "internal"


@pytest.mark.parametrize("seed", range(5))
def test_announcements_doubled_shuffled_and_late_end_in_the_same_index(seed: int) -> None:
    ticket = record.opened()
    versions = [ticket, *said(ticket, 4), change(ticket, subject="New"), *said(ticket, 3, "later ")]
    announced = versions * 3
    random.Random(seed).shuffle(announced)
    for start in range(0, len(announced), 4):
        follow(announced[start : start + 4])
    assert indexed(ticket) == ["0", "1", "2", "3", "later 0", "later 1", "later 2"]
    assert IndexedTicket.objects.get().subject == "New"


@pytest.mark.parametrize("batches", [[[0], [1]], [[1], [0]], [[0, 1]], [[1, 0]]])
def test_comments_follow_though_another_program_s_was_never_counted(batches: list[list[int]]) -> None:
    """The index knows more comments than it was told of: that it has so many does not mean that it has these."""
    record.put(ticket_id="f", customer_id="acme")
    record.put(ticket_id="f", item="TICKET#COMMENT#0", comment="Old note")
    ticket = record.get("f")
    index.apply([ticket], store.all_comments("f"))
    versions = said(ticket, 2)
    for batch in batches:
        follow([versions[n] for n in batch])
    assert indexed(ticket) == ["Old note", "0", "1"]


def test_comments_announced_together_are_one_aws_call(calls: list[str]) -> None:
    ticket = record.opened()
    versions = said(ticket, 3)
    calls.clear()
    follow(versions)
    assert calls == ["BatchGetItem"]
    assert indexed(ticket) == ["0", "1", "2"]


def test_a_gap_further_back_is_filled() -> None:
    ticket = record.opened()
    versions = said(ticket, 5)
    follow(versions[-1:])
    index.remove_comments([(ticket.ticket_id, IndexedComment.objects.order_by("pk")[1].comment_id)])
    follow(versions[-1:])
    assert indexed(ticket) == ["0", "1", "2", "3", "4"]


def test_a_long_conversation_that_the_index_never_saw_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 3)
    ticket = record.opened()
    follow([said(ticket, 8)[-1]])
    assert indexed(ticket) == [str(n) for n in range(8)]


@pytest.mark.parametrize("last", ["gone", "g\0ne", "", None])
@pytest.mark.parametrize("count", [1, 7])
def test_a_ticket_that_counts_comments_which_are_not_there_is_indexed(last: str | None, count: int) -> None:
    ticket = replace(record.opened(), comment_count=count, last_comment_id=last)
    follow([ticket])
    assert indexed(ticket) == []


def test_a_last_comment_whose_id_is_too_long_for_a_key_is_not_asked_for_by_it(calls: list[str]) -> None:
    ticket = replace(record.opened(), comment_count=1, last_comment_id="é" * 505)
    calls.clear()
    follow([ticket])
    assert set(calls) == {"Query"}
    assert indexed(ticket) == []


def test_what_cannot_be_read_now_is_read_when_the_message_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = record.opened()
    (after,) = said(ticket, 1)

    def away(keys: object) -> None:
        raise config_aws.Retryable("EndpointConnectionError")

    with monkeypatch.context() as broken:
        broken.setattr(bulk, "comments", away)
        with pytest.raises(config_aws.Retryable):
            follow([after])
    assert not IndexedTicket.objects.exists()
    follow([after])
    assert indexed(ticket) == ["0"]
