"""`import_tickets` and `export_tickets`, as they are called."""

import errno
import gzip
import io
import os
import signal
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from config import aws as config_aws
from config import json
from tests import record
from tests.ticketing.transfer.transferring import command, empty_s3, empty_the_record, exported, file_of, imported, line
from ticketing import index
from ticketing.record import bulk, loading
from ticketing.transfer import importing
from ticketing.transfer import line as lines

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

AGAIN = "Run it again: what is there already is passed over."


class Input:
    """A standard input."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BufferedReader(io.BytesIO(content))


@pytest.mark.sql
def test_a_file_goes_in_and_comes_out(tmp_path: Path) -> None:
    file = file_of(tmp_path, line(subject="1", comments=[{"comment": "Hi", "visibility": "public"}]), line(subject="2"))
    assert command("import_tickets", str(file)) == ("2 tickets imported, 0 there already, 0 lines refused.\n", "")
    assert command("import_tickets", str(file)) == ("0 tickets imported, 2 there already, 0 lines refused.\n", "")
    out = tmp_path / "out.jsonl"
    assert command("export_tickets", str(out)) == ("2 tickets exported.\n", "")
    assert sorted(out.read_text().splitlines()) == exported()
    assert not (tmp_path / "tickets.jsonl.refused").exists()


def test_an_export_is_a_ticket_a_line_to_every_reader_and_comes_back_as_it_was(tmp_path: Path) -> None:
    texts = [f"one{end}two{end}" for end in "\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e\r\n"]
    imported(*(line(issue_description=one, comments=[{"comment": one, "author": one}]) for one in texts))
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    command("export_tickets", str(first))
    read = [json.loads(one) for one in first.read_bytes().decode().splitlines()]
    assert sorted(one["issue_description"] for one in read) == sorted(texts)
    assert all(one["comments"][0]["comment"] == one["issue_description"] for one in read)
    empty_the_record()
    command("import_tickets", str(first))
    command("export_tickets", str(second))
    assert sorted(second.read_bytes().splitlines()) == sorted(first.read_bytes().splitlines())


def test_refused_lines_are_listed_and_put_aside_to_be_mended_and_imported_alone(tmp_path: Path) -> None:
    file = file_of(tmp_path, line(subject="1"), b"no JSON", line(subject="3", colour="red"))
    said, complaint = command("import_tickets", str(file))
    aside = tmp_path / "tickets.jsonl.refused"
    told = said.splitlines()
    assert told[:2] == ["Line 2: The line is not valid JSON.", "Line 3: colour is not known here."]
    assert [one[:45] for one in told[2:]] == ["A line may have: ticket_id, reference, channel"[:45]]
    assert complaint == (f"1 tickets imported, 0 there already, 2 lines refused. The refused lines are in {aside}.")
    assert aside.read_bytes().splitlines() == file.read_bytes().splitlines()[1:]
    aside.write_text(json.dumps(line(subject="3")) + "\n")
    assert command("import_tickets", str(aside)) == ("1 tickets imported, 0 there already, 0 lines refused.\n", "")


def test_a_repeated_run_leaves_what_was_mended_and_says_whose_it_is(tmp_path: Path) -> None:
    file, aside = file_of(tmp_path, b"no JSON"), tmp_path / "tickets.jsonl.refused"
    command("import_tickets", str(file))
    aside.write_text("mended")
    assert command("import_tickets", str(file))[1].endswith(f"in {aside}.2; {aside} is of an earlier run.")
    assert aside.read_text() == "mended"
    file.write_text(json.dumps(line()))
    assert command("import_tickets", str(file))[0].endswith(f"0 lines refused. {aside} is of an earlier run.\n")


def test_from_a_pipe_a_bad_line_is_listed_and_the_rest_goes_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in `import_tickets <(zcat dump.gz)`: there is no place for a file beside it."""
    texts = [json.dumps(line(subject=str(one))).encode() for one in range(300)]
    texts[98] = b"no JSON"
    reading, writing = os.pipe()
    os.write(writing, b"\n".join(texts))  # less than a pipe holds
    os.close(writing)
    said, complaint = command("import_tickets", f"/dev/fd/{reading}")
    os.close(reading)
    assert said == "Line 99: The line is not valid JSON.\n"
    assert complaint == "299 tickets imported, 0 there already, 1 lines refused."
    told = capsys.readouterr().err
    assert told.count("--refused FILE names another place.") == 1


