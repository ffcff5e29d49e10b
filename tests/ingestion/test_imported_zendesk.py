"""Tickets of Zendesk's export, when the Zendesk door brings the same: nothing is doubled or overwritten."""

from typing import Any

import pytest

from ingestion.zendesk import mapping, people, pipeline
from tests import record
from tests.ingestion.conftest import Zendesk, desk_ticket
from tests.ticketing.transfer.transferring import command, file_of
from ticketing import service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.record import loading, store
from ticketing.tickets import zendesk_comment
from ticketing.tickets.ticket import Actor
from ticketing.transfer import zendesk as export

pytestmark = [pytest.mark.usefixtures("aws", "embedded"), pytest.mark.django_db]

STAFF = Actor(name="Priya", door="desk", request_id="r")
NUMBER = "12345"
TEXTS = ["We are looking into it.", "Happened before."]


@pytest.fixture
def zendesk(zendesk: Zendesk) -> Zendesk:
    zendesk.comment(TEXTS[0])
    zendesk.comment(TEXTS[1], public=False, author_id=7)
    zendesk.ticket["created_at"] = "2026-01-05T10:00:00Z"
    return zendesk


def line_of(zendesk: Zendesk, **more: Any) -> dict[str, Any]:
    """The ticket as the export has it: with the people and the comments inside."""
    requester, submitter = zendesk.users
    return zendesk.ticket | {"requester": requester, "submitter": submitter, "comments": zendesk.comments} | more


def import_it(tmp_path: Any, *lines: dict[str, Any]) -> str:
    said, complaint = command("import_tickets", str(file_of(tmp_path, *lines)), "--from", "zendesk")
    assert not complaint
    return said


def texts() -> list[str]:
    return [one.comment for one in store.all_comments(raw_tickets.ticket_key(NUMBER).keyed_id)]


def test_a_webhook_for_an_imported_ticket_changes_nothing(received: Delivery, zendesk: Zendesk, tmp_path: Any) -> None:
    import_it(tmp_path, line_of(zendesk))
    before = desk_ticket()
    assert pipeline.run(received).end == "updated"
    assert desk_ticket().comments == before.comments
    after = desk_ticket().ticket
    assert after.comment_count == 2
    for name in ("subject", "issue_description", "status", "priority", "type", "tags", "requester", "caller_id"):
        assert getattr(after, name) == getattr(before.ticket, name), name


def test_an_author_whom_the_export_does_not_name_gets_the_name_from_the_door(
    received: Delivery, zendesk: Zendesk, tmp_path: Any
) -> None:
    import_it(tmp_path, line_of(zendesk, submitter=None))
    assert [one.author for one in desk_ticket().comments] == ["zendesk:8", "Léa Moreau"]
    pipeline.run(received)
    assert [one.author for one in desk_ticket().comments] == ["Jonas Weber", "Léa Moreau"]
    assert texts() == TEXTS


def test_what_is_new_in_zendesk_comes_and_what_staff_changed_stays(
    received: Delivery, zendesk: Zendesk, tmp_path: Any
) -> None:
    import_it(tmp_path, line_of(zendesk))
    ticket_id = raw_tickets.ticket_key(NUMBER).keyed_id
    service.change_ticket(ticket_id, None, {"priority": "low", "tags": ["ours"]}, STAFF)
    zendesk.ticket |= {"subject": "No lesson at all", "updated_at": "2026-01-06T00:00:00Z"}
    zendesk.comment("Any news?", author_id=7)
    pipeline.run(received)
    found = desk_ticket()
    assert (found.ticket.subject, found.ticket.priority, found.ticket.tags) == ("No lesson at all", "low", ["ours"])
    assert texts() == [*TEXTS, "Any news?"]
    assert found.ticket.comment_count == 3


def test_an_import_after_the_door_adds_nothing(received: Delivery, zendesk: Zendesk, tmp_path: Any) -> None:
    pipeline.run(received)
    before = desk_ticket()
    assert import_it(tmp_path, line_of(zendesk)).startswith("0 tickets imported, 1 there already, 0 lines refused.")
    assert desk_ticket() == before


