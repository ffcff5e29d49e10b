"""Importing: each ticket once and whole, whatever dies, comes twice or at the same time; and nobody is notified."""

import io
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

import pytest

from config import aws as config_aws
from config import json, times
from config.aws import patience
from routing import announcer, topic
from routing.topic import Message, Outcome
from tests import record
from tests.record import ACTOR
from tests.routing.test_announcer import stream
from tests.ticketing.transfer.transferring import empty_the_record, exported, imported, line, only_ticket, texts_of
from ticketing import index, service
from ticketing.models import IndexedTicket
from ticketing.record import bulk, loading, store
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import new_comment
from ticketing.transfer import importing
from ticketing.transfer import line as lines
from ticketing.transfer.pace import Pace

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

TALK = [{"comment": "One", "visibility": "public"}, {"comment": "Two"}]


class Died(Exception):
    """Here the process would have died."""


@pytest.fixture
def dies_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, int], None]:
    """`dies_at(loading, "create", 1)`: the first call of that function does not happen."""

    def plan(owner: Any, name: str, number: int) -> None:
        original, calls = getattr(owner, name), [0]

        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] == number:
                raise Died
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    return plan


def test_a_ticket_keeps_its_times_its_version_and_its_comments() -> None:
    at = "2025-01-02T03:04:05.678Z"
    done = imported(line(created_at=at, updated_at=at, version=7, status="closed", tier="gold", comments=TALK))
    ticket = only_ticket()
    assert (done.created, done.there, done.refused) == (1, 0, [])
    assert (ticket.created_at, ticket.updated_at, ticket.version, ticket.status) == (at, at, 7, "closed")
    assert (ticket.comment_count, texts_of(ticket.ticket_id)) == (2, ["One", "Two"])


def test_a_ticket_is_received_when_it_is_imported_and_a_repeat_does_not_move_that() -> None:
    old = line(created_at="2009-07-20T22:01:29Z")
    before = times.now()
    imported(old)
    ticket = only_ticket()
    assert before <= ticket.received_at <= times.now()
    again = imported(old)
    assert (again.there, again.different, only_ticket()) == (1, [], ticket)


@pytest.mark.sql
def test_what_is_imported_stands_in_the_index_and_a_repeat_changes_nothing() -> None:
    many = [line(subject=str(number)) for number in range(120)]
    assert imported(*many).created == 120
    before = list(IndexedTicket.objects.order_by("pk").values())
    again = imported(*many)
    assert (again.created, again.there) == (0, 120)
    assert list(IndexedTicket.objects.order_by("pk").values()) == before
    assert len(record.ticket_ids()) == len(before) == 120


def test_a_ticket_that_is_there_already_is_left_as_it_is_comments_too() -> None:
    imported(line(ticket_id="t", comments=TALK))
    service.change_ticket("t", None, {"subject": "Ours"}, ACTOR)
    done = imported(line(ticket_id="t", subject="Theirs", comments=[*TALK, {"comment": "Three"}]))
    assert (done.created, done.there) == (0, 1)
    assert (record.get("t").subject, record.get("t").comment_count, len(texts_of("t"))) == ("Ours", 2, 2)


def test_of_two_lines_with_one_id_in_a_file_the_first_counts() -> None:
    done = imported(line(ticket_id="t", subject="1"), line(ticket_id="t", subject="2"), line(), line())
    assert (done.created, done.there) == (2, 2)
    assert record.get("t").subject == "1"


def test_refused_lines_come_in_the_order_of_the_file_whatever_was_wrong_with_them() -> None:
    huge = line(comments=[{"comment": "é" * 200_000}])
    done = imported(huge, "no JSON", line(ticket_id="t"), line(ticket_id="t", customer_id="other"), "no JSON")
    assert [one.number for one in done.refused] == [1, 2, 4, 5]


def test_of_two_lines_with_one_id_the_second_counts_where_the_first_is_refused() -> None:
    done = imported(line(ticket_id="t", comments=[{"comment": "é" * 200_000}]), line(ticket_id="t", subject="2"))
    assert (done.created, done.there, [one.number for one in done.refused]) == (1, 0, [1])
    assert record.get("t").subject == "2"


