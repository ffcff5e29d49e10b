"""Exporting: every ticket with all its comments; and what is imported from it is exported the same again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import aws as config_aws
from config import json
from tests import anything, record
from tests.record import ACTOR
from tests.ticketing.record import test_foreign_items
from tests.ticketing.transfer.transferring import empty_s3, empty_the_record, exported, imported, line
from ticketing import service
from ticketing.record import bulk, store
from ticketing.tickets.ticket import Ticket, new_comment
from ticketing.transfer import exporting
from ticketing.transfer import line as lines
from ticketing.transfer.importing import Done

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

TEXT = "é" * 300_000  # too large for an item


def back() -> tuple[list[str], list[str], Done]:
    """An export, and the export of an empty copy into which it was imported."""
    before = exported()
    empty_the_record()
    done = imported(*before)
    return before, exported(), done


def commented(ticket: Ticket, *texts: str, **more: Any) -> None:
    for text in texts:
        service.add_comment(ticket.ticket_id, ticket.customer_id, new_comment(text, **more), ACTOR)


def test_a_line_is_the_tickets_json_with_its_comments_and_their_doors() -> None:
    ticket = record.opened(subject="One", attributes={"n": [1, None]})
    commented(ticket, "Public")
    commented(ticket, "Internal", visibility="internal", author="Ada")
    [text] = exported()
    values = json.loads(text)
    said = [one.to_json() | {"door": "itsm"} for one in store.all_comments(ticket.ticket_id)]
    assert values == record.get(ticket.ticket_id).to_json() | {"comments": said}
    assert [one["visibility"] for one in values["comments"]] == ["public", "internal"]


def test_what_is_imported_from_an_export_is_exported_the_same_again() -> None:
    large = record.opened(issue_description=TEXT, attributes={"shelf": "x" * 300_000})
    commented(large, "One", "x" * 300_000)
    commented(record.opened(tags=["a"], requester={"name": "Lea"}, tier="gold"), "Note", visibility="internal")
    service.change_ticket(
        record.opened(created_at="2009-07-20T22:01:29.000Z").ticket_id,
        "acme",
        {"status": "closed", "assignee": "ada"},
        ACTOR,
    )
    record.put(ticket_id="bare")
    record.put(ticket_id="odd", attributes={"b": b"\xff"}, tags={"b", "a"}, created_at="some day", subject="x" * 9000)
    record.put(ticket_id="never changed", version=0)
    record.put(ticket_id="later", created_at="2026", updated_at="x" * 2000)
    record.put(ticket_id="said", comment_count=7)
    for name in ("1", "36000001", "f47ac10b-58cc-4372-a567-0e02b2c3d479"):
        record.put(ticket_id="said", item=f"TICKET#COMMENT#{name}", comment="Hi")
    before, after, done = back()
    assert (len(before), done.created, done.refused) == (8, 8, [])
    assert after == before


def test_a_ticket_whose_description_is_gone_keeps_all_else_and_is_not_imported_as_if_it_had_said_nothing() -> None:
    ticket = record.opened(subject="One", issue_description=TEXT, attributes={"shelf": "x" * 300_000})
    commented(ticket, "Said")
    empty_s3()
    before, after, done = back()
    values = json.loads(before[0])
    assert (values["issue_description"], values["attributes"]) == (None, None)
    assert (values["subject"], [one["comment"] for one in values["comments"]]) == ("One", ["Said"])
    assert (after, [one.sentence for one in done.refused]) == ([], ["issue_description is required"])
    assert imported(values | {"issue_description": "As Lea remembers it"}).created == 1
    assert record.get(ticket.ticket_id).attributes == {}


@given(st.dictionaries(test_foreign_items._names, test_foreign_items._values, max_size=8), anything.objects("a", "b"))
@anything.examples(250)
def test_whatever_another_programs_item_holds_it_is_exported_and_imported_again(
    values: dict[str, Any], attributes: dict[str, Any]
) -> None:
    empty_the_record()
    record.put(**{"ticket_id": "odd", "caller_id": "c", "created_at": "2026"} | _storable(values))
    record.put(ticket_id="ours", attributes=json.dumps(attributes))
    before, after, done = back()
    assert (len(before), done.refused) == (2, [])
    assert after == before


def _storable(values: dict[str, Any]) -> dict[str, Any]:
    """What the table takes: its index has texts as keys."""
    keys = ("caller_id", "created_at")
    return {
        name: value
        for name, value in values.items()
        if name not in keys or (isinstance(value, str) and 0 < len(value) < 100)
    }


def test_a_long_conversation_in_any_script_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASCII has six bytes for each of these letters, and would make lines that are too long of texts that are not."""
    commented(record.opened(), *("й" * 10_000 for _ in range(5)))
    monkeypatch.setattr("ticketing.transfer.line.LONGEST", 110_000)
    before, after, done = back()
    assert (done.created, done.refused) == (1, [])
    assert after == before


def test_many_comments_come_whole_and_in_order_whatever_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    imported(line(ticket_id="t", comments=[{"comment": f"{one} " + "x" * 30_000} for one in range(80)]))
    [text] = exported()  # more than a page of the table, which is 1 MB
    assert [one["comment"].split()[0] for one in json.loads(text)["comments"]] == [str(one) for one in range(80)]


def test_a_comment_that_comes_while_the_export_reads_is_in_it_with_its_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = record.opened()
    commented(ticket, "One")
    seen = list(bulk.conversations())
    commented(ticket, "Two")
    found, _ = seen[0]
    monkeypatch.setattr(bulk, "conversations", lambda: [(found, list(store.all_comments(ticket.ticket_id)))])
    values = json.loads(exported()[0])
    assert (values["version"], values["comment_count"], len(values["comments"])) == (3, 2, 2)


def test_a_record_that_is_away_for_a_while_is_waited_for(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = record.opened()
    left = iter(range(5))
    original = bulk.page

    def page(*place: Any) -> bulk.Page:
        if next(left, None) is not None:
            raise config_aws.Retryable("ThrottlingException")
        return original(*place)

    monkeypatch.setattr(bulk, "page", page)
    assert [one.ticket.ticket_id for one in exporting.everything()] == [ticket.ticket_id]


def test_comments_without_their_ticket_and_other_items_are_no_lines() -> None:
    record.put(ticket_id="a", item="TICKET#COMMENT#1", comment="Hi")
    record.put(ticket_id="b", item="CHANGE#1")
    record.put(ticket_id="c", item="TICKETS")
    assert exported() == []


def test_the_tickets_that_are_asked_for_come_in_that_order_from_the_record() -> None:
    imported(*(line(ticket_id=f"t{one}", comments=[{"comment": "Hi"}]) for one in range(50)))
    wanted = [f"t{one}" for one in range(49, -1, -1)]
    found = list(exporting.some(iter([*wanted[:5], "none", *wanted[5:]])))
    assert [one.ticket.ticket_id for one in found] == wanted
    assert exported() == sorted(lines.write(one).decode() for one in found)
    assert list(exporting.some([])) == []


def test_ids_are_taken_only_as_lines_are_needed() -> None:
    imported(line(ticket_id="t"))
    taken = []

    def ids() -> Any:
        for _ in range(10_000):
            taken.append(1)
            yield "t"

    assert next(exporting.some(ids()))
    assert len(taken) <= 100
