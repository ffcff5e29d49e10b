"""What was replaced or redacted is nowhere any more, whatever comes late, twice or in another order."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.client import BaseClient
from django.core.management import call_command
from rest_framework.test import APIClient

from config.refusals import Absent, Invalid
from tests import record
from tests.record import ACTOR
from tests.ticketing.search.conftest import found
from tests.ticketing.writing import change, changes_of, comment
from tests.words import places
from ticketing import index, service
from ticketing.index.following import follow
from ticketing.record import store
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Actor, Comment, Ticket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

WORD = "zanzibar4111"
STAFF = Actor(name="ada", door="desk", request_id="r-2")
LARGE = f"{WORD} " + "é" * 300_000


class Died(BaseException):
    """The process ended."""


def followed(ticket: Ticket) -> Ticket:
    """The ticket as it is now, once the index knows of it."""
    now = record.get(ticket.ticket_id)
    follow([now])
    return now


def said(ticket: Ticket, text: str = f"My card is {WORD}", **more: Any) -> Comment:
    return comment(ticket, text, **more).comment


def replaced(one: Comment, as_of: str = "2026-01-02", **more: Any) -> Comment:
    values = {"comment": "My card is ▇▇▇"} | more
    return service.replace_comment(one.ticket_id, one.comment_id, "acme", values, ACTOR, as_of=as_of)


def redacted(one: Comment) -> Comment:
    return service.redact_comment(one.ticket_id, one.comment_id, STAFF)


def now(one: Comment) -> Comment:
    return service.get_comment(one.ticket_id, one.comment_id, None)


@pytest.mark.parametrize("write", [replaced, redacted])
def test_old_words_of_a_comment_are_nowhere_and_no_reindex_brings_them_back(
    write: Callable[[Comment], Comment], token_client: Any
) -> None:
    ticket = record.opened()
    one = said(ticket)
    said(ticket, "Another")
    followed(ticket)
    assert places(WORD) != []
    assert found(WORD) == [ticket.ticket_id]
    write(one)
    followed(ticket)
    client: APIClient = token_client("itsm")
    path = f"/itsm/tickets/{ticket.ticket_id}"
    assert WORD not in client.get(path).content.decode() + client.get(f"{path}/comments").content.decode()
    assert (places(WORD), found(WORD), found("another")) == ([], [], [ticket.ticket_id])
    call_command("reindex", "--afresh", "--segments", "1", stdout=io.StringIO(), stderr=io.StringIO())
    assert (places(WORD), found(WORD)) == ([], [])


def test_a_replacement_counts_as_a_version_and_leaves_a_note_without_words() -> None:
    ticket = record.opened()
    one = said(ticket)
    replaced(one, visibility="internal")
    after = record.get(ticket.ticket_id)
    assert (after.version, after.comment_count, after.request_id) == (3, 1, ACTOR.request_id)
    [note] = changes_of(ticket)
    assert (note["by"], note["door"]) == (ACTOR.name, ACTOR.door)
    changed = {"comment_id": one.comment_id, "changed": ["comment", "visibility"]}
    assert note["changes"] == {"comments": [{"comment_id": one.comment_id}, changed]}
    assert (now(one).visibility, now(one).created_at, now(one).revision) == ("internal", one.created_at, 1)


def test_what_changes_nothing_writes_nothing(calls: list[str]) -> None:
    one = said(record.opened())
    replaced(one)
    calls.clear()
    replaced(one, as_of="2026-01-03")
    assert calls == ["BatchGetItem"]


def test_a_closed_ticket_can_be_redacted_too() -> None:
    ticket = record.opened(issue_description=WORD)
    one = said(ticket)
    change(ticket, status="closed")
    replaced(one)
    redacted(one)
    service.redact_ticket(ticket.ticket_id, {"issue_description"}, STAFF)
    followed(ticket)
    assert places(WORD) == []
    assert record.get(ticket.ticket_id).status == "closed"


def test_an_earlier_document_or_the_same_again_never_brings_words_back() -> None:
    one = said(record.opened())
    replaced(one, "2026-01-02")
    for as_of in ("2026-01-01", "2026-01-02", ""):
        assert replaced(one, as_of, comment=WORD).comment == "My card is ▇▇▇"
    assert replaced(one, "2026-01-03", comment="▇▇▇").comment == "▇▇▇"


def test_what_staff_redacted_stays_whatever_a_later_document_says() -> None:
    one = said(record.opened())
    redacted(one)
    assert redacted(one).revision == 1
    assert replaced(one, "2999-01-01").comment == "(redacted)"
    assert now(one).redacted


def test_another_customers_comment_is_not_there_and_a_huge_text_is_refused() -> None:
    one = said(record.opened())
    with pytest.raises(Absent):
        service.replace_comment(one.ticket_id, one.comment_id, "rival", {"comment": ""}, ACTOR, as_of="x")
    with pytest.raises(Absent):
        service.redact_comment(one.ticket_id, "none", STAFF)
    with pytest.raises(Invalid):
        replaced(one, comment="x" * 400_000)


def test_announcements_in_any_order_and_repeated_bring_no_old_words_to_the_index() -> None:
    ticket = record.opened()
    comments = [said(ticket, f"{WORD}{number}") for number in range(3)]
    old = followed(ticket)
    states = []
    for one in comments:
        replaced(one, comment="gone")
        states.append(_announced(record.get(ticket.ticket_id)))
    for state in (states[2], states[0], states[1], old, states[2]):
        follow([state])
    assert [place for place in places(WORD) if place.startswith("ticketing_")] == []


def _announced(ticket: Ticket) -> Ticket:
    """The ticket as its consumers get it."""
    body, _ = announcement.to_message(ticket, "ticket.updated")
    announced = announcement.from_message(body).ticket
    assert announced
    return announced


def test_the_last_announcement_alone_brings_all_replacements(calls: list[str]) -> None:
    ticket = record.opened()
    comments = [said(ticket, f"{WORD}{number}") for number in range(3)]
    followed(ticket)
    for one in comments:
        replaced(one, comment="gone")
    follow([_announced(record.get(ticket.ticket_id))])
    assert places(WORD) == []
    calls.clear()
    follow([_announced(record.get(ticket.ticket_id))])
    assert calls == ["GetItem"]  # `record.get`


def test_one_replacement_is_one_read_of_the_record_however_long_the_conversation_is(calls: list[str]) -> None:
    ticket = record.opened()
    comments = [said(ticket, f"Text {number}") for number in range(5)]
    followed(ticket)
    replaced(comments[0])
    state = _announced(record.get(ticket.ticket_id))
    calls.clear()
    follow([state])
    assert calls == ["BatchGetItem"]


def test_a_writer_who_read_before_a_redaction_brings_no_old_words_to_the_index() -> None:
    ticket = record.opened()
    one = said(ticket)
    before = record.get(ticket.ticket_id)
    redacted(one)
    followed(ticket)
    index.apply([before], [one])
    index.apply([], [one, now(one), one])
    assert [place for place in places(WORD) if place.startswith("ticketing_")] == []


def test_a_redacted_description_leaves_notes_and_s3_too() -> None:
    ticket = record.opened(issue_description=LARGE, subject=f"Card {WORD}")
    change(ticket, subject=f"My {WORD}")
    change(ticket, attributes={"n": 1})
    change(ticket, issue_description=f"{WORD} shorter")
    change(ticket, issue_description=f"{WORD} {LARGE}")
    followed(ticket)
    assert len(places(WORD)) > 2
    after = service.redact_ticket(ticket.ticket_id, {"issue_description", "subject"}, STAFF)
    followed(ticket)
    assert (after.subject, after.issue_description, after.attributes) == ("(redacted)", "(redacted)", {"n": 1})
    assert record.get(ticket.ticket_id).leftovers == []
    assert (places(WORD), found(WORD)) == ([], [])
    told = [name for note in changes_of(ticket) for name in note["changes"]]
    assert told == ["subject", "attributes", "issue_description", "issue_description", "subject", "issue_description"]
    call_command("reindex", "--afresh", "--segments", "1", stdout=io.StringIO(), stderr=io.StringIO())
    assert places(WORD) == []


def test_a_description_alone_leaves_the_subject() -> None:
    ticket = record.opened(issue_description=WORD, subject="Printer")
    assert service.redact_ticket(ticket.ticket_id, {"issue_description"}, STAFF).subject == "Printer"
    assert record.get(ticket.ticket_id).redacted == ["issue_description"]
    version = record.get(ticket.ticket_id).version
    assert service.redact_ticket(ticket.ticket_id, {"issue_description"}, STAFF).version == version


def test_words_that_were_changed_away_before_go_from_the_notes_when_staff_redact_them() -> None:
    ticket = record.opened(issue_description=WORD)
    change(ticket, issue_description="(redacted)")
    service.redact_ticket(ticket.ticket_id, {"issue_description"}, STAFF)
    followed(ticket)
    assert places(WORD) == []


@pytest.mark.parametrize("what", ["comment", "description"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_at_any_write_leaves_nothing_that_the_next_try_does_not_finish(
    what: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: list[int] = []
    _dying(plan, moment, monkeypatch)
    for number in range(1, 20):
        ticket = record.opened(issue_description=LARGE)
        change(ticket, issue_description=f"{LARGE} {WORD}")
        one = said(ticket)
        act = partial(_redact, what, one)
        plan[:] = [number]
        try:
            act()
            died = False
        except Died:
            died = True
        plan.clear()
        act()
        _redact("comment", one)
        _redact("description", one)
        followed(ticket)
        assert (places(WORD), record.get(ticket.ticket_id).leftovers) == ([], [])
        assert len(changes_of(ticket)) == 3
        if not died:
            return
    pytest.fail("it did not end")


def _redact(what: str, one: Comment) -> None:
    if what == "comment":
        redacted(one)
    else:
        service.redact_ticket(one.ticket_id, {"issue_description"}, STAFF)


_WRITES = {"PutItem", "UpdateItem", "TransactWriteItems", "PutObject", "DeleteObjects"}


def _dying(plan: list[int], moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die at the write whose number is in the plan, before or after it."""
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        if operation not in _WRITES or not plan:
            return original(self, operation, parameters)
        plan[0] -= 1
        if plan[0]:
            return original(self, operation, parameters)
        if moment == "after":
            original(self, operation, parameters)
        raise Died

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def test_a_comment_of_another_program_can_be_redacted() -> None:
    ticket = record.opened()
    record.put(ticket_id=ticket.ticket_id, item="TICKET#COMMENT#odd", comment=WORD, extra="kept")
    [one] = store.all_comments(ticket.ticket_id)
    redacted(one)
    followed(ticket)
    assert places(WORD) == []
    assert record.items(ticket.ticket_id, "TICKET#COMMENT#odd")[0]["extra"] == "kept"