def test_an_answer_stands_behind_the_comments_of_another_system_whatever_ids_they_had() -> None:
    said = [
        {
            "comment_id": str(36_000_150 - one),
            "comment": str(one),
            "created_at": f"2025-01-01T10:0{one}:00Z",
        }
        for one in range(6)
    ]
    assert imported(line(ticket_id="t", customer_id="acme", comments=said)).created == 1
    service.add_comment("t", "acme", new_comment("Answer"), ACTOR)
    assert texts_of("t") == [*map(str, range(6)), "Answer"]
    assert store.last_comments("t", 1)[0].comment == "Answer"
    assert record.get("t").last_comment_id == store.last_comments("t", 1)[0].comment_id


def test_an_id_that_stands_for_another_customers_ticket_is_refused() -> None:
    theirs = line(ticket_id="t", customer_id="other", comments=TALK)
    done = imported(line(ticket_id="t", customer_id="acme"), theirs)  # in one batch
    again = imported(theirs)
    for one, number in ((done, 2), (again, 1)):
        [refused] = one.refused
        assert (refused.number, refused.sentence) == (number, "The ticket_id stands for a ticket of another customer")
    assert (done.created, done.there, again.there) == (1, 0, 0)
    assert texts_of("t") == []


def test_a_line_that_differs_from_the_one_its_ticket_was_made_of_is_named() -> None:
    first, second = line(ticket_id="t", comments=TALK), line(ticket_id="t", comments=[*TALK, {"comment": "Three"}])
    done = imported(first, second, line(ticket_id="u"))
    assert (done.created, done.there, done.different, done.refused) == (2, 1, [2], [])
    again = imported("", second)
    assert (again.there, again.different) == (1, [2])


def test_a_repeat_says_nothing_of_differences_however_the_tickets_were_worked_on() -> None:
    many = [line(ticket_id=name, customer_id="acme", comments=TALK) for name in "tuv"]
    imported(*many)
    service.change_ticket("t", None, {"subject": "Ours"}, ACTOR)
    service.change_ticket("u", None, {"issue_description": "x" * 500_000, "status": "closed"}, ACTOR)
    service.add_comment("v", "acme", new_comment("Three"), ACTOR)
    done = imported(*many)
    assert (done.there, done.different, done.refused) == (3, [], [])


def test_of_a_ticket_that_no_import_made_nobody_knows_whether_it_differs() -> None:
    ticket = record.opened()
    done = imported(line(ticket_id=ticket.ticket_id, customer_id=ticket.customer_id, subject="Other"))
    assert (done.there, done.different, done.refused) == (1, [], [])


def test_the_comments_of_new_tickets_that_do_not_say_who_may_see_them_are_counted() -> None:
    many = [line(ticket_id="t", comments=TALK), line(ticket_id="u", comments=[*TALK, {"comment": "Three"}])]
    assert (imported(*many).unsaid, imported(*many).unsaid) == (3, 0)


def test_refused_lines_are_named_with_their_numbers_and_hold_nothing_up() -> None:
    done = imported(line(subject="1"), "no JSON", "", line(colour="red"), line(subject="5"))
    assert done.created == 2
    assert [(one.number, one.sentence, one.text.strip()[:3]) for one in done.refused] == [
        (2, "The line is not valid JSON", b"no "),
        (4, "colour is not known here", b'{"c'),
    ]


@pytest.mark.parametrize("mark", [b"", BOM_UTF8])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\r\n \t\r\n", b"\n" + BOM_UTF8 + b"\n", b"\n" + BOM_UTF8])
def test_byte_order_marks_ends_of_any_kind_and_blank_lines_are_no_mistakes(mark: bytes, end: bytes) -> None:
    texts = [json.dumps(line(subject=subject)).encode() for subject in ("é", "2", "3")]
    done = [*importing.imported(io.BytesIO(mark + end + end.join(texts)), Pace(0))]
    assert [(one.created, one.refused) for one in done] == [(3, [])]
    assert {record.get(one).subject for one in record.ticket_ids()} == {"é", "2", "3"}


def test_a_line_that_is_too_long_to_be_read_is_refused_and_those_behind_it_keep_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "LONGEST", 200)
    done = imported(line(subject="1"), line(subject="x" * 900), "no JSON", line(subject="4"))
    assert done.created == 2
    assert [(one.number, one.sentence, one.text) for one in done.refused] == [
        (2, "The line is longer than 200 bytes", b""),  # half of it would be of no use
        (3, "The line is not valid JSON", b"no JSON\n"),
    ]


