"""What Zendesk takes back is gone from the desk, and no document of before brings it back."""

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from django.conf import settings
from django.core.management import CommandError, call_command

from config import aws, times
from config.refusals import Stale
from ingestion.zendesk import begun, pipeline
from ingestion.zendesk.client import Fetched
from tests.ingestion.conftest import Zendesk, desk_ticket, stored
from tests.ticketing.search.conftest import found
from tests.words import places
from ticketing import deliveries, service
from ticketing.answers import promises
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.index.following import follow
from ticketing.models import IndexedComment
from ticketing.record import overflow
from ticketing.tickets.ticket import Actor, Comment

pytestmark = [pytest.mark.usefixtures("versioned", "embedded"), pytest.mark.django_db]

WORD = "zanzibar4111"
STAFF = Actor(name="Priya", door="desk", request_id="r")
MOVED = "2026-01-05T12:00:00Z"  # when the ticket changed last, if Zendesk says that it changed
FILE = {"file_name": f"{WORD}.png", "content_url": f"https://files.test/{WORD}", "content_type": "image/png"}
MALWARE = {"file_name": "a.png", "content_url": f"https://files.test/{WORD}", "malware_scan_result": "malware_found"}


def follow_index() -> None:
    follow([desk_ticket().ticket])


def comment() -> Comment:
    return desk_ticket().comments[0]


def document(zendesk: Zendesk) -> Any:
    return copy.deepcopy({"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users})


def replay(document: Any, day: str = "2026-01-05") -> None:
    raw_tickets.store(raw_tickets.key("12345", day), document)
    call_command("replay", "--since", day, "--until", day, stdout=io.StringIO(), stderr=io.StringIO())
    follow_index()


def redact_comment(zendesk: Zendesk) -> None:
    zendesk.comments[1]["body"] = "My card is ▇▇▇▇"


def redact_description(zendesk: Zendesk) -> None:
    zendesk.ticket |= {"description": "My card is ▇▇▇▇", "subject": "Card ▇▇▇▇"}
    zendesk.comments[0]["body"] = "My card is ▇▇▇▇"


def redact_file(zendesk: Zendesk) -> None:
    zendesk.comments[1]["attachments"] = [{"file_name": "redacted.txt"}]


def find_malware(zendesk: Zendesk) -> None:
    zendesk.comments[1] |= {"attachments": [MALWARE]}


Way = tuple[dict[str, Any], Callable[[Zendesk], None]]
WAYS: dict[str, Way] = {
    "a comment": ({"body": f"My card is {WORD}"}, redact_comment),
    "the description": ({}, redact_description),
    "a file": ({"attachments": [FILE]}, redact_file),
    "malware": ({"attachments": [MALWARE | {"malware_scan_result": "not_scanned"}]}, find_malware),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture
def before(zendesk: Zendesk, received: Delivery, way: Way) -> Any:
    """A ticket at the desk, and the document that has the old words."""
    said, _ = way
    zendesk.comment(**({"body": "See here"} | said))
    if not said:
        zendesk.ticket |= {"description": f"My card is {WORD}", "subject": f"Card {WORD}"}
        zendesk.comments[0]["body"] = f"My card is {WORD}"
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"subject": f"Staff on {WORD}"}, STAFF)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"subject": zendesk.ticket["subject"]}, STAFF)
    follow_index()
    assert places(WORD) != []
    return document(zendesk)


@pytest.mark.parametrize("moved", [MOVED, "2026-01-05T10:00:00Z"])
@pytest.mark.parametrize("status", ["open", "closed"])
def test_old_words_are_nowhere_and_no_document_of_before_brings_them_back(
    zendesk: Zendesk, received: Delivery, way: Way, before: Any, moved: str, status: str
) -> None:
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    way[1](zendesk)
    zendesk.ticket["updated_at"] = moved
    pipeline.run(received)
    follow_index()
    if way[1] is not redact_description:  # staff wrote the word into the subject, and Zendesk knows nothing of that
        service.redact_ticket(desk_ticket().ticket.ticket_id, {"subject"}, STAFF)
        follow_index()
    assert (places(WORD), found(WORD), desk_ticket().ticket.status) == ([], [], status)
    call_command("reindex", "--afresh", "--segments", "1", stdout=io.StringIO(), stderr=io.StringIO())
    for day in ("2026-01-05", received.received_at[:10]):
        replay(before, day)
        assert (places(WORD), found(WORD)) == ([], [])
    pipeline.run(received)
    follow_index()
    assert (places(WORD), found(WORD)) == ([], [])


