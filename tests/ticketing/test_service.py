"""Open, comment, change: what stands in the record afterwards, once, whatever happens between."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from config import aws, json
from config.refusals import Absent, Busy, Final, Invalid, KeyReused, Stale
from tests import record
from tests.record import ACTOR
from ticketing import service
from ticketing.service import Commented, Key
from ticketing.ticket import Ticket

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call happens whole, as DynamoDB's do and the fake's, under threads, do not; between calls all may happen."""
    one_at_a_time, original = threading.Lock(), BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        with one_at_a_time:
            return original(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def comment(ticket: Ticket, text: str = "Hello", key: str | None = None, **more: Any) -> Commented:
    made = Key.of("acme", f"POST /itsm/tickets/{ticket.ticket_id}/comments", key, {"comment": text})
    return service.add_comment(ticket.ticket_id, "acme", text, ACTOR, key=made, **more)


def change(ticket: Ticket, **changes: Any) -> Ticket:
    return service.change_ticket(ticket.ticket_id, "acme", changes, ACTOR)


def changes_of(ticket: Ticket) -> list[dict[str, Any]]:
    return [one | {"changes": json.loads(one["changes"])} for one in record.items(ticket.ticket_id, "CHANGE#")]


# --- Opening ----------------------------------------------------------------------------------------


def test_a_ticket_is_opened_in_one_call_with_its_defaults(calls: list[str]) -> None:
    ticket = record.opened(subject="Broken", tags=["b", "a"], attributes={"n": 1})
    assert calls == ["PutItem"]
    assert record.get(ticket.ticket_id) == ticket
    assert (ticket.version, ticket.status, ticket.priority, ticket.comment_count) == (1, "open", "normal", 0)
    assert ticket.created_at == ticket.updated_at


def test_a_key_makes_a_repeat_find_the_first_ticket_as_it_is_now(calls: list[str]) -> None:
    first = record.opened_with_key("key")
    changed = change(first.ticket, subject="Changed since")
    calls.clear()
    again = record.opened_with_key("key")
    assert calls == ["PutItem"]
    assert (first.replayed, again.replayed, again.ticket) == (False, True, changed)
    assert record.ticket_ids() == [first.ticket.ticket_id]


def test_a_key_used_for_another_request_is_refused() -> None:
    record.opened_with_key("key", "one")
    with pytest.raises(KeyReused):
        record.opened_with_key("key", "two")


def test_fifty_that_race_with_one_key_make_one_ticket(atomic: None) -> None:
    with ThreadPoolExecutor(50) as threads:
        done = list(threads.map(lambda _: record.opened_with_key("race"), range(50)))
    assert len({one.ticket.ticket_id for one in done}) == len(record.ticket_ids()) == 1
    assert sorted(one.replayed for one in done) == [False] + [True] * 49


def test_a_ticket_that_does_not_fit_is_refused_with_a_sentence() -> None:
    with pytest.raises(Invalid, match="too large to be stored"):
        record.opened(issue_description="é" * 200_000)
    assert record.ticket_ids() == []


# --- Commenting -------------------------------------------------------------------------------------


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


def test_a_closed_ticket_takes_no_comment_and_no_change() -> None:
    ticket = record.opened()
    closed = change(ticket, status="closed")
    for refused in (
        lambda: comment(ticket),
        lambda: comment(ticket, reopen=False),
        lambda: change(ticket, status="open"),
    ):
        with pytest.raises(Final, match="^Ticket is closed$"):
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


# --- Changing ---------------------------------------------------------------------------------------


def test_a_change_costs_two_calls_and_says_who_when_where_and_what(calls: list[str]) -> None:
    ticket = record.opened(subject="Old", assignee="Ada")
    calls.clear()
    changed = change(ticket, subject="New", assignee=None)
    assert calls == ["GetItem", "TransactWriteItems"]
    assert record.get(ticket.ticket_id) == changed
    assert (changed.version, changed.subject, changed.assignee) == (2, "New", None)
    [note] = changes_of(ticket)
    assert note["changes"] == {"subject": ["Old", "New"], "assignee": ["Ada", None]}
    assert (note["by"], note["door"], note["request_id"], note["at"], note["version"]) == (
        "Ada",
        "itsm",
        "r-1",
        changed.updated_at,
        2,
    )


def test_what_changes_nothing_writes_nothing(calls: list[str]) -> None:
    ticket = record.opened(attributes={"b": 1, "a": [2]})
    calls.clear()
    assert change(ticket, attributes={"a": [2], "b": 1}, status="open") == ticket
    assert calls == ["GetItem"]


@pytest.mark.parametrize("after", ["true", "1.0", "1.00", '"1"'])
def test_values_that_only_look_equal_are_a_change(after: str) -> None:
    ticket = record.opened(attributes={"n": 1})
    change(ticket, attributes={"n": json.loads(after)})
    assert json.dumps(record.get(ticket.ticket_id).attributes) == f'{{"n":{after}}}'


def test_a_long_value_is_noted_by_its_length_and_hash() -> None:
    ticket = record.opened()
    change(ticket, issue_description="x" * 100_000)
    [note] = changes_of(ticket)
    assert note["changes"]["issue_description"][0] == "No lesson"
    assert note["changes"]["issue_description"][1]["characters"] == 100_002


def test_a_version_that_is_not_the_tickets_is_stale_and_changes_nothing() -> None:
    ticket = record.opened()
    with pytest.raises(Stale):
        service.change_ticket(ticket.ticket_id, "acme", {"subject": "x"}, ACTOR, expected_version=2)
    with pytest.raises(Stale):
        comment(ticket, expected_version=7)
    assert record.get(ticket.ticket_id) == ticket
    assert service.change_ticket(ticket.ticket_id, "acme", {"subject": "x"}, ACTOR, expected_version=1).version == 2


def test_writers_that_meet_are_all_served_and_no_version_is_skipped(atomic: None) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda n: change(ticket, tags=[str(n)]), range(6)))
    assert record.get(ticket.ticket_id).version == 7
    assert sorted(one["version"] for one in changes_of(ticket)) == list(range(2, 8))


