"""A hundred thousand lines in and out, by the commands as they are, against a real local AWS."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from config import json
from tests.large.copies import Copy, copy
from ticketing.tickets import ids

pytestmark = [pytest.mark.large, pytest.mark.timeout(1800)]

LINES, FEW = 100_000, 10_000


def line(number: int) -> dict[str, Any]:
    """A ticket of another system; every tenth has a comment, one in five hundred is large."""
    comments = [{"comment": f"Looked at {number}", "visibility": "public", "door": "desk"}] if number % 10 == 0 else []
    return {
        "caller_id": f"caller-{number % 5000}",
        "subject": f"Ticket {number}",
        "issue_description": f"The printer on floor {number % 40} is out of paper. "
        * (500 if number % 500 == 0 else 3),
        "priority": ("low", "normal", "high")[number % 3],
        "tags": ["printer", f"floor-{number % 40}"],
        "attributes": {"number": number},
        "created_at": f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}T10:11:12.345Z",
        "comments": comments,
    } | ({"ticket_id": ids.new_id()} if number % 2 else {})


def written(file: Path, count: int) -> Path:
    with file.open("w") as to:
        to.writelines(json.dumps(line(number)) + "\n" for number in range(count))
    return file


def seen(log: Path) -> int:
    """How many lines an import has read, as it says itself."""
    numbers = [int(one.split()[0]) for one in log.read_text().splitlines() if one.endswith(" lines read")]
    return max(numbers, default=0)


def killed_at(made: Copy, file: Path, lines: int) -> None:
    """An import that is killed when it has read so many lines."""
    process = made.start("import_tickets", str(file))
    while process.poll() is None and seen(made.log("import_tickets")) < lines:
        time.sleep(0.05)
    assert process.poll() is None, made.log("import_tickets").read_text()[-3000:]
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def sorted_lines(file: Path) -> list[str]:
    return sorted(file.read_text().splitlines())


def test_a_hundred_thousand_lines_are_imported_in_constant_memory_killed_repeated_and_exported(
    tmp_path: Path,
) -> None:
    few, many = written(tmp_path / "few.jsonl", FEW), written(tmp_path / "many.jsonl", LINES)
    exports = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    with copy(tmp_path / "small") as small:
        _, few_in = small.run("import_tickets", str(few))
        _, few_out = small.run("export_tickets", str(exports[0]))
    with copy(tmp_path / "one") as one:
        killed_at(one, many, LINES // 2)
        said, memory = one.run("import_tickets", str(many))
        assert ", 0 lines refused" in said
        assert memory < 1.2 * few_in
        _, memory = one.run("export_tickets", str(exports[0]))
        assert memory < 1.2 * few_out
    with copy(tmp_path / "two") as two:
        said, memory = two.run("import_tickets", str(exports[0]))
        assert f"{LINES} tickets imported, 0 there already, 0 lines refused" in said
        assert memory < 1.2 * few_in
        two.run("export_tickets", str(exports[1]))
    first = sorted_lines(exports[0])
    assert len({json.loads(one)["ticket_id"] for one in first}) == len(first) == LINES
    assert first == sorted_lines(exports[1])
