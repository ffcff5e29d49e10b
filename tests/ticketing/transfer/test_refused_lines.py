"""Refused lines, put aside: in a file of their own, which is never another run's, for its owner's eyes alone."""

import stat
from pathlib import Path

import pytest

from ticketing.transfer.refused_lines import Aside


@pytest.fixture
def complaints() -> list[str]:
    return []


def put(path: Path | None, complaints: list[str], *texts: bytes) -> Aside:
    aside = Aside(path, complaints.append)
    for text in texts:
        aside.put(text)
    aside.close()
    return aside


def test_the_file_is_made_with_the_first_line_for_its_owners_eyes_alone(tmp_path: Path, complaints: list[str]) -> None:
    path = tmp_path / "a.refused"
    assert put(path, complaints).said() == ""
    assert not path.exists()
    aside = put(path, complaints, b"one\r\n", b"", b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"one\ntwo\n", 0o600)
    assert (aside.said(), complaints) == (f"The refused lines are in {path}.", [])


def test_what_an_earlier_run_left_is_never_written_over(tmp_path: Path, complaints: list[str]) -> None:
    path = tmp_path / "a.refused"
    path.write_text("mended")
    for number in (2, 3):
        later = tmp_path / f"a.refused.{number}"
        said = put(path, complaints, b"line").said()
        assert said == f"The refused lines are in {later}; {path} is of an earlier run."
        assert later.read_text() == "line\n"
    assert path.read_text() == "mended"


def test_what_an_earlier_run_left_is_named_where_this_one_has_nothing(tmp_path: Path, complaints: list[str]) -> None:
    path = tmp_path / "a.refused"
    path.write_text("mended")
    assert put(path, complaints).said() == f"{path} is of an earlier run."


def test_a_file_that_cannot_be_made_is_complained_of_once(tmp_path: Path, complaints: list[str]) -> None:
    path = tmp_path / "none" / "a.refused"
    assert put(path, complaints, b"one", b"two").said() == ""
    assert complaints == [
        f"The refused lines are not kept: {path}: No such file or directory. --refused FILE names another place."
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_a_disk_that_is_full_is_complained_of_once(complaints: list[str]) -> None:
    """The device is no file, so it is written to as it is."""
    put(Path("/dev/full"), complaints, b"one", b"two")
    assert complaints == [
        "The refused lines are not kept: /dev/full: No space left on device. --refused FILE names another place."
    ]


def test_without_a_place_nothing_is_kept(complaints: list[str]) -> None:
    assert (put(None, complaints, b"one").said(), complaints) == ("", [])
