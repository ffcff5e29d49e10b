"""Where an export goes: a file is whole or as it was, whoever dies and whoever writes beside; a stream takes it all."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ticketing.transfer import destination


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets [all].jsonl"  # a pattern, if anybody took it for one
    path.write_text("before")
    return path


def there(file: Path) -> list[str]:
    return sorted(one.name for one in file.parent.iterdir())


def write(file: Path, text: bytes = b"whole") -> None:
    with destination.opened(file) as to:
        to.write(text)


def test_a_file_is_replaced_only_when_the_new_one_is_complete(file: Path) -> None:
    with pytest.raises(ZeroDivisionError), destination.opened(file) as new:
        new.write(bytes(1 // 0))
    assert (file.read_text(), there(file)) == ("before", [file.name])
    write(file)
    assert (file.read_text(), there(file)) == ("whole", [file.name])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_of_a_link_the_file_is_replaced_that_it_leads_to(file: Path) -> None:
    link, dangling = file.parent / "link", file.parent / "dangling"
    link.symlink_to(file.name)
    dangling.symlink_to("new")
    write(link)
    write(dangling)
    assert (link.is_symlink(), file.read_text()) == (True, "whole")
    assert (dangling.is_symlink(), (file.parent / "new").read_text()) == (True, "whole")


def test_a_fifo_is_written_into_and_stays_one(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    write(fifo)
    reader.join(10)
    assert (read, fifo.is_fifo(), there(fifo)) == ([b"whole"], True, ["fifo"])


def test_a_descriptor_is_written_into_whatever_it_leads_to(file: Path) -> None:
    read, written = os.pipe()
    with file.open("ab") as open_file, os.fdopen(read, "rb") as pipe:
        write(Path(f"/dev/fd/{written}"))
        os.close(written)
        write(Path(f"/dev/fd/{open_file.fileno()}"))
        assert os.fstat(open_file.fileno()).st_nlink == 1
        assert pipe.read() == b"whole"
    assert (file.read_text(), there(file)) == ("beforewhole", [file.name])


def test_a_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), destination.opened(tmp_path):
        pytest.fail("it cannot be replaced in the end")


def test_what_a_killed_export_left_behind_goes_with_the_next_one(file: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from ticketing.transfer import destination\n"
        "with destination.opened(pathlib.Path(sys.argv[1])) as to:\n"
        "    to.write(b'a customer'); to.flush(); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(file)], check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = [file.name, f".{file.name}.original", f".{file.name}.mine.unfinished", f".{file.name}2.abcdefgh.unfinished"]
    for name in kept[1:]:
        (file.parent / name).write_text("somebody's")
    assert len(there(file)) == 5
    write(file)
    assert (file.read_text(), there(file)) == ("whole", sorted(kept))


def test_two_at_once_take_nothing_from_each_other(file: Path) -> None:
    with destination.opened(file) as slow:
        slow.write(b"slow")
        write(file, b"fast")
        assert file.read_text() == "fast"
    assert (file.read_text(), there(file)) == ("slow", [file.name])


def test_one_that_is_cleared_before_it_is_locked_is_made_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, clearings = fcntl.flock, iter([destination._clear])

    def overtaken(*arguments: Any) -> None:
        for clear in clearings:
            clear(file)
        lock(*arguments)

    monkeypatch.setattr(fcntl, "flock", overtaken)
    write(file)
    assert next(clearings, None) is None
    assert (file.read_text(), there(file)) == ("whole", [file.name])


def test_a_file_system_without_locks_will_do_and_nothing_is_cleared_there(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", refuse)
    with destination.opened(file) as slow:
        slow.write(b"slow")
        write(file, b"fast")
    assert (file.read_text(), there(file)) == ("slow", [file.name])
