"""Items that other programs wrote: served, announced, indexed, changed and commented whatever is in them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import aws, json
from config.refusals import Final
from tests import record
from tests.record import ACTOR
from ticketing import index, service
from ticketing.record import store
from ticketing.tickets import announcement
from ticketing.tickets.ids import reference
from ticketing.tickets.ticket import Ticket, new_comment

pytestmark = pytest.mark.usefixtures("aws")


ODD: list[Any] = [
    Decimal("1.5"),
    Decimal(-1),
    Decimal(10) ** 30,
    "three",
    "",
    True,
    None,
    {"a": 1},
    [1],
    {"s"},
    {1},
    b"b",
    {b"b"},
]


def test_an_item_that_lacks_everything_reads_as_its_defaults() -> None:
    record.put(ticket_id="bare")
    ticket = record.get("bare")
    assert ticket.to_json() | {"created_at": "", "received_at": "", "updated_at": ""} == {
        "ticket_id": "bare",
        "reference": reference("bare"),
        "channel": "itsm",
        "customer_id": "default",
        "caller_id": "customer:default",
        "requester": None,
        "subject": None,
        "issue_description": "",
        "type": None,
        "status": "open",
        "priority": "normal",
        "tier": "general",
        "assignee": None,
        "tags": [],
        "attributes": {},
        "comment_count": 0,
        "last_comment_id": None,
        "created_at": "",
        "received_at": "",
        "updated_at": "",
        "version": 1,
    }


@pytest.mark.parametrize("value", [None, "", True, ["2026"]])
def test_a_ticket_that_does_not_say_when_it_was_received_was_received_when_it_was_created(value: Any) -> None:
    lacking = {} if value is None else {"received_at": value}
    record.put(
        ticket_id="bare", created_at="2026-01-02T03:04:05.678Z", updated_at="2026-02-09T10:11:12.345Z", **lacking
    )
    assert record.get("bare").received_at == "2026-01-02T03:04:05.678Z"


def test_an_item_that_lacks_everything_can_be_changed_commented_and_closed() -> None:
    record.put(ticket_id="bare")
    assert service.change_ticket("bare", "default", {"subject": "New"}, ACTOR).version == 2
    service.add_comment("bare", "default", new_comment("Hello"), ACTOR)
    assert service.change_ticket("bare", None, {"status": "closed"}, ACTOR).version == 4
    with pytest.raises(Final):
        service.add_comment("bare", "default", new_comment("Hello"), ACTOR)


SEEN = {"status": "open", "priority": "normal", "assignee": None}


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("value", ["nothing", *ODD])
def test_a_field_beside_a_comment_changes_whatever_another_program_left_in_it(name: str, value: Any) -> None:
    record.put(**{"ticket_id": "odd"} | ({} if value == "nothing" else {name: value}))
    seen = {name: getattr(record.get("odd"), name)}
    new = {"status": "solved", "priority": "high", "assignee": "ada"}
    service.add_comment(
        "odd", "default", new_comment("Hello"), ACTOR, reopen=False, changes={name: new[name]}, seen=seen
    )
    after = record.get("odd")
    assert (getattr(after, name), after.version, after.comment_count) == (new[name], 2, 1)
    [note] = record.items("odd", "CHANGE#")
    assert json.loads(note["changes"]) == {name: [seen[name], new[name]]}


@pytest.mark.parametrize("name", ["version", "comment_count", "customer_id"])
def test_an_item_with_something_odd_in_place_of_a_count_or_owner_is_changed_and_commented_all_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    for value in ODD:
        record.put(**{"ticket_id": "odd", name: value})
        before = record.get("odd")
        service.add_comment("odd", before.customer_id, new_comment("Hello"), ACTOR)
        after = record.get("odd")
        assert (after.version, after.comment_count) == (before.version + 1, before.comment_count + 1), value
        record.put(**{"ticket_id": "odd", name: value})
        changed = service.change_ticket("odd", before.customer_id, {"subject": "New"}, ACTOR)
        assert changed.version == before.version + 1, value


def test_attributes_of_another_program_read_as_json() -> None:
    record.put(
        ticket_id="map", attributes={"n": Decimal("1.10"), "s": {"b", "a"}, "b": b"\x00\xff", "l": [{"x": None}]}
    )
    assert record.get("map").attributes == {"n": Decimal("1.10"), "s": ["a", "b"], "b": "AP8=", "l": [{"x": None}]}
    for text in ("no JSON", "[1]", "7"):
        record.put(ticket_id="text", attributes=text)
        assert record.get("text").attributes == {}


def test_numbers_where_texts_belong_read_as_texts() -> None:
    record.put(
        ticket_id="n", subject=7, caller_id="c", assignee={"a"}, tags={"b", "a"}, requester={"name": "Lea", "id": 7}
    )
    ticket = record.get("n")
    assert (ticket.subject, ticket.assignee, ticket.tags, ticket.requester) == ("7", None, ["a", "b"], {"name": "Lea"})


_scalars = st.sampled_from([*ODD, "x" * 300, "\0", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "é\n"])
_values = (
    _scalars | st.lists(_scalars, max_size=2) | st.dictionaries(st.sampled_from(["name", "x"]), _scalars, max_size=2)
)
_names = st.sampled_from([name for name in Ticket.__dataclass_fields__ if name != "ticket_id"])


@given(st.dictionaries(_names, _values, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_item_holds_it_is_served_announced_and_indexed(values: dict[str, Any]) -> None:
    image = {"ticket_id": {"S": "any"}, "item": {"S": "TICKET"}} | aws.to_wire(values)
    ticket = service.from_change(image)
    assert ticket
    json.dumps(ticket.to_json())
    message, _ = announcement.to_message(ticket, "ticket.created")
    announced = announcement.from_message(message).ticket
    assert announced
    assert index.same(index.row_of(announced), index.row_of(ticket))


def test_a_change_record_of_anything_but_a_ticket_is_none() -> None:
    for image in (None, {}, {"item": {"S": "CHANGE#1"}}, {"item": {"S": "TICKET#COMMENT#1"}}, {"item": {"N": "1"}}):
        assert service.from_change(image) is None


def test_a_comment_of_another_program_is_shown_and_kept_from_customers() -> None:
    record.put(ticket_id="t")
    record.put(ticket_id="t", item="TICKET#COMMENT#1", comment="Hi")
    [comment] = service.get_conversation("t", "default").comments
    assert (comment.comment_id, comment.comment, comment.visibility) == ("1", "Hi", "internal")


def test_comments_without_their_ticket_are_no_ticket() -> None:
    record.put(ticket_id="t", item="TICKET#COMMENT#1", comment="Hi")
    assert store.get_with_comments("t", 10) == (None, [], None)


def test_attributes_of_an_earlier_version_may_have_any_number_of_values() -> None:
    many = {"a": [0] * (json.MAX_VALUES + 1)}
    record.put(ticket_id="many", attributes=json.dumps(many))
    assert record.get("many").attributes == many