def test_a_comment_that_was_made_private_is_internal_and_public_again_if_zendesk_says_so_later(
    zendesk: Zendesk, received: Delivery
) -> None:
    zendesk.comment("Between us")
    pipeline.run(received)
    before = document(zendesk)
    zendesk.comments[1]["public"] = False
    pipeline.run(received)
    follow_index()
    assert (comment().visibility, IndexedComment.objects.get().visibility) == ("internal", "internal")
    replay(before)
    assert comment().visibility == "internal"
    zendesk.comments[1]["public"] = True
    zendesk.ticket["updated_at"] = MOVED
    pipeline.run(received)
    assert comment().visibility == "public"
    assert desk_ticket().ticket.status == "open"


@pytest.mark.parametrize("attributes", [{}, {"zendesk": 1}, {"zendesk": {"ticket_id": "99", "updated_at": "2027"}}])
def test_a_client_that_replaces_the_attributes_brings_no_old_words_back(
    zendesk: Zendesk, received: Delivery, attributes: dict[str, Any]
) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = f"My card is {WORD}"
    zendesk.comment("Between us")
    pipeline.run(received)
    before = document(zendesk)
    redact_description(zendesk)
    zendesk.comments[1]["public"] = False
    zendesk.ticket["updated_at"] = MOVED
    pipeline.run(received)
    ticket = desk_ticket().ticket
    changed = service.change_ticket(ticket.ticket_id, "default", {"attributes": attributes}, STAFF)
    assert changed.attributes == attributes
    assert promises.zendesk_id(changed) == "12345"
    replay(before)
    assert (places(WORD), comment().visibility) == ([], "internal")
    zendesk.ticket["updated_at"] = "2026-01-05T13:00:00Z"
    pipeline.run(received)
    assert desk_ticket().ticket.attributes["zendesk"]["ticket_id"] == "12345"
    assert (places(WORD), comment().visibility) == ([], "internal")