def test_a_ticket_or_comment_that_cannot_be_stored_is_refused_before_anything_of_it_is_written() -> None:
    huge = line(ticket_id="a", comments=[{"comment": "ok"}, {"comment": "é" * 200_000}])
    wide = {**lines_of_an_export(), "ticket_id": "b", "subject": "x" * 400_000}
    done = imported(huge, wide, line(ticket_id="c"))
    assert [(one.number, one.sentence) for one in done.refused] == [
        (1, "The comment is too large to be stored"),
        (2, "The ticket is too large to be stored"),
    ]
    assert record.ticket_ids() == ["c"]
    assert record.items("a") == record.items("b") == []


def lines_of_an_export() -> dict[str, Any]:
    """A whole line: with every field."""
    ticket = lines.read(b'{"caller_id": "c", "issue_description": "d"}').ticket
    return ticket.to_json() | {"reference": None, "comments": []}


def test_one_line_that_the_table_does_not_take_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    original = loading.create

    def create(new: Any) -> Any:
        new = list(new)
        if any(one["subject"] == "2" for one in new):
            raise config_aws.Permanent("ValidationException", "no")
        return original(new)

    monkeypatch.setattr(loading, "create", create)
    done = imported(*(line(subject=str(number)) for number in range(1, 4)))
    assert (done.created, [(one.number, one.sentence) for one in done.refused]) == (
        2,
        [(2, "The record does not take it")],
    )


def test_a_setup_that_is_wrong_ends_the_import_and_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(tickets: Any) -> Any:
        raise config_aws.Permanent("AccessDeniedException", "no")

    monkeypatch.setattr(loading, "create", denied)
    with pytest.raises(config_aws.Permanent):
        imported(line(), line(subject="2"))


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [
        (bulk, "tickets", 2),
        (loading, "put_comments", 1),
        (loading, "put_comments", 3),
        (loading, "create", 1),
        (loading, "create", 2),
        (index, "apply", 1),
        (index, "apply", 2),
    ],
)
def test_an_import_that_died_is_finished_by_being_started_again(
    dies_at: Callable[..., None], monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, number: int
) -> None:
    monkeypatch.setattr(importing, "LINES", 15)
    many = [line(subject=str(one), comments=TALK) for one in range(20)]
    dies_at(owner, name, number)
    with pytest.raises(Died):
        imported(*many)
    for ticket in service.all_tickets():
        assert len(texts_of(ticket.ticket_id)) == ticket.comment_count == 2  # none is there without its comments
    done = imported(*many)
    assert done.created + done.there == 20
    assert len(record.ticket_ids()) == IndexedTicket.objects.count() == 20
    assert {tuple(texts_of(one)) for one in record.ticket_ids()} == {("One", "Two")}


