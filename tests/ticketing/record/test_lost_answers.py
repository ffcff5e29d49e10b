"""When AWS does not play along: lost answers, writers that cancel each other, throttling."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from config import aws
from config.refusals import Busy
from tests import record
from tests.ticketing.writing import change, changes_of, comment
from ticketing import service

pytestmark = pytest.mark.usefixtures("aws")


def conflict() -> ClientError:
    reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
    return ClientError({"Error": {"Code": "TransactionCanceledException"}} | reasons, "TransactWriteItems")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [None, "key"])
def test_a_lost_answer_makes_no_second_ticket(aws_answers: list[Any], key: str | None) -> None:
    aws_answers.append("lost")
    opened = record.opened_with_key(key).ticket if key else record.opened()
    assert record.ticket_ids() == [opened.ticket_id]
    assert record.get(opened.ticket_id) == opened


@pytest.mark.parametrize("key", [None, "key"])
def test_a_lost_answer_makes_no_second_comment(aws_answers: list[Any], key: str | None) -> None:
    ticket = record.opened()
    aws_answers.append("lost")
    added = comment(ticket, key=key)
    assert record.get(ticket.ticket_id).comment_count == 1
    assert service.get_conversation(ticket.ticket_id, "acme").comments == [added.comment]


def test_a_lost_answer_makes_no_second_change(aws_answers: list[Any]) -> None:
    ticket = record.opened()
    aws_answers.append("lost")
    assert change(ticket, subject="New").version == record.get(ticket.ticket_id).version == 2
    assert len(changes_of(ticket)) == 1


def test_writers_that_cancel_each_other_try_again(aws_answers: list[Any]) -> None:
    ticket = record.opened()
    aws_answers += [conflict()] * 5
    comment(ticket)
    aws_answers += [conflict()] * 5
    assert change(ticket, subject="New").version == 3


def test_who_cannot_get_through_for_two_seconds_is_asked_to_come_again(
    aws_answers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = record.opened()
    monkeypatch.setattr(aws.calls, "CONTENTION_SECONDS", 0.05)
    for write in (lambda: comment(ticket), lambda: change(ticket, subject="New"), lambda: record.opened_with_key("k")):
        aws_answers[:] = [conflict()] * 100_000
        with pytest.raises(Busy):
            write()
    aws_answers.clear()
    assert record.get(ticket.ticket_id) == ticket


def test_a_throttled_table_is_an_error_after_three_tries(aws_answers: list[Any], calls: list[str]) -> None:
    aws_answers += [ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem") for _ in range(9)]
    with pytest.raises(aws.Retryable):
        record.opened()
    assert len(aws_answers) == 6
