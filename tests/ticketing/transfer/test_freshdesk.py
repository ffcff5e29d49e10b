"""`import_tickets --from freshdesk`: lines of its account export, and of its API, as its documentation shows them."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from config import json
from config.refusals import Invalid
from tests.ticketing.transfer.transferring import command, exported, file_of, only_ticket
from ticketing.record import store
from ticketing.transfer import freshdesk, line
from ticketing.transfer.foreign import LeftOut

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

FILE = {"content_file_name": "log.txt", "content_file_size": 9, "attachment_url": "https://fd.test/1"}


def note(number: int, body: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "body": body,
        "body_html": f"<div>{body}</div>",
        "created_at": f"2014-01-07T15:{number:02}:55+05:30",
        "updated_at": f"2014-01-07T16:{number:02}:55+05:30",
        "incoming": False,
        "private": False,
        "deleted": False,
        "user_id": 3,
        "attachments": [],
    } | more


def of_export(**more: Any) -> dict[str, Any]:
    """As the account export has it, one of its array."""
    return {
        "helpdesk_ticket": {
            "cc_email": {"cc_emails": ["superman@marvel.test"], "fwd_emails": []},
            "created_at": "2014-01-07T14:57:55+05:30",
            "updated_at": "2014-01-07T15:53:21+05:30",
            "deleted": False,
            "delta": True,
            "description": "Details on the issue ...",
            "description_html": "<div>Details on the issue ...</div>",
            "display_id": 138,
            "id": 4711,
            "due_by": "2014-01-10T14:57:55+05:30",
            "frDueBy": "2014-01-08T14:57:55+05:30",
            "priority": 4,
            "priority_name": "Urgent",
            "requester_id": 17,
            "requester_name": "Lea",
            "responder_id": 3,
            "responder_name": "Jonas Weber",
            "source": 2,
            "spam": False,
            "status": 2,
            "status_name": "Open",
            "subject": "Support Needed...",
            "ticket_type": "Problem",
            "urgent": False,
            "custom_field": {"weapon_1": "Laser Gun"},
            "tags": [{"name": "vip"}],
            "attachments": [{"attachment": FILE}],
            "notes": [
                {"note": note(2, "We look", attachments=[FILE])},
                {"note": note(1, "Any news?", incoming=True, user_id=17)},
                {"note": note(3, "Hopeless", private=True, user_id=99)},
                {"note": note(4, "gone", deleted=True)},
            ],
        }
        | more
    }


def of_api(**more: Any) -> dict[str, Any]:
    """As the API's version 2 has it, with `include=requester` and the conversations."""
    return {
        "cc_emails": ["user@cc.test"],
        "fwd_emails": [],
        "fr_escalated": False,
        "spam": False,
        "priority": 1,
        "requester_id": 1,
        "responder_id": None,
        "source": 2,
        "status": 3,
        "subject": "Please help",
        "company_id": 1,
        "id": 20,
        "type": None,
        "created_at": "2015-08-24T11:56:51Z",
        "updated_at": "2015-08-24T11:59:05Z",
        "due_by": "2015-08-27T11:30:00Z",
        "description_text": "Not given.",
        "description": "<div>Not <b>given</b>.</div>",
        "custom_fields": {"category": "Primary"},
        "tags": ["a", "b"],
        "attachments": [],
        "requester": {"id": 1, "name": "Rachel", "email": "rachel@x.test", "mobile": None, "phone": "1"},
        "conversations": [
            {
                "body_text": "Please reply as soon as possible.",
                "body": "<div>Please reply as soon as possible.</div>",
                "id": 3,
                "incoming": True,
                "private": False,
                "user_id": 1,
                "support_email": "help@x.test",
                "source": 0,
                "ticket_id": 20,
                "created_at": "2015-08-24T11:59:05Z",
                "updated_at": "2015-08-24T11:59:05Z",
                "attachments": [],
            }
        ],
    } | more


def imported(tmp_path: Path, *tickets: dict[str, Any]) -> tuple[str, str]:
    return command("import_tickets", str(file_of(tmp_path, *tickets)), "--from", "freshdesk")


def test_a_ticket_of_the_export_is_one_here_with_everything_that_a_ticket_has(tmp_path: Path) -> None:
    User.objects.create_user("jonas", first_name="Jonas", last_name="Weber", is_staff=True)
    _, complaint = imported(tmp_path, of_export())
    assert not complaint
    one = only_ticket()
    assert (one.ticket_id, one.channel, one.caller_id) == ("freshdesk:138", "itsm", "freshdesk:17")
    assert (one.requester, one.assignee, one.tags) == ({"name": "Lea"}, "jonas", ["vip"])
    assert (one.subject, one.type, one.status, one.priority) == ("Support Needed...", "Problem", "open", "urgent")
    assert (one.created_at, one.updated_at) == ("2014-01-07T09:27:55.000Z", "2014-01-07T10:23:21.000Z")
    assert one.issue_description == "Details on the issue ...\n\nAttached: log.txt, 9 bytes, https://fd.test/1"
    assert one.attributes["freshdesk"]["custom_field"] == {"weapon_1": "Laser Gun"}
    assert one.attributes["freshdesk"]["ticket_id"] == "138"
    assert [(c.comment, c.author, c.visibility, c.door) for c in store.all_comments(one.ticket_id)] == [
        ("Any news?", "Lea", "public", ""),
        ("We look\n\nAttached: log.txt, 9 bytes, https://fd.test/1", "Jonas Weber", "public", "desk"),
        ("Hopeless", "freshdesk:99", "internal", "desk"),
    ]


