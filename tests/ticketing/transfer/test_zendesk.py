"""`import_tickets --from zendesk`: lines of Zendesk's JSON export, as its documentation and public tools show them."""

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
from ticketing.transfer import line, zendesk
from ticketing.transfer.foreign import LeftOut

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

LEA = {"id": 20978392, "name": "Léa Moreau", "email": "lea@family.test", "phone": "+49 30 1", "locale": "de"}
JONAS = {"id": 235323, "name": "Jonas Weber", "email": "Jonas@foyer.test"}
FILE = {"file_name": "fire.png", "size": 2532, "content_url": "https://acme.zendesk.com/attachments/1"}


def comment(number: int, body: str, **more: Any) -> dict[str, Any]:
    at = f"2009-07-20T22:{number:02}:29Z"
    return {"id": number, "type": "Comment", "author_id": 20978392, "body": body, "html_body": f"<p>{body}</p>"} | {
        "public": True,
        "attachments": [],
        "audit_id": 1,
        "created_at": at,
        **more,
    }


def ticket(**more: Any) -> dict[str, Any]:
    return {
        "url": "https://acme.zendesk.com/api/v2/tickets/35436.json",
        "id": 35436,
        "external_id": "ahg35h3jh",
        "created_at": "2009-07-20T22:01:29Z",
        "updated_at": "2011-05-05T10:38:52Z",
        "type": "incident",
        "subject": "Help, my printer is on fire!",
        "raw_subject": "{{dc.printer_on_fire}}",
        "description": "The fire is very colorful.",
        "priority": "high",
        "status": "open",
        "recipient": None,
        "requester_id": 20978392,
        "assignee_id": 235323,
        "tags": ["enterprise", "other_tag"],
        "custom_fields": [{"id": 27642, "value": "745"}],
        "has_incidents": False,
        "via": {"channel": "web"},
        "requester": LEA,
        "assignee": JONAS,
        "comments": [
            comment(2, "The fire is very\ncolorful.", attachments=[FILE]),
            comment(4, "Water!", author_id=235323, attachments=[FILE | {"file_name": "water.pdf"}]),
            comment(3, "He is upset", public=False, author_id=99, metadata={"system": {"ip": "::1"}}),
            comment(5, "", author_id=-1),
        ],
    } | more


def imported(tmp_path: Path, *tickets: dict[str, Any]) -> tuple[str, str]:
    return command("import_tickets", str(file_of(tmp_path, *tickets)), "--from", "zendesk")


def test_a_ticket_of_the_export_is_one_here_with_everything_that_a_ticket_has(tmp_path: Path) -> None:
    User.objects.create_user("jonas", email="jonas@Foyer.test", is_staff=True)
    _, complaint = imported(tmp_path, ticket())
    assert not complaint
    one = only_ticket()
    assert (one.channel, one.customer_id, one.caller_id) == ("zendesk", "default", "zendesk:20978392")
    assert one.requester == {"name": "Léa Moreau", "email": "lea@family.test"}
    assert (one.subject, one.type, one.status, one.priority) == (
        "Help, my printer is on fire!",
        "incident",
        "open",
        "high",
    )
    assert (one.assignee, one.tags) == ("jonas", ["enterprise", "other_tag"])
    assert (one.created_at, one.updated_at) == ("2009-07-20T22:01:29.000Z", "2011-05-05T10:38:52.000Z")
    assert one.issue_description == (
        "The fire is very colorful.\n\nAttached: fire.png, 2,532 bytes, https://acme.zendesk.com/attachments/1"
    )
    kept = one.attributes["zendesk"]
    assert (kept["ticket_id"], kept["url"]) == ("35436", "https://acme.zendesk.com/agent/tickets/35436")
    assert kept["custom_fields"] == [{"id": 27642, "value": "745"}]
    assert (kept["external_id"], kept["via"], kept["assignee"]) == ("ahg35h3jh", {"channel": "web"}, JONAS)
    comments = store.all_comments(one.ticket_id)
    assert [(c.comment, c.author, c.visibility, c.created_at[14:16]) for c in comments] == [
        ("He is upset", "zendesk:99", "internal", "03"),
        (
            "Water!\n\nAttached: water.pdf, 2,532 bytes, https://acme.zendesk.com/attachments/1",
            "Jonas Weber",
            "public",
            "04",
        ),
        ("(no text)", "Zendesk", "public", "05"),
    ]


def test_comments_of_one_moment_keep_the_order_that_zendesk_gives_them(tmp_path: Path) -> None:
    at = "2010-01-01T00:00:00Z"
    said = [comment(number, f"{number}", created_at=at) for number in (30, 9, 200)]
    imported(tmp_path, ticket(comments=said))
    assert [one.comment for one in store.all_comments(only_ticket().ticket_id)] == ["30", "9", "200"]


def test_what_has_no_place_here_is_told_once_for_all_lines(tmp_path: Path) -> None:
    said, _ = imported(tmp_path, ticket(), ticket(id=2), ticket(id=3, satisfaction_rating={"score": "good"}))
    assert said.splitlines() == [
        "Of what is imported:",
        (
            'Lines 1, 2 and 3: nobody at the desk is "Jonas@foyer.test", its assignee, so it is assigned to nobody; '
            "of people, only name, e-mail address and id are imported; "
            "attached files stay where they are, and the text has their addresses; "
            "metadata of its comments is not imported; "
            "external_id is kept in attributes.zendesk; assignee_id is kept in attributes.zendesk; "
            "custom_fields is kept in attributes.zendesk; via is kept in attributes.zendesk; "
            "assignee is kept in attributes.zendesk."
        ),
        "Line 3: satisfaction_rating is kept in attributes.zendesk.",
        "3 tickets imported, 0 there already, 0 lines refused.",
    ]


