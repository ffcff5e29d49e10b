"""`import_tickets` and `export_tickets`, as they are called."""

import io
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from config import aws as config_aws
from config import json
from tests import record
from tests.ticketing.transfer.transferring import command, empty_the_record, exported, file_of, line
from ticketing import bulk, index
from ticketing.transfer import line as lines

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


class Input:
    """A standard input."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@pytest.mark.sql
def test_a_file_goes_in_and_comes_out(tmp_path: Path) -> None:
    file = file_of(tmp_path, line(subject="1", comments=[{"comment": "Hi"}]), line(subject="2"))
    assert command("import_tickets", str(file)) == ("2 tickets imported, 0 there already, 0 lines refused.\n", "")
    assert command("import_tickets", str(file)) == ("0 tickets imported, 2 there already, 0 lines refused.\n", "")
    out = tmp_path / "out.jsonl"
    assert command("export_tickets", str(out)) == ("2 tickets exported.\n", "")
    assert sorted(out.read_text().splitlines()) == exported()
    assert not (tmp_path / "tickets.jsonl.refused").exists()


def test_refused_lines_are_listed_and_put_aside_to_be_mended_and_imported_alone(tmp_path: Path) -> None:
    file = file_of(tmp_path, line(subject="1"), b"no JSON", line(subject="3", colour="red"))
    said, complaint = command("import_tickets", str(file))
    aside = tmp_path / "tickets.jsonl.refused"
    assert said == "Line 2: The line is not valid JSON.\nLine 3: colour is not known here.\n"
    assert complaint == (f"1 tickets imported, 0 there already, 2 lines refused. The refused lines are in {aside}.")
    assert aside.read_bytes().splitlines() == file.read_bytes().splitlines()[1:]
    aside.write_text(json.dumps(line(subject="3")) + "\n")
    assert command("import_tickets", str(aside)) == ("1 tickets imported, 0 there already, 0 lines refused.\n", "")


def test_the_standard_input_and_output_will_do(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", Input(json.dumps(line(subject="é")).encode()))  # without an end of line
    assert command("import_tickets", "-")[0] == "1 tickets imported, 0 there already, 0 lines refused.\n"
    capsysbinary.readouterr()
    command("export_tickets", "-")
    written = capsysbinary.readouterr().out
    assert written.decode().splitlines() == exported()
    empty_the_record()
    monkeypatch.setattr(sys, "stdin", Input(written + b"no JSON\n"))
    said, complaint = command("import_tickets", "-")
    assert said == "Line 2: The line is not valid JSON.\n"
    assert complaint == "1 tickets imported, 0 there already, 1 lines refused."


def test_a_ticket_that_is_too_long_for_a_line_is_named_and_no_file_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = record.opened()
    monkeypatch.setattr(lines, "LONGEST", 100)
    said = f"The ticket {ticket.reference} with its comments is longer than 100 bytes, the most that a line may have."
    for name in (str(tmp_path / "out"), "-"):
        assert command("export_tickets", name) == ("", said)
    assert list(tmp_path.iterdir()) == []


def test_an_import_keeps_to_its_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("ticketing.transfer.pace.Pace.take", lambda pace, count: waits.append(count / pace._rate))
    file = file_of(tmp_path, *(line(subject=str(one), comments=[{"comment": "Hi"}]) for one in range(30)))
    command("import_tickets", str(file), "--rate", "10")
    command("import_tickets", str(file), "--rate", "10")
    assert sum(waits) == pytest.approx(6)  # the second writes nothing
    assert command("import_tickets", str(file), "--rate", "-1")[1] == "--rate: it cannot be below 0."


def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "file"
    for name in ("import_tickets", "export_tickets"):
        said, complaint = command(name, str(nowhere))
        assert said == ""
        assert complaint.endswith(": No such file or directory.")


@pytest.mark.usefixtures("impatient")
def test_a_record_or_index_that_is_away_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise config_aws.Permanent("AccessDeniedException", "no")

    def locked(*args: object) -> None:
        raise OperationalError("database is locked")

    file = file_of(tmp_path, line())
    monkeypatch.setattr(index, "apply", locked)
    _, complaint = command("import_tickets", str(file))
    assert complaint.startswith("Not everything can be written now: database is locked.")
    for name in ("tickets", "conversations"):
        monkeypatch.setattr(bulk, name, away)
    _, complaint = command("import_tickets", str(file))
    assert complaint.startswith("Not everything can be written now: AccessDeniedException: no.")
    _, complaint = command("export_tickets", str(tmp_path / "out"))
    assert complaint.startswith("The record cannot be read: AccessDeniedException: no.")
    assert list(tmp_path.iterdir()) == [file]
    assert len(record.ticket_ids()) == 1