def test_refused_lines_go_where_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = tmp_path / "elsewhere"
    monkeypatch.setattr(sys, "stdin", Input(b"no JSON\n" + json.dumps(line()).encode()))
    assert command("import_tickets", "-", "--refused", str(aside))[1].endswith(f"The refused lines are in {aside}.")
    assert aside.read_bytes() == b"no JSON\n"


def test_what_can_be_no_json_lines_is_complained_of_once_and_nothing_is_put_aside(tmp_path: Path) -> None:
    file = tmp_path / "tickets.gz"
    file.write_bytes(gzip.compress(json.dumps(line()).encode()))
    said, complaint = command("import_tickets", str(file))
    assert (said, list(tmp_path.iterdir())) == ("", [file])
    assert complaint.startswith(f"{file}: It is compressed: `zcat FILE | ")


def test_an_import_that_is_interrupted_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(tmp_path, b"no JSON", *(line(subject=str(one)) for one in range(150)))
    original, calls = loading.create, iter(range(5))

    def create(wires: Any) -> Any:
        if next(calls):
            raise KeyboardInterrupt
        return original(wires)

    monkeypatch.setattr(loading, "create", create)
    with pytest.raises(CommandError) as interrupted:
        call_command("import_tickets", str(file), stdout=io.StringIO())
    assert interrupted.value.returncode == 130
    assert str(interrupted.value) == (
        "Interrupted. 99 tickets imported, 0 there already, 1 lines refused. "
        f"The refused lines are in {file}.refused. {AGAIN}"
    )
    monkeypatch.setattr(loading, "create", original)
    assert "51 tickets imported, 99 there already" in command("import_tickets", str(file))[1]


def test_a_source_that_fails_halfway_is_said_with_the_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(tmp_path, *(line(subject=str(one)) for one in range(250)))
    original = importing._lines

    def lines_of(source: Any) -> Any:
        yield from islice(original(source), 240)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(importing, "_lines", lines_of)
    said, complaint = command("import_tickets", str(file))
    assert (said, complaint) == (
        "",
        f"{file}: Input/output error. 200 tickets imported, 0 there already, 0 lines refused. {AGAIN}",
    )


@pytest.mark.parametrize(
    ("comments", "sentence"),
    [
        ([{"comment": "Hi"}], "1 comment does not say who may see it: it is an internal note."),
        ([{"comment": "Hi"}] * 2, "2 comments do not say who may see them: they are internal notes."),
    ],
    ids=["one", "two"],
)
def test_what_was_left_or_taken_to_be_internal_is_told(
    comments: list[dict[str, str]], sentence: str, tmp_path: Path
) -> None:
    file = file_of(tmp_path, line(ticket_id="t", comments=comments), line(ticket_id="t", subject="2"))
    said, complaint = command("import_tickets", str(file))
    assert complaint == ""
    assert said == (
        "Line 2: Its ticket is there already, made of another line, and stays as it is.\n"
        "1 tickets imported, 1 there already (1 made of another line), 0 lines refused. "
        f"{sentence}\n"
    )


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


def test_a_ticket_whose_description_is_gone_is_named_and_the_rest_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = record.opened(issue_description="é" * 300_000)
    record.opened()
    empty_s3()
    out = tmp_path / "out.jsonl"
    said, complaint = command("export_tickets", str(out))
    assert f"{lost.ticket_id}: description and attributes are not in S3 any more.\n" in capsys.readouterr().err
    assert said == ""
    assert complaint == (
        "2 tickets exported. 1 of them are named above: their description and attributes are missing, and an import "
        "refuses their lines. The bucket foyer-attachments keeps what was deleted as earlier versions, under the "
        "ticket's id: bring that back, and export again."
    )
    assert sorted(out.read_text().splitlines()) == exported()
    empty_the_record()
    _, complaint = command("import_tickets", str(out))
    assert complaint.startswith("1 tickets imported, 0 there already, 1 lines refused.")
    assert json.loads((tmp_path / "out.jsonl.refused").read_text())["ticket_id"] == lost.ticket_id