def test_nothing_of_a_line_is_lost_untold() -> None:
    given = ticket(new_field_of_tomorrow=[1], metric_set={"reopens": 0}, followup_ids=[7], due_at="2011")
    given["comments"][1]["new_of_comments"] = 0
    mapped = zendesk.mapped(given, {})
    told = " ".join(mapped.told)
    for name, value in given.items():
        here = name in zendesk._TAKEN or mapped.values["attributes"]["zendesk"].get(name) == value
        assert here or not value, name
        assert name in zendesk._TAKEN or not value or f"{name} is kept" in told, name
    assert "new_of_comments of its comments is not imported" in told


def test_a_second_run_doubles_nothing(tmp_path: Path) -> None:
    imported(tmp_path, ticket(), ticket(id="0002"))
    before = exported()
    assert imported(tmp_path, ticket(), ticket(id="0002")) == (
        "0 tickets imported, 2 there already, 0 lines refused.\n",
        "",
    )
    assert exported() == before


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("new", "open"),
        ("open", "open"),
        ("pending", "pending"),
        ("hold", "pending"),
        ("solved", "solved"),
        ("closed", "closed"),
    ],
)
def test_each_status_has_its_own_here(tmp_path: Path, theirs: str, ours: str) -> None:
    imported(tmp_path, ticket(status=theirs))
    assert only_ticket().status == ours
    assert only_ticket().comment_count == 3


def test_deleted_tickets_are_left_out_and_counted(tmp_path: Path) -> None:
    with pytest.raises(LeftOut):
        zendesk.mapped(ticket(status="deleted"), {})
    said, complaint = imported(tmp_path, ticket(status="deleted"), ticket(id=2, status="deleted"))
    assert said == (
        "Lines 1 and 2: It was deleted in Zendesk, and is left out.\n"
        "0 tickets imported, 0 there already, 2 left out, 0 lines refused.\n"
    )
    assert not complaint


def test_comments_that_do_not_say_who_may_see_them_are_internal(tmp_path: Path) -> None:
    one = comment(7, "Hm")
    del one["public"]
    said, _ = imported(tmp_path, ticket(comments=[one]))
    assert "1 comment does not say who may see it" in said
    assert [c.visibility for c in store.all_comments(only_ticket().ticket_id)] == ["internal"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"comments": None}, "comments is required"),
        ({"comments": {}}, None),
        ({"comments": ["Hi"]}, "comments must be a list of objects"),
        ({"comments": [{"body": "no id"}]}, "id must be the number of a ticket or comment"),
        ({"id": None}, "id must be the number"),
        ({"id": "F-1"}, "id must be the number"),
        ({"status": ["open"]}, "status must be one of: new, open"),
        ({"status": 2}, "status must be one of: new, open"),
        ({"tags": "a b"}, "tags must be a list of texts"),
        ({"tags": [1]}, "tags must be a list of texts"),
        ({"tickets": []}, "It is a page of many tickets"),
    ],
)
def test_what_is_no_ticket_of_this_export_is_refused(more: dict[str, Any], sentence: str | None) -> None:
    if sentence is None:
        assert zendesk.mapped(ticket(**more), {}).values["comments"] == []
        return
    with pytest.raises(Invalid) as refused:
        zendesk.mapped(ticket(**more), {})
    assert refused.value.sentence.startswith(sentence)


def test_a_comment_that_is_there_twice_refuses_its_line_alone(tmp_path: Path) -> None:
    said, complaint = imported(tmp_path, ticket(comments=[comment(1, "a"), comment(1, "b")]), ticket(id=2))
    assert "Line 1: comments: a comment_id is there twice.\n" in said
    assert complaint.startswith("1 tickets imported, 0 there already, 1 lines refused.")


def test_more_comments_than_one_transaction_takes_come_in(tmp_path: Path) -> None:
    imported(
        tmp_path,
        ticket(comments=[comment(one, f"{one}", created_at=f"2010-01-01T00:{one:02}:00Z") for one in range(60)]),
    )
    assert [c.comment for c in store.all_comments(only_ticket().ticket_id)] == [str(one) for one in range(60)]


def test_a_line_of_another_kind_is_refused_and_the_rest_goes_in(tmp_path: Path) -> None:
    said, complaint = imported(tmp_path, ticket(), {"caller_id": "lea", "issue_description": "Foyer's own"})
    assert "Line 2: status must be one of" in said
    assert complaint.startswith("1 tickets imported, 0 there already, 1 lines refused.")


@pytest.mark.parametrize("odd", [None, 7, "x", [], ["x"], {}, [{}], True])
def test_a_field_of_an_unexpected_kind_ends_nothing(odd: Any) -> None:
    given = [ticket(**{name: odd}) for name in ticket()]
    given += [ticket(comments=[comment(1, "a") | {name: odd}]) for name in comment(1, "a")]
    for one in given:
        with suppress(Invalid):
            line.read(json.dumps(one).encode(), mapping=partial(zendesk.mapped, staff={}))