def test_a_change_that_does_not_fit_is_refused() -> None:
    ticket = record.opened()
    with pytest.raises(Invalid, match="too large"):
        change(ticket, issue_description="x" * 400_000)
    assert record.get(ticket.ticket_id) == ticket


# --- Whose ------------------------------------------------------------------------------------------


def test_another_customers_ticket_is_as_absent_as_none() -> None:
    ticket = record.opened()
    other = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    for ticket_id, customer in ((ticket.ticket_id, "rival"), (other, "acme")):
        for refused in (
            lambda i=ticket_id, c=customer: service.get_ticket(i, c),
            lambda i=ticket_id, c=customer: service.get_conversation(i, c),
            lambda i=ticket_id, c=customer: service.add_comment(i, c, "x", ACTOR),
            lambda i=ticket_id, c=customer: service.change_ticket(i, c, {"subject": "x"}, ACTOR),
        ):
            with pytest.raises(Absent, match="^Ticket not found$"):
                refused()
    assert record.items(other) == []
    assert record.get(ticket.ticket_id) == ticket


def test_the_desk_sees_every_customers_tickets() -> None:
    ticket = record.opened()
    assert service.get_ticket(ticket.ticket_id, None) == ticket


# --- When AWS does not play along -------------------------------------------------------------------


@pytest.fixture
def aws_answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the next writes end with, instead of their answer: `lost` (it happens, the answer does not come),
    or an exception (it does not happen). A repeat with the same token has happened already, as DynamoDB does it."""
    plan: list[Any] = []
    tokens: dict[str, Any] = {}
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(self: Any, operation: str, parameters: Any) -> Any:
        if operation not in ("PutItem", "TransactWriteItems"):
            return original(self, operation, parameters)
        token = parameters.get("ClientRequestToken")
        if token in tokens:
            return tokens[token]
        ending = plan.pop(0) if plan else None
        if isinstance(ending, Exception):
            raise ending
        answered = original(self, operation, parameters)
        if token:
            tokens[token] = answered
        if ending == "lost":
            raise ReadTimeoutError(endpoint_url="http://nowhere")
        return answered

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(aws._retry, "sleep", lambda seconds: None)
    return plan


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
    monkeypatch.setattr(aws, "CONTENTION_SECONDS", 0.05)
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
