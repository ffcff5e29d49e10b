"""The account of an import: each reason once, missing names first, with the name that is wanted for each."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from config import json
from config.refusals import Invalid
from tests import record
from tests.ticketing.transfer.transferring import command, file_of, line, only_ticket
from ticketing.record import store
from ticketing.transfer import line as lines
from ticketing.transfer.account import MOST, Account

WANTED = "A line may have: ticket_id, "


def told(*notes: tuple[int, str]) -> list[str]:
    account = Account()
    for number, sentence in notes:
        account.add(number, sentence)
    return list(account.told())


def test_a_sentence_comes_once_with_its_first_lines_and_how_many_more() -> None:
    assert told((3, "No")) == ["Line 3: No."]
    assert told((3, "No"), (7, "No")) == ["Lines 3 and 7: No."]
    assert told(*((one, "No") for one in range(1, 6))) == ["Lines 1, 2, 3, 4 and 5: No."]
    assert told(*((one, "No") for one in range(1, 10_001))) == ["Lines 1, 2, 3, 4, 5 and 9995 more: No."]


def test_sentences_about_the_same_lines_are_told_together_in_their_order() -> None:
    notes = [(1, "b"), (1, "a"), (2, "b"), (2, "a"), (2, "c"), (3, "b")]
    assert told(*notes) == ["Lines 1, 2 and 3: b.", "Lines 1 and 2: a.", "Line 2: c."]
    assert told((1, "b"), (1, "a"), (2, "b"), (2, "a")) == ["Lines 1 and 2: b; a."]


def test_sentences_that_differ_in_a_number_or_a_quoted_text_alone_are_one() -> None:
    assert told((1, "comment 1: no"), (2, "comment 7: no")) == ["Lines 1 and 2: comment 1: no, or the like."]
    account = Account()
    for one in (1, 2):
        account.add(one, f'"{one}" is new', exact=True)
    assert list(account.told()) == ['Line 1: "1" is new.', 'Line 2: "2" is new.']


def test_what_a_line_says_cannot_write_on_the_terminal() -> None:
    assert told((1, "\x1b[31mred\n\u202e is new")) == ["Line 1: ?[31mred?? is new."]


def test_no_file_makes_it_grow_without_end() -> None:
    account = Account()
    for one in range(1000):
        account.add(one, f"{'x' * one} is not known here")
    assert len(list(account.told())) == MOST + 1
    assert list(account.told())[-1] == "Lines 50, 51, 52, 53, 54 and 945 more: other reasons."


ZAMMAD = {
    "id": 1,
    "number": "20001",
    "title": "Printer",
    "state": "new",
    "customer_id": "acme",
    "owner_id": 3,
    "created_at": "2026-02-09T10:11:12Z",
    "articles": [{"id": 5, "from": "Lea", "body": "Help", "internal": False, "created_at": "2026-02-09T10:11:12Z"}],
}
OSTICKET = {"ticket_id": "7", "number": "123456", "user_email": "lea@x.test", "created": "2026", "thread_entries": []}


@pytest.mark.usefixtures("aws")
@pytest.mark.django_db
class TestImport:
    def test_ten_thousand_lines_of_another_help_desk_get_one_account(self, tmp_path: Path) -> None:
        names = {"id": 1, "description": "<p>a</p>", "description_text": "a", "conversations": [], "source": 2}
        file = file_of(tmp_path, *(names | {"id": one} for one in range(10_000)))
        said, complaint = command("import_tickets", str(file))
        account, wanted = said.splitlines()
        assert account == (
            "Lines 1, 2, 3, 4, 5 and 9995 more: caller_id is required; issue_description is required; "
            "description_text is called issue_description here; conversations is called comments here; "
            "id is called ticket_id here; description is not known here; source is not known here; "
            "These are the names of Freshdesk: --from freshdesk maps its export."
        )
        assert wanted.startswith(WANTED)
        assert "Only caller_id and issue_description are required." in wanted
        assert complaint.startswith("0 tickets imported, 0 there already, 10000 lines refused.")

    @pytest.mark.parametrize(
        ("given", "sentences"),
        [
            (
                ZAMMAD,
                [
                    "caller_id is required",
                    "issue_description is required",
                    "articles is called comments here",
                    "id is called ticket_id here",
                    "title is called subject here",
                    "state is called status here",
                    "owner_id is called assignee here",
                    "number is not known here",
                ],
            ),
            (
                OSTICKET,
                [
                    "caller_id is required",
                    "issue_description is required",
                    "user_email is called caller_id here",
                    "thread_entries is called comments here",
                    "created is called created_at here",
                    "number is not known here",
                ],
            ),
            (
                {"Description": "a", "callerId": "lea", "Created At": "2026", "issue_description": None},
                [
                    "caller_id is required",
                    "issue_description is required",
                    "Description is called issue_description here",
                    "Created At is called created_at here",
                    "callerId is called caller_id here",
                ],
            ),
        ],
    )
    def test_missing_names_come_first_then_which_name_is_wanted_for_which(
        self, given: dict[str, Any], sentences: list[str]
    ) -> None:
        with pytest.raises(lines.Misnamed) as refused:
            lines.read(_bytes(given))
        assert sorted(refused.value.faults) == sorted(sentences)
        assert refused.value.faults[:2] == sentences[:2]
        assert refused.value.faults[-1].endswith("here")

    def test_names_in_comments_are_told_in_the_same_run(self) -> None:
        with pytest.raises(lines.Misnamed) as refused:
            lines.read(_bytes(line(title="x", comments=[{"body": "Hi", "public": True}, {"comment": "Good"}])))
        assert refused.value.faults == [
            "title is called subject here",
            "comment 1: comment is required",
            "comment 1: body is called comment here",
            "comment 1: public is called visibility here",
        ]

    @pytest.mark.parametrize(("name", "system"), [("raw_subject", "Zendesk"), ("display_id", "Freshdesk")])
    def test_an_export_that_can_be_mapped_is_recognized(self, name: str, system: str) -> None:
        with pytest.raises(lines.Misnamed) as refused:
            lines.read(_bytes({name: "x"}))
        assert refused.value.faults[-1] == (f"These are the names of {system}: --from {system.lower()} maps its export")

    def test_a_line_that_only_lacks_something_is_not_told_the_names(self, tmp_path: Path) -> None:
        said, _ = command("import_tickets", str(file_of(tmp_path, {"caller_id": "lea"}, {"caller_id": None})))
        assert said == "Line 1: issue_description is required.\nLine 2: caller_id is required.\n"

    def test_a_name_that_a_terminal_cannot_show_is_shown_otherwise(self) -> None:
        with pytest.raises(lines.Misnamed) as refused:
            lines.read(_bytes(line(**{"\x1b[31m" + "ü" * 1000: 1})))
        assert refused.value.faults == [f"?[31m{'ü' * 95} is not known here"]

    def test_local_times_are_asked_for_and_taken_with_a_zone(self, tmp_path: Path) -> None:
        comment = {"comment": "Hi", "created_at": "2022-07-16 17:03:17"}
        texts = [line(subject=str(one), created_at="2022-11-16 17:03:17", comments=[comment]) for one in range(9)]
        file = str(file_of(tmp_path, *texts))
        said, complaint = command("import_tickets", file)
        assert said == (
            "Lines 1, 2, 3, 4, 5 and 4 more: created_at has no time zone: write it as in 2026-02-09T10:11:12Z, "
            "or name the zone with --timezone.\n"
        )
        assert "9 lines refused" in complaint
        assert record.ticket_ids() == []
        file = str(file_of(tmp_path, texts[0]))
        assert command("import_tickets", file, "--timezone", "Europe/Berlin")[1] == ""
        assert only_ticket().created_at == "2022-11-16T16:03:17.000Z"
        assert next(store.all_comments(only_ticket().ticket_id)).created_at == "2022-07-16T15:03:17.000Z"

    @pytest.mark.parametrize("name", ["Berlin", "Europe", "../../etc/passwd", "", "UTC+1"])
    def test_what_is_no_zone_is_refused(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises((CommandError, SystemExit)) as refused:
            call_command("import_tickets", "-", "--timezone", name)
        assert "is not a time zone such as Europe/Berlin" in f"{refused.value}{capsys.readouterr().err}"


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-02-09", "2026-02-08T23:00:00.000Z"),
        ("2026-02-09T10:11:12", "2026-02-09T09:11:12.000Z"),
        ("2026-02-09T10:11:12Z", "2026-02-09T10:11:12.000Z"),
        ("2026-02-09T10:11:12-05:00", "2026-02-09T15:11:12.000Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),  # comes twice: the first
        ("2026-03-29T02:30", "2026-03-29T01:30:00.000Z"),  # does not come
    ],
)
def test_a_zone_is_that_of_local_times_alone(text: str, stamp: str) -> None:
    found = lines.read(_bytes(line(created_at=text)), ZoneInfo("Europe/Berlin"))
    assert found.ticket.created_at == stamp


@pytest.mark.parametrize("text", ["2026-02-09", "2026-02-09T10:11:12", "2026-02-09 10:11", "20260209T101112"])
@pytest.mark.parametrize("name", ["created_at", "updated_at"])
def test_without_a_zone_no_local_time_is_guessed(name: str, text: str) -> None:
    with pytest.raises(Invalid, match=f"{name} has no time zone"):
        lines.read(_bytes(line(**{name: text})))


def _bytes(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode()