@pytest.mark.parametrize("status", ["open", "closed"])
def test_an_earlier_document_that_comes_last_changes_nothing(zendesk: Zendesk, received: Delivery, status: str) -> None:
    zendesk.comment("Between us", public=False)
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    zendesk.comments[1]["public"] = True
    zendesk.ticket["updated_at"] = MOVED
    overtaken = document(zendesk)
    zendesk.comments[1]["public"] = False
    zendesk.ticket["updated_at"] = "2026-01-05T13:00:00Z"
    pipeline.run(received)
    replay(overtaken)
    assert (comment().visibility, desk_ticket().ticket.status) == ("internal", status)


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_run_whose_document_is_overtaken_while_it_replaces_a_comment_is_followed_by_another(
    zendesk: Zendesk, received: Delivery, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zendesk.comment("Between us", public=False)
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    replace, overtaking = service.replace_comment, [True]

    def overtaken(*arguments: Any, **more: Any) -> Comment:
        if overtaking and overtaking.pop():
            zendesk.comments[1]["public"] = False
            zendesk.ticket["updated_at"] = "2026-01-05T13:00:00Z"
            pipeline.run(received)
        return replace(*arguments, **more)

    monkeypatch.setattr(service, "replace_comment", overtaken)
    zendesk.comments[1]["public"] = True
    zendesk.ticket["updated_at"] = MOVED
    with pytest.raises(Stale, match="changed while it was taken in"):
        pipeline.run(received)
    pipeline.run(received)
    assert (comment().visibility, desk_ticket().ticket.status) == ("internal", status)


def test_a_replay_that_is_overtaken_while_it_replaces_a_comment_says_so_and_the_next_webhook_mends_it(
    zendesk: Zendesk, received: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    zendesk.comment("Between us", public=False)
    pipeline.run(received)
    zendesk.comments[1]["public"] = True
    zendesk.ticket["updated_at"] = MOVED
    overtaken_one, replace, overtaking = document(zendesk), service.replace_comment, [True]

    def overtaken(*arguments: Any, **more: Any) -> Comment:
        if overtaking and overtaking.pop():
            zendesk.comments[1]["public"] = False
            zendesk.ticket["updated_at"] = "2026-01-05T13:00:00Z"
            pipeline.run(received)
        return replace(*arguments, **more)

    monkeypatch.setattr(service, "replace_comment", overtaken)
    with pytest.raises(CommandError, match="0 opened, 0 there already, 1 refused"):
        replay(overtaken_one)
    pipeline.run(received)
    assert comment().visibility == "internal"


def test_another_author_is_shown_but_a_known_name_stays_if_zendesk_does_not_tell_it(
    zendesk: Zendesk, received: Delivery
) -> None:
    zendesk.comment("See here", author_id=8)
    pipeline.run(received)
    assert comment().author == "Jonas Weber"
    zendesk.users.clear()
    zendesk.comments[1]["body"] = "See ▇▇▇▇"
    pipeline.run(received)
    assert (comment().comment, comment().author) == ("See ▇▇▇▇", "Jonas Weber")
    zendesk.users.append({"id": 9, "name": "Priya", "role": "agent"})
    zendesk.comments[1]["author_id"] = 9
    pipeline.run(received)
    assert (comment().author, comment().door) == ("Priya", "desk")


def test_what_staff_redacted_stays_whatever_zendesk_says(zendesk: Zendesk, received: Delivery) -> None:
    zendesk.comment(f"My card is {WORD}")
    zendesk.ticket |= {"description": WORD, "subject": WORD}
    zendesk.comments[0]["body"] = WORD
    pipeline.run(received)
    ticket = desk_ticket().ticket
    service.redact_comment(ticket.ticket_id, comment().comment_id, STAFF)
    service.redact_ticket(ticket.ticket_id, {"issue_description", "subject"}, STAFF)
    for word in (WORD, f"{WORD} {WORD}"):
        zendesk.ticket |= {"description": word, "subject": word, "updated_at": MOVED, "priority": "low"}
        zendesk.comments[0]["body"] = zendesk.comments[1]["body"] = word
        pipeline.run(received)
        follow_index()
        assert places(WORD) == []
    assert desk_ticket().ticket.priority == "low"


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_first_comment_that_is_redacted_before_the_description_redacts_it_and_is_shown_once(
    zendesk: Zendesk, received: Delivery, status: str
) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = f"My card is\n{WORD}, see {WORD}. Thanks"
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    zendesk.comments[0]["body"] = "My card is ▇▇▇▇, see ▇▇▇▇. Thanks"
    for moved in (MOVED, "2026-01-05T13:00:00Z"):
        zendesk.ticket["updated_at"] = moved
        pipeline.run(received)
        assert (places(WORD), desk_ticket().comments) == ([], [])
        assert desk_ticket().ticket.issue_description == zendesk.comments[0]["body"]
        zendesk.ticket["description"] = zendesk.comments[0]["body"]


@pytest.mark.parametrize("body", ["My card is not ▇▇▇▇", "▇▇▇▇ is your card?", "Our card is ▇▇▇▇"])
def test_a_first_comment_that_says_something_else_is_no_redacted_description(
    zendesk: Zendesk, received: Delivery, body: str
) -> None:
    zendesk.ticket["description"], zendesk.comments[0]["body"] = "My card is 1234", body
    pipeline.run(received)
    assert [one.comment for one in desk_ticket().comments] == [body]
    assert desk_ticket().ticket.issue_description == "My card is 1234"


@pytest.mark.parametrize("later", [{"file_name": "redacted.txt"}, MALWARE, None])
@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_file_that_is_redacted_beside_a_description_that_staff_changed_is_gone_from_it(
    zendesk: Zendesk, received: Delivery, status: str, later: dict[str, Any] | None
) -> None:
    zendesk.comments[0]["attachments"] = [FILE]
    pipeline.run(received)
    ticket = desk_ticket().ticket
    ours = {"issue_description": f"{ticket.issue_description}\nSeen. Priya", "status": status}
    service.change_ticket(ticket.ticket_id, None, ours, STAFF)
    zendesk.ticket["updated_at"] = "2026-01-05T11:00:00Z"
    pipeline.run(received)
    assert desk_ticket().ticket.issue_description == ours["issue_description"]
    zendesk.comments[0]["attachments"] = [later] if later else []
    zendesk.ticket["updated_at"] = MOVED
    pipeline.run(received)
    assert places(WORD) == []


@pytest.mark.parametrize("first", ["subject", "description"])
def test_a_subject_that_an_agent_worded_anew_before_or_after_the_redaction_is_told_by_no_note(
    zendesk: Zendesk, received: Delivery, first: str
) -> None:
    zendesk.ticket |= {"subject": f"Card {WORD}", "description": WORD}
    zendesk.comments[0]["body"] = WORD
    pipeline.run(received)
    subject, comments = zendesk.ticket["subject"], copy.deepcopy(zendesk.comments)
    redact_description(zendesk)
    zendesk.ticket["subject"] = "Card"
    both = document(zendesk)
    zendesk.ticket["updated_at"] = "2026-01-05T11:00:00Z"
    if first == "subject":
        zendesk.ticket["description"], zendesk.comments = WORD, comments
    else:
        zendesk.ticket["subject"] = subject
    pipeline.run(received)
    zendesk.ticket, zendesk.comments = both["ticket"] | {"updated_at": MOVED}, both["comments"]
    pipeline.run(received)
    assert places(WORD) == []


def test_what_changes_nothing_costs_as_little_as_before(zendesk: Zendesk, received: Delivery, calls: list[str]) -> None:
    zendesk.comment("My card is 1")
    pipeline.run(received)
    redact_comment(zendesk)
    pipeline.run(received)
    calls.clear()
    pipeline.run(received)
    assert [one for one in calls if one != "PutObject"] == ["GetItem", "Query", "GetItem", "GetItem"]


def test_a_comment_of_an_earlier_version_is_compared_once_and_then_has_its_mark(
    zendesk: Zendesk, received: Delivery, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    zendesk.comment(f"My card is {WORD}")
    with monkeypatch.context() as earlier:
        earlier.setattr(raw_tickets, "comment_key", lambda *some: _COMMENT_KEY(*some[:2]))
        pipeline.run(received)
    pipeline.run(received)
    calls.clear()
    pipeline.run(received)
    assert "BatchGetItem" not in calls
    redact_comment(zendesk)
    pipeline.run(received)
    assert places(WORD) == []


_COMMENT_KEY = raw_tickets.comment_key


def test_a_large_ticket_that_is_replayed_leaves_no_old_words_in_s3(zendesk: Zendesk, received: Delivery) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = f"{WORD} " + "é" * 300_000
    pipeline.run(received)
    before = document(zendesk)
    redact_description(zendesk)
    zendesk.ticket["updated_at"] = MOVED
    pipeline.run(received)
    replay(before)
    assert places(WORD) == []


class Died(BaseException):
    """The worker ended."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_at_any_write_is_followed_by_one_that_ends_it(
    zendesk: Zendesk, received: Delivery, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: list[int] = []
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        writes = operation in ("PutItem", "UpdateItem", "TransactWriteItems", "PutObject", "DeleteObjects")
        if not plan or not writes:
            return original(self, operation, parameters)
        plan[0] -= 1
        if plan[0] == 0 and moment == "before":
            raise Died
        answer = original(self, operation, parameters)
        if plan[0] == 0:
            raise Died
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    zendesk.comment("See")
    for number in range(1, 20):
        text = f"{WORD}{number} " + "é" * 300_000
        zendesk.ticket |= {"description": text, "updated_at": f"2026-01-06T{number:02}:00:00Z"}
        zendesk.comments[0]["body"], zendesk.comments[1]["body"] = text, f"{WORD}{number}"
        pipeline.run(received)
        before = document(zendesk)
        redact_description(zendesk)
        redact_comment(zendesk)
        zendesk.ticket["updated_at"] = f"2026-01-06T{number:02}:30:00Z"
        plan[:] = [number]
        try:
            pipeline.run(received)
            died = False
        except Died:
            died = True
        plan.clear()
        pipeline.run(received)
        replay(before)
        assert places(WORD) == []
        if not died:
            return
    pytest.fail("it did not end")


@pytest.mark.parametrize("status", ["open", "closed"])
def test_old_words_in_s3_go_with_the_next_try_if_they_could_not_be_deleted(
    zendesk: Zendesk, received: Delivery, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = f"{WORD} " + "é" * 300_000
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    redact_description(zendesk)
    zendesk.ticket["updated_at"] = MOVED
    with monkeypatch.context() as dying:
        dying.setattr(overflow, "destroy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pipeline.run(received)
    pipeline.run(received)
    assert places(WORD) == []


def test_a_run_that_goes_on_with_a_saved_fetch_brings_old_words_back_to_neither_raw_store_nor_function(
    zendesk: Zendesk, received: Delivery, embedded: list[dict[str, Any]]
) -> None:
    zendesk.comment(f"My card is {WORD}")
    users = {str(one["id"]): one for one in zendesk.users}
    begun.save("d-1", Fetched(copy.deepcopy(zendesk.ticket), copy.deepcopy(zendesk.comments), users, None, 1))
    deliveries.progressed("d-1", {"fetched": 2, "began": times.now(), "at": times.now()})
    deliveries.receive(Delivery(delivery_id="d-2", door="zendesk", customer_id="default", key="12345"))
    redact_comment(zendesk)
    zendesk.ticket["updated_at"] = MOVED
    pipeline.run(stored("d-2"))
    told = len(embedded)
    pipeline.run(stored("d-1"))
    assert raw_tickets.load(raw_tickets.key("12345", received.received_at)) == document(zendesk)
    assert (len(embedded), places(WORD)) == (told, [])


def forget_raw(*options: str) -> str:
    said = io.StringIO()
    call_command("forget_raw", "12345", *options, stdout=said)
    return said.getvalue()


def test_the_raw_store_keeps_old_words_until_it_is_told_to_forget_them(zendesk: Zendesk, received: Delivery) -> None:
    assert forget_raw() == "The raw store has nothing of Zendesk ticket 12345.\n"
    zendesk.comment(f"My card is {WORD}")
    pipeline.run(received)
    raw_tickets.store(raw_tickets.key("12345", "2026-01-05"), document(zendesk))
    raw_tickets.store(raw_tickets.key("123456", "2026-01-05"), {"ticket": {}})
    redact_comment(zendesk)
    pipeline.run(received)
    today = received.received_at[:10]
    told = f"Documents: 2, the newest of {today}. {{}} by it: {{}}. Earlier versions {{}}: {{}}.\n"
    assert forget_raw("--dry-run") == told.format("To replace", 1, "to delete beside those", 1)
    assert places(WORD, raw=True) != []
    assert forget_raw() == told.format("Replaced", 1, "deleted", 2)
    assert places(WORD, raw=True) == []
    assert raw_tickets.load(raw_tickets.key("12345", "2026-01-05")) == document(zendesk)
    assert raw_tickets.holds(raw_tickets.key("123456", "2026-01-05"))
    assert forget_raw() == told.format("Replaced", 0, "deleted", 0)


def test_a_raw_document_that_somebody_deleted_loses_its_versions_too(zendesk: Zendesk, received: Delivery) -> None:
    def deleted(day: str) -> None:
        key = raw_tickets.key("12345", day)
        raw_tickets.store(key, {"ticket": {"subject": WORD}})
        aws.client("s3").delete_object(Bucket=settings.S3_BUCKET_TICKETS, Key=key)

    deleted("2026-01-05")
    said = "The raw store has nothing of Zendesk ticket 12345 but deleted documents. Earlier versions {}: 1.\n"
    assert forget_raw("--dry-run") == said.format("to delete beside those")
    assert forget_raw() == said.format("deleted")
    assert places(WORD, raw=True) == []
    deleted("2026-01-06")
    pipeline.run(received)
    assert forget_raw().endswith("Replaced by it: 0. Earlier versions deleted: 1.\n")
    assert places(WORD, raw=True) == []
    assert not raw_tickets.holds(raw_tickets.key("12345", "2026-01-06"))


def test_what_a_late_run_stored_over_a_newer_document_does_not_stand_for_all(
    zendesk: Zendesk, received: Delivery
) -> None:
    zendesk.comment(f"My card is {WORD}")
    late, key = document(zendesk), raw_tickets.key("12345", received.received_at)
    redact_comment(zendesk)  # Zendesk's time does not move
    pipeline.run(received)
    raw_tickets.store(key, late, "2026-01-05T10:00:00.000Z")
    forget_raw()
    assert places(WORD, raw=True) == []
    assert raw_tickets.load(key) == document(zendesk)


def test_a_raw_document_that_cannot_be_read_is_named_and_nothing_changes(aws: None) -> None:
    raw_tickets.store(raw_tickets.key("12345", "2026-01-05"), [])  # type: ignore[arg-type]
    with pytest.raises(CommandError, match=r"is no raw ticket\. Nothing was changed"):
        forget_raw()
    with pytest.raises(CommandError, match="only digits"):
        call_command("forget_raw", "12a")
