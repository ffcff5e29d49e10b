"""Everything that a comment of Zendesk can be: files, pictures, calls, HTML alone, nobody's words."""

from typing import Any

import pytest

from ingestion.zendesk import pipeline
from ingestion.zendesk.mapping import mark
from tests.ingestion.conftest import Zendesk, desk_ticket
from ticketing import service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.record.many_comments import Known
from ticketing.tickets import zendesk_comment
from ticketing.tickets.ticket import Actor

pytestmark = pytest.mark.usefixtures("aws", "embedded")

STAFF = Actor(name="Priya", door="desk", request_id="r")
LINK = "https://company.zendesk.com/attachments/token/x/?name=error.png"
FILE = {"file_name": "error.png", "content_type": "image/png", "size": 48_211, "content_url": LINK}
LINE = f"Attached: error.png, image/png, 48,211 bytes, {LINK}"
OPENING = "The lesson did not start."
CALL = {
    "from": "+14156973616",
    "to": "+14158148801",
    "recording_url": "https://company.zendesk.com/api/v2/channels/voice/calls/1/twilio/recording",
    "call_duration": 125,
    "transcription_text": "Please call me back.",
}


def texts() -> list[str]:
    return [one.comment for one in desk_ticket().comments]


def test_files_are_lines_at_the_end_of_the_text(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comment("See the picture.", attachments=[FILE, FILE | {"file_name": "b\nAttached: c", "size": None}])
    zendesk.comment("", attachments=[FILE | {"inline": True}])
    pipeline.run(received)
    assert texts() == [f"See the picture.\n\n{LINE}\nAttached: b Attached: c, image/png, {LINK}", LINE]


def test_a_file_with_malware_is_named_with_a_warning_and_never_linked(received: Delivery, zendesk: Zendesk) -> None:
    file = FILE | {"malware_scan_result": "malware_found"}
    zendesk.comment(f"Look: ![]({LINK})", attachments=[file])
    zendesk.comment("Fine", attachments=[FILE | {"malware_scan_result": "malware_not_found"}])
    pipeline.run(received)
    assert texts() == [
        "Look: ![]((malware was found here))\n\nAttached: error.png, image/png, 48,211 bytes, malware was found in it",
        f"Fine\n\n{LINE}",
    ]


def test_no_file_is_fetched(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comment("See", attachments=[FILE])
    pipeline.run(received)
    assert {str(call.request.url).partition("/api/")[0] for call in zendesk.mock.calls} == {"https://zendesk.test"}


def test_files_of_the_opening_stand_in_the_description(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comments[0]["attachments"] = [FILE]
    pipeline.run(received)
    assert desk_ticket().ticket.issue_description == f"{OPENING}\n\n{LINE}"
    assert texts() == []


def as_before(**said: Any) -> None:
    """The ticket was taken in by a Foyer that showed, and fingerprinted, these values."""
    ticket = desk_ticket().ticket
    seen = {name: value for name, value in ticket.attributes["zendesk"]["seen"].items() if name != "opening"}
    seen |= {name: mark(value) for name, value in said.items()}
    attributes = {"zendesk": ticket.attributes["zendesk"] | {"seen": seen}}
    service.change_ticket(ticket.ticket_id, None, said | {"attributes": attributes, "zendesk": {}}, STAFF)


@pytest.mark.parametrize(("by_staff", "expected"), [(None, f"{OPENING}\n\n{LINE}"), ("Staff's words", "Staff's words")])
def test_a_ticket_from_before_gets_the_openings_files_unless_staff_wrote_another_description(
    received: Delivery, zendesk: Zendesk, by_staff: str | None, expected: str
) -> None:
    zendesk.comments[0]["attachments"] = [FILE]
    pipeline.run(received)
    as_before(issue_description=OPENING)
    if by_staff:
        service.change_ticket(desk_ticket().ticket.ticket_id, None, {"issue_description": by_staff}, STAFF)
    for moment in ("2026-01-05T10:00:00Z", "2026-01-06T00:00:00Z"):
        zendesk.ticket["updated_at"] = moment
        pipeline.run(received)
        assert desk_ticket().ticket.issue_description == expected
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = "Changed in Zendesk."
    pipeline.run(received)
    assert desk_ticket().ticket.issue_description == f"Changed in Zendesk.\n\n{LINE}"


def test_malware_that_is_found_later_takes_the_link_out_of_the_description(
    received: Delivery, zendesk: Zendesk
) -> None:
    zendesk.comments[0]["attachments"] = [FILE]
    pipeline.run(received)
    zendesk.comments[0]["attachments"] = [FILE | {"malware_scan_result": "malware_found"}]
    pipeline.run(received)
    assert LINK not in desk_ticket().ticket.issue_description
    assert "malware was found in it" in desk_ticket().ticket.issue_description


def test_a_call_shows_what_its_words_do_not(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comment("Call from a customer", type="VoiceComment", author_id=-1, data=CALL)
    zendesk.comment("", type="VoiceComment", data={"call_duration": "40"})
    pipeline.run(received)
    assert texts() == [
        "\n".join(
            [
                "Call from a customer\n",
                "Call from: +14156973616",
                "Call to: +14158148801",
                "Length: 2 min 5 s",
                f"Recording: {CALL['recording_url']}",
                "Transcript: Please call me back.",
            ]
        ),
        "Length: 40 s",
    ]


def test_nothing_of_a_call_is_shown_twice(received: Delivery, zendesk: Zendesk) -> None:
    said = (
        "Voicemail from: +1 (415) 697-3616\nCall to: +14158148801\nLength of phone call: 2 minutes, 5 seconds\n"
        f"Listen to the recording: {CALL['recording_url']}\nTranscription:\nPlease call\nme back."
    )
    call = {"type": "VoiceComment", "author_id": -1, "data": CALL, "formatted_from": "+1 (415) 697-3616"}
    zendesk.ticket["description"] = said.replace("\n", "\\n")
    zendesk.comments = []
    zendesk.comment(said, **call)
    zendesk.comment(said, **call)
    pipeline.run(received)
    assert texts() == [said]
    assert desk_ticket().ticket.issue_description == said.replace("\n", "\\n")


def test_a_voicemail_that_opens_a_ticket_keeps_its_recording(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comments[0] |= {"type": "TpeVoiceComment", "data": CALL | {"from": None, "to": {}}}
    pipeline.run(received)
    assert desk_ticket().ticket.issue_description == (
        f"{OPENING}\n\nLength: 2 min 5 s\nRecording: {CALL['recording_url']}\nTranscript: Please call me back."
    )


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ({"body": None, "html_body": "<div><p>Hello,<br>bye</p></div>"}, "Hello,\nbye"),
        ({"body": " ", "plain_body": "Plain", "html_body": "<p>HTML</p>"}, "Plain"),
        ({"body": None, "html_body": "<p></p>"}, "(no text)"),
        ({"body": None, "type": "ChatStartedEvent", "via": {"channel": "of tomorrow"}, "data": [1]}, "(no text)"),
        ({"body": "x", "type": ["?"], "attachments": "none", "via": 7, "plain_body": 5, "html_body": {}}, "x"),
        ({"body": "x", "type": "VoiceComment", "data": "none", "attachments": [None, 7]}, "x"),
        ({"body": "x", "type": "VoiceComment", "data": {"call_duration": True, "from": 7, "to": []}}, "x"),
        ({"body": "x", "attachments": [{"size": "big", "content_url": ["y"]}]}, "x\n\nAttached: a file"),
    ],
)
def test_a_comment_of_any_kind_says_what_it_can(
    received: Delivery, zendesk: Zendesk, comment: dict[str, Any], expected: str
) -> None:
    zendesk.comment("")
    zendesk.comments[1] |= comment
    pipeline.run(received)
    assert texts() == [expected]


@pytest.mark.parametrize(
    "said",
    [
        {"body": "The  lesson\r\ndid not\n\nstart. "},
        {"body": "The lesson\u00a0did not start."},
        {"body": None, "html_body": "<p>The lesson<br>did not start.</p>"},
        {"body": "**The lesson** did not start.", "plain_body": "The lesson&nbsp;did not start."},
    ],
)
def test_an_opening_that_differs_in_blanks_alone_is_shown_once(
    received: Delivery, zendesk: Zendesk, said: dict[str, Any]
) -> None:
    zendesk.comments[0] |= said
    pipeline.run(received)
    assert texts() == []


@pytest.mark.parametrize("at", [None, "", "some day"])
def test_a_comment_without_a_time_stays_behind_the_one_before_it(
    received: Delivery, zendesk: Zendesk, at: str | None
) -> None:
    zendesk.comment("first", created_at="2026-01-05T11:00:00Z")
    zendesk.comment("undated", created_at=at)
    zendesk.comment("last", created_at="2026-01-05T12:00:00Z")
    pipeline.run(received)
    assert [(one.comment, one.created_at[:13]) for one in desk_ticket().comments] == [
        ("first", "2026-01-05T11"),
        ("undated", "2026-01-05T11"),
        ("last", "2026-01-05T12"),
    ]


def test_comments_of_which_none_has_a_time_are_as_old_as_their_ticket() -> None:
    undated: list[dict[str, Any]] = [{"id": 1, "created_at": None}, {"id": 2}]
    at = "2026-01-05T10:00:00Z"
    _, comments = zendesk_comment.split({"created_at": at, "description": "?"}, undated)
    assert [(one["id"], one["created_at"]) for one in comments] == [(1, at), (2, at)]
    _, comments = zendesk_comment.split({"description": "?"}, undated)
    assert [one["created_at"] for one in comments] == [None, None]


def test_an_opening_that_counts_as_one_only_now_is_no_new_answer(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comments[0]["body"] = "Something else."  # so an earlier version of Foyer took it for a comment
    pipeline.run(received)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved"}, STAFF)
    zendesk.comments[0]["body"] = OPENING
    pipeline.run(received)
    assert desk_ticket().ticket.status == "solved"
    assert texts() == [OPENING]


def test_a_comment_that_says_more_now_does_not_come_again_but_is_replaced(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comment("See")
    pipeline.run(received)
    zendesk.comments[1] |= {"attachments": [FILE], "type": "VoiceComment", "data": CALL}
    pipeline.run(received)
    assert texts() == [zendesk_comment.whole(zendesk.comments[1])]
    assert "error.png" in texts()[0]


CHANGED = [
    {"body": "[redacted]"},
    {"public": False},
    {"author_id": 7},
    {"attachments": [FILE]},
]


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: next(iter(change)))
def test_a_comments_mark_is_another_when_zendesk_says_something_else(zendesk: Zendesk, change: dict[str, Any]) -> None:
    zendesk.comment("My card is 4111 1111.")
    comment = zendesk.comments[1]
    mark = zendesk_comment.mark(comment, "Jonas Weber")
    assert mark == zendesk_comment.mark(comment | {"via": {"channel": "web"}}, "Jonas W.")
    assert mark != zendesk_comment.mark(comment | change, "Jonas Weber")


def test_a_comments_mark_stands_at_its_key(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.comment("See")
    pipeline.run(received)
    desk, key = desk_ticket(), raw_tickets.comment_key("12345", "901")
    [known] = service.known_comments(desk.ticket.ticket_id).items()
    assert known == (
        key.keyed_id,
        Known(desk.comments[0].comment_id, zendesk_comment.mark(zendesk.comments[1], "Jonas Weber")),
    )
