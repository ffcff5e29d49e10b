"""Open and change: what stands in the record afterwards, once, and whose it is."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config import json
from config.refusals import Absent, KeyReused, Stale
from tests import record
from tests.record import ACTOR
from tests.ticketing.writing import change, changes_of, comment
from ticketing import service
from ticketing.tickets import edits
from ticketing.tickets.edits import Overtaken, Theirs
from ticketing.tickets.ticket import new_comment

pytestmark = pytest.mark.usefixtures("aws")
TAGS_NOW = {"tags": ["b"]}


def test_a_ticket_is_opened_in_one_call_with_its_defaults(calls: list[str]) -> None:
    ticket = record.opened(subject="Broken", tags=["b", "a"], attributes={"n": 1})
    assert calls == ["PutItem"]
    assert record.get(ticket.ticket_id) == ticket
    assert (ticket.version, ticket.status, ticket.priority, ticket.comment_count) == (1, "open", "normal", 0)
    assert ticket.created_at == ticket.received_at == ticket.updated_at


def test_a_ticket_that_was_written_elsewhere_long_ago_is_received_now() -> None:
    old = record.opened(created_at="2009-07-20T22:01:29.000Z")
    assert record.get(old.ticket_id) == old
    assert (old.created_at, old.received_at) == ("2009-07-20T22:01:29.000Z", old.updated_at)
    changed = change(old, subject="Changed")
    assert (changed.created_at, changed.received_at) == (old.created_at, old.received_at)


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
        service.change_ticket(ticket.ticket_id, "acme", {"subject": "x"}, ACTOR, expected_versions={2})
    assert record.get(ticket.ticket_id) == ticket
    assert service.change_ticket(ticket.ticket_id, "acme", {"subject": "x"}, ACTOR, expected_versions={1}).version == 2


def test_only_the_fields_that_a_writer_changes_must_be_as_they_saw_them() -> None:
    ticket = record.opened(subject="Old", tags=["a"])
    comment(ticket)
    change(ticket, subject="Theirs")
    seen = {"tags": ["a"], "subject": "Old"}
    assert service.change_ticket(ticket.ticket_id, None, {"tags": ["b"]}, ACTOR, seen=seen).tags == ["b"]
    with pytest.raises(Overtaken) as refused:
        service.change_ticket(ticket.ticket_id, None, {"tags": ["c"], "subject": "Mine"}, ACTOR, seen=seen | TAGS_NOW)
    assert refused.value.fields == {"subject": Theirs("Theirs", "Ada", "itsm")}
    assert (record.get(ticket.ticket_id).tags, record.get(ticket.ticket_id).version) == (["b"], 4)


@pytest.mark.parametrize(
    ("seen", "now", "wanted"),
    [([1], [True], [2]), ({"n": 1}, {"n": "1"}, {"n": 2}), (None, "", "x"), ({}, {"n": None}, {"n": 0})],
)
def test_values_that_only_look_equal_are_somebody_elses_change(seen: Any, now: Any, wanted: Any) -> None:
    assert edits.overtaken(record.new(subject=now), {"subject": wanted}, {"subject": seen}) == {"subject": Theirs(now)}
    assert edits.overtaken(record.new(subject=seen), {"subject": wanted}, {"subject": seen}) == {}
    assert edits.overtaken(record.new(subject=wanted), {"subject": wanted}, {"subject": seen}) == {}


@pytest.mark.parametrize("text", [None, "Mine"])
def test_of_many_that_change_one_field_at_once_one_is_heard(atomic: None, text: str | None) -> None:
    ticket = record.opened()

    def assign(name: str) -> str:
        changes, seen = {"assignee": name}, {"assignee": None}
        try:
            if text:
                comment(ticket, text, changes=changes, seen=seen)
            else:
                service.change_ticket(ticket.ticket_id, None, changes, ACTOR, seen=seen)
        except Overtaken as refusal:
            return str(refusal.fields["assignee"].value)
        return name

    with ThreadPoolExecutor(5) as threads:
        told = set(threads.map(assign, "abcdefghij"))
    now = record.get(ticket.ticket_id)
    assert told == {now.assignee}
    assert (now.version, now.comment_count) == (2, 1 if text else 0)
    assert [note["changes"] for note in changes_of(ticket)] == [{"assignee": [None, now.assignee]}]


def test_many_that_change_different_fields_and_comment_at_once_are_all_heard(atomic: None) -> None:
    ticket = record.opened(subject="Old", type="Old", priority="low", assignee="Old")
    seen = {"subject": "Old", "type": "Old", "priority": "low", "assignee": "Old"}
    new = {"subject": "New", "type": "New", "priority": "high", "assignee": None}
    beside = ("priority", "assignee")

    def write(name: str) -> None:
        changes = {name: new[name]}
        if name in beside:
            comment(ticket, name, changes=changes, seen=seen)
        else:
            service.change_ticket(ticket.ticket_id, None, changes, ACTOR, seen=seen)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, new))
    now = record.get(ticket.ticket_id)
    assert {name: getattr(now, name) for name in new} == new
    assert (now.version, now.comment_count) == (5, 2)


def test_writers_that_meet_are_all_served_and_no_version_is_skipped(atomic: None) -> None:
    ticket = record.opened()
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda n: change(ticket, tags=[str(n)]), range(6)))
    assert record.get(ticket.ticket_id).version == 7
    assert sorted(one["version"] for one in changes_of(ticket)) == list(range(2, 8))


def test_another_customers_ticket_is_as_absent_as_none() -> None:
    ticket = record.opened()
    other = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    for ticket_id, customer in ((ticket.ticket_id, "rival"), (other, "acme")):
        for refused in (
            lambda i=ticket_id, c=customer: service.get_ticket(i, c),
            lambda i=ticket_id, c=customer: service.get_conversation(i, c),
            lambda i=ticket_id, c=customer: service.add_comment(i, c, new_comment("x"), ACTOR),
            lambda i=ticket_id, c=customer: service.change_ticket(i, c, {"subject": "x"}, ACTOR),
        ):
            with pytest.raises(Absent, match=r"^Ticket not found$"):
                refused()
    assert record.items(other) == []
    assert record.get(ticket.ticket_id) == ticket


def test_the_desk_sees_every_customers_tickets() -> None:
    ticket = record.opened()
    assert service.get_ticket(ticket.ticket_id, None) == ticket


@pytest.mark.parametrize("address", ["", "x" * 2049, "é" * 1025])
def test_an_address_that_can_name_no_ticket_is_absent(address: str) -> None:
    with pytest.raises(Absent, match=r"^Ticket not found$"):
        service.from_path(address, "acme")


@pytest.mark.parametrize("address", ["1", "FD-22", "ABC", str(uuid.UUID(int=1)), "0" * 31 + "A", "..", "{}", "ü"])
def test_an_address_without_a_uuid_in_upper_case_is_the_id_without_asking_the_record(
    calls: list[str], address: str
) -> None:
    assert service.from_path(address, "acme") == address
    assert calls == []


def test_a_uuid_in_upper_case_is_first_the_customers_own_ticket_of_that_spelling_then_one_made_here() -> None:
    ticket_id = record.opened().ticket_id
    mixed = ticket_id[:8].upper() + ticket_id[8:]
    assert {service.from_path(one, "acme") for one in (ticket_id.upper(), mixed)} == {ticket_id}
    record.put(ticket_id=mixed, customer_id="rival")
    assert service.from_path(mixed, "rival") == mixed
    assert service.from_path(mixed, "acme") == ticket_id