def test_a_ticket_of_the_api_is_one_here(tmp_path: Path) -> None:
    said, complaint = imported(tmp_path, of_api())
    assert not complaint
    one = only_ticket()
    assert (one.ticket_id, one.caller_id, one.issue_description) == ("freshdesk:20", "freshdesk:1", "Not given.")
    assert (one.status, one.priority, one.tags) == ("pending", "low", ["a", "b"])
    assert one.requester == {"name": "Rachel", "email": "rachel@x.test"}
    assert one.attributes["freshdesk"]["custom_fields"] == {"category": "Primary"}
    [c] = store.all_comments(one.ticket_id)
    assert (c.comment, c.author, c.visibility) == ("Please reply as soon as possible.", "Rachel", "public")
    assert "of people, only name, e-mail address and id are imported" in said
    assert "cc_emails is kept in attributes.freshdesk" in said
    assert "files" not in said
    assert "support_email of its comments is not imported" in said


def test_html_alone_becomes_text() -> None:
    for html, text in (("<p>One &amp; two</p>", "One & two"), ("<br>", "Please help")):  # or else the subject
        given = of_api(description=html)
        del given["description_text"]
        assert freshdesk.mapped(given, {}).values["issue_description"] == text


@pytest.mark.parametrize(
    ("number", "ours"), [(2, "open"), (3, "pending"), (4, "solved"), (5, "closed"), (6, "pending"), (7, "pending")]
)
def test_each_status_has_its_own_here(number: int, ours: str) -> None:
    assert freshdesk.mapped(of_api(status=number), {}).values["status"] == ours


def test_a_status_of_the_account_is_open_and_told_by_its_name() -> None:
    mapped = freshdesk.mapped(of_export(status=12, status_name="At the vendor"), {})
    assert mapped.values["status"] == "open"
    assert 'status 12 ("At the vendor") is one of your account, and is taken as open' in mapped.told
    assert 'status 8 ("without a name") is one of your account' in " ".join(freshdesk.mapped(of_api(status=8), {}).told)


@pytest.mark.parametrize(("number", "ours"), [(1, "low"), (2, "normal"), (3, "high"), (4, "urgent"), (None, "normal")])
def test_each_priority_has_its_own_here(number: int | None, ours: str) -> None:
    assert freshdesk.mapped(of_api(priority=number), {}).values["priority"] == ours


def test_what_can_be_incomplete_is_told() -> None:
    ten = [note(one, "Hi") for one in range(10)]
    assert any("ten conversations" in one for one in freshdesk.mapped(of_api(conversations=ten), {}).told)
    assert not any("conversations" in one for one in freshdesk.mapped(of_api(conversations=ten[:9]), {}).told)
    assert "a note that was deleted in Freshdesk is left out" in freshdesk.mapped(of_export(), {}).told
    told = freshdesk.mapped(of_api(responder_id=3), {}).told
    assert "responder_id comes without name and address, so it is assigned to nobody" in told


def test_nothing_of_a_line_is_lost_untold() -> None:
    for given in (of_api(stats={"resolved_at": "2015"}, nr_due_by="2015"), of_export(owner_id=7)):
        mapped = freshdesk.mapped(given, {})
        fields = given.get("helpdesk_ticket", given)
        for name in [one for one in fields if fields[one] and one not in freshdesk._TAKEN]:
            assert mapped.values["attributes"]["freshdesk"][name] == fields[name]
            assert f"{name} is kept in attributes.freshdesk" in mapped.told


def test_a_second_run_doubles_nothing(tmp_path: Path) -> None:
    imported(tmp_path, of_export(), of_api())
    before = exported()
    assert imported(tmp_path, of_export(), of_api()) == ("0 tickets imported, 2 there already, 0 lines refused.\n", "")
    assert exported() == before


@pytest.mark.parametrize("more", [{"spam": True}, {"deleted": True}])
def test_spam_and_deleted_tickets_are_left_out(more: dict[str, Any]) -> None:
    for given in (of_export(**more), of_api(**more)):
        with pytest.raises(LeftOut):
            freshdesk.mapped(given, {})


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"id": None}, "display_id or id must be the number"),
        ({"status": None}, "status must be a number from 2 on"),
        ({"status": "Open"}, "status must be a number from 2 on"),
        ({"priority": "Low"}, "priority must be a number from 1 to 4"),
        ({"priority": 5}, "priority must be a number from 1 to 4"),
        ({"conversations": None}, "conversations or notes is required"),
        ({"conversations": ["Hi"]}, "conversations must be a list of objects"),
        ({"tags": "a"}, "tags must be a list of texts"),
    ],
)
def test_what_is_no_ticket_of_freshdesk_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        freshdesk.mapped(of_api(**more), {})
    assert refused.value.sentence.startswith(sentence)


@pytest.mark.parametrize("odd", [None, 7, "x", [], ["x"], {}, [{}], True])
def test_a_field_of_an_unexpected_kind_ends_nothing(odd: Any) -> None:
    given = [of_export(**{name: odd}) for name in of_export()["helpdesk_ticket"]]
    given += [of_api(**{name: odd}) for name in of_api()]
    given += [of_api(conversations=[note(1, "a") | {name: odd}]) for name in note(1, "a")]
    for one in given:
        with suppress(Invalid, LeftOut):
            line.read(json.dumps(one).encode(), mapping=partial(freshdesk.mapped, staff={}))