@pytest.mark.parametrize(
    ("arguments", "subjects", "said"),
    [
        (("--customer", "acme"), {"old", "new"}, "2 tickets of customer acme exported, 3 others left out."),
        (
            ("--since", "2025-03-01T10:00+01:00"),
            {"new", "another's", "some day"},
            "3 tickets changed since 2025-03-01T09:00:00.000Z exported, 2 others left out.",
        ),
        (
            ("--since", "2025-03-01", "--customer", "acme"),
            {"new"},
            "1 tickets of customer acme changed since 2025-03-01T00:00:00.000Z exported, 4 others left out.",
        ),
    ],
)
def test_one_customers_tickets_and_what_was_changed_since_then(
    tmp_path: Path, arguments: tuple[str, ...], subjects: set[str], said: str
) -> None:
    imported(
        line(subject="old", customer_id="acme", created_at="2025-01-01T00:00Z", updated_at="2025-02-28T23:59:59.999Z"),
        line(subject="new", customer_id="acme", created_at="2025-01-01T00:00Z", updated_at="2025-03-01T09:00Z"),
        line(subject="another's", customer_id="umbrella", created_at="2025-03-02T00:00Z"),
        line(subject="another's old", customer_id="umbrella"),
    )
    record.put(ticket_id="odd", subject="some day", updated_at="some day", caller_id="lea", created_at="2025")
    out = tmp_path / "out.jsonl"
    assert command("export_tickets", str(out), *arguments) == (f"{said}\n", "")
    assert {json.loads(one)["subject"] for one in out.read_text().splitlines()} == subjects


def test_a_time_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    _, complaint = command("export_tickets", str(tmp_path / "out"), "--since", "soon")
    assert complaint == "--since: soon is neither a time (2026-02-09T10:00Z) nor how long ago (90m, 24h, 7d)."


def test_progress_counts_what_is_left_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(line(subject="1"), line(subject="2"))
    monkeypatch.setattr("config.progress.EVERY", 2)
    command("export_tickets", str(tmp_path / "out"), "--customer", "nobody")
    assert capsys.readouterr().err == "2 tickets read\n"


@pytest.fixture
def _signals_as_in_a_terminal() -> Iterator[None]:
    """Whoever runs the tests in the background, or under `nohup`, has them ignore some."""
    usual: dict[signal.Signals, Any] = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals_as_in_a_terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_interrupted_export_leaves_nothing_but_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    record.opened()
    before, conversations, out = signal.getsignal(number), bulk.conversations, tmp_path / "out.jsonl"
    out.write_text("before")

    def interrupted() -> Iterator[Any]:
        yield from conversations()
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(os.getpid(), number)
        yield pytest.fail("it went on")

    monkeypatch.setattr(bulk, "conversations", interrupted)
    assert command("export_tickets", str(out)) == ("", "Interrupted. Nothing is lost: run it again.")
    assert (out.read_text(), list(tmp_path.iterdir())) == ("before", [out])
    assert signal.getsignal(number) == before


def test_a_terminals_end_that_is_ignored_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `nohup` has it."""
    record.opened()
    conversations = bulk.conversations

    def hung_up() -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGHUP)
        yield from conversations()

    monkeypatch.setattr(bulk, "conversations", hung_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert command("export_tickets", str(tmp_path / "out")) == ("1 tickets exported.\n", "")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_stream_has_the_lines_alone(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Were the sentence among them, whoever reads them would take it for a line."""
    record.opened()
    for name in ("/dev/stdout", "-"):
        assert command("export_tickets", name)[0] == ""
        written = capfdbinary.readouterr()
        assert written.out.decode().splitlines() == exported()
        assert written.err == b"1 tickets exported.\n"


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