def test_a_door_that_is_faster_in_the_middle_of_an_import_doubles_no_comment(
    received: Delivery, zendesk: Zendesk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = loading.put_keyed

    def put_keyed(keyed: Any) -> None:
        pipeline.run(received)
        original(keyed)

    monkeypatch.setattr(loading, "put_keyed", put_keyed)
    import_it(tmp_path, line_of(zendesk))
    assert sorted(texts()) == sorted(TEXTS)
    assert desk_ticket().ticket.comment_count == 2


def test_a_door_that_comes_after_an_import_died_doubles_no_comment(
    received: Delivery, zendesk: Zendesk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(loading, "create", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_it(tmp_path, line_of(zendesk))
    pipeline.run(received)
    assert import_it(tmp_path, line_of(zendesk)).startswith("0 tickets imported, 1 there already")
    assert sorted(texts()) == sorted(TEXTS)


def test_a_second_run_of_an_import_that_died_brings_everything_once(
    zendesk: Zendesk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(loading, "create", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_it(tmp_path, line_of(zendesk), line_of(zendesk, id=2))
    assert import_it(tmp_path, line_of(zendesk), line_of(zendesk, id=2)).endswith(
        "2 tickets imported, 0 there already, 0 lines refused.\n"
    )
    for ticket_id in record.ticket_ids():
        assert [one.comment for one in store.all_comments(ticket_id)] == TEXTS
        assert record.get(ticket_id).comment_count == 2


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"subject": None, "priority": None, "type": None, "tags": None},
        {"subject": "  ", "description": "", "status": "hold"},
        {"description": "a\0b\ud800", "tags": ["x\0"], "status": "closed"},
        {"requester_id": None},
        {"requester_id": 8},
    ],
)
def test_an_import_maps_as_the_door_does(zendesk: Zendesk, more: dict[str, Any]) -> None:
    zendesk.users[1]["role"] = "agent"
    given = line_of(zendesk, **more)
    if given["requester_id"] is None:
        given |= {"requester": None, "collaborators": [zendesk.users[0]]}
    elif given["requester_id"] == 8:
        given |= {"requester": zendesk.users[1], "submitter": zendesk.users[0]}
    context = {"ticket": zendesk.ticket | more, "comments": zendesk.comments, "users": zendesk.users}
    fields = mapping.fields(context)
    values = export.mapped(given, {}).values
    assert {name: values[name] for name in fields} == mapping.shown(context, fields)
    assert values["attributes"]["zendesk"]["seen"].items() <= mapping.seen(context, fields).items()
    assert values["caller_id"] == mapping.draft(context, "d").caller_id
    door = {"zendesk": False, "desk": True}
    assert [(one["comment"], one["author"], door[one["door"]]) for one in values["comments"]] == [
        (zendesk_comment.whole(one), people.author(one, context), people.is_staff(one, context))
        for one in mapping.comments(context)
    ]
    assert values["attributes"]["zendesk"].get("opening") == mapping.attributes(context).get("opening")


def test_an_import_has_the_files_and_calls_and_staff_that_the_door_has(
    received: Delivery, zendesk: Zendesk, tmp_path: Any
) -> None:
    zendesk.users[1]["role"] = "agent"
    file = {"file_name": "a.pdf", "content_type": "application/pdf", "size": 9, "content_url": "https://z.test/a"}
    zendesk.comments[0] |= {"attachments": [file], "author_id": 8, "public": False}
    zendesk.comment("", author_id=-1, type="VoiceComment", data={"call_duration": 40}, attachments=[])
    zendesk.comment("Nobody's", author_id=None)
    import_it(tmp_path, line_of(zendesk))
    before = desk_ticket()
    assert before.ticket.issue_description.endswith("Attached: a.pdf, application/pdf, 9 bytes, https://z.test/a")
    assert before.ticket.attributes["zendesk"]["opening"] == {
        "author": "Jonas Weber",
        "by": "staff",
        "visibility": "internal",
    }
    assert [(one.comment, one.author, one.door) for one in before.comments] == [
        (TEXTS[0], "Jonas Weber", "desk"),
        (TEXTS[1], "Léa Moreau", "zendesk"),
        ("Length: 40 s", "Zendesk", "zendesk"),
        ("Nobody's", "Zendesk", "zendesk"),
    ]
    pipeline.run(received)
    assert desk_ticket().comments == before.comments
    assert desk_ticket().ticket.issue_description == before.ticket.issue_description