def test_two_imports_at_once_make_each_ticket_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen that none is there; the second meets what the first wrote meanwhile."""
    many = [line(subject=str(one), comments=TALK) for one in range(30)]
    original = loading.put_comments
    created: list[int] = []

    def put_comments(comments: Any) -> None:
        monkeypatch.setattr(loading, "put_comments", original)
        created.append(imported(*many[:20]).created)
        original(comments)

    monkeypatch.setattr(loading, "put_comments", put_comments)
    done = imported(*many)
    assert (created, done.created, done.there) == ([20], 10, 20)
    assert len(record.ticket_ids()) == IndexedTicket.objects.count() == 30
    assert {tuple(texts_of(one)) for one in record.ticket_ids()} == {("One", "Two")}


def test_a_table_that_takes_only_some_comments_is_given_the_rest_again(monkeypatch: pytest.MonkeyPatch) -> None:
    table = config_aws.client("dynamodb")
    original, given = table.batch_write_item, []

    class Table:
        def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803 - AWS's name
            [(name, requests)] = RequestItems.items()
            given.append(len(requests))
            some = 1 if len(given) != 2 else 0  # at its second call it takes none
            if some:
                original(RequestItems={name: requests[:some]})
            return {"UnprocessedItems": {name: requests[some:]} if requests[some:] else {}}

        def __getattr__(self, name: str) -> Any:
            return getattr(table, name)

    monkeypatch.setattr(config_aws.dynamodb, "client", lambda *_: Table())
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)
    imported(line(ticket_id="t", comments=[{"comment": str(one)} for one in range(3)]))
    assert (given, texts_of("t")) == ([3, 2, 2, 1], ["0", "1", "2"])


def test_a_record_that_is_away_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    original = loading.create

    def create(tickets: Any) -> Any:
        if len(waits) < 3:
            raise config_aws.Retryable("ThrottlingException", "slower")
        return original(tickets)

    monkeypatch.setattr(loading, "create", create)
    monkeypatch.setattr(patience.patiently, "sleep", waits.append)
    assert imported(line()).created == 1
    assert waits == [1, 2, 4]


def test_tickets_that_together_are_too_large_for_a_transaction_go_in_several() -> None:
    many = [line(subject=str(one), issue_description="é" * 100_000) for one in range(8)]
    assert imported(*many).created == 8
    assert len(record.ticket_ids()) == 8


# --- Nobody is notified -------------------------------------------------------------------------------


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """What was announced: event, ticket, version."""
    sent: list[tuple[str, str, int]] = []

    def publish(messages: list[Message]) -> Outcome:
        bodies = [json.loads(one.body) for one in messages]
        sent.extend((body["event"], body["ticket_id"], body["version"]) for body in bodies)
        return Outcome({}, {})

    monkeypatch.setattr(topic, "publish", publish)
    return sent


def announce() -> None:
    assert announcer.handler({"Records": stream()}) == {"batchItemFailures": []}


def test_an_imported_ticket_is_announced_to_nobody_by_the_stream_or_by_a_catch_up(
    published: list[Any],
) -> None:
    imported(line(ticket_id="t", version=3, comments=TALK), line(ticket_id="u"))
    announce()
    announcer.catch_up(None)
    assert published == []


def test_an_imported_ticket_that_another_program_gave_version_0_is_announced_to_nobody(published: list[Any]) -> None:
    record.put(ticket_id="t", caller_id="lea", version=0)
    (kept,) = exported()
    empty_the_record()
    assert imported(kept).created == 1
    announcer.catch_up(None)
    assert published == []


def test_whatever_happens_to_an_imported_ticket_afterwards_is_announced(published: list[Any]) -> None:
    imported(line(ticket_id="t", version=3), line(ticket_id="u"), line(ticket_id="v"))
    service.change_ticket("t", None, {"subject": "New"}, ACTOR)
    service.add_comment("u", "default", new_comment("Hello"), ACTOR)
    announce()
    assert published == [("ticket.updated", "t", 4), ("ticket.updated", "u", 2)]
    published.clear()
    announcer.catch_up(None)
    assert sorted(published) == [("ticket.updated", "t", 4), ("ticket.updated", "u", 2)]


def test_another_program_that_touches_an_imported_ticket_is_heard(published: list[Any]) -> None:
    imported(line(ticket_id="t"))
    item = config_aws.to_wire(record.items("t")[0] | {"subject": "Theirs"})
    config_aws.client("dynamodb").put_item(TableName="poc-itsm-tickets", Item=item)
    announce()
    assert published == [("ticket.updated", "t", 1)]


# --- And the doors ------------------------------------------------------------------------------------


def test_a_request_whose_ticket_was_imported_is_answered_with_that_ticket() -> None:
    key = Key("acme", "POST /itsm/tickets", "k", "f")
    imported(line(ticket_id=key.keyed_id, customer_id="acme", subject="Here"))
    opened = service.open_ticket(record.new(), key)
    assert (opened.replayed, opened.ticket.subject) == (True, "Here")
    service.change_ticket(key.keyed_id, None, {"subject": "Changed"}, ACTOR)
    assert service.open_ticket(record.new(), key).ticket.subject == "Changed"


def test_an_imported_ticket_can_be_listed_commented_and_changed_as_any_other() -> None:
    imported(line(ticket_id="t", customer_id="acme", comments=TALK))
    service.add_comment("t", "acme", new_comment("Three"), ACTOR)
    assert service.change_ticket("t", "acme", {"status": "closed"}, ACTOR).version == 3
    assert [one.status for one in service.list_by_caller("lea", "acme", None, 20).tickets] == ["closed"]
    assert texts_of("t") == ["One", "Two", "Three"]
