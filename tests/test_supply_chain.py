"""What is installed is what was pinned, the image's contents are listed, and a skipped audit says so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ("requirements.txt", "requirements-local.txt", "requirements-dev.txt")
INSTALLING = ("Dockerfile", "Makefile")


def pinned(name: str) -> dict[str, str]:
    """Each package of a locked file, with what stands beside its name: the version, and the hashes."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {re.split(r"[=\[ ]", line, maxsplit=1)[0]: line for line in lines}


@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    loose = {
        package: line
        for package, line in pinned(name).items()
        if not re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.+!]+( ;|\s+--hash)", line)
        or not re.search(r"--hash=sha256:[0-9a-f]{64}\b", line)
    }
    assert not loose
    assert pinned(name)


@pytest.mark.parametrize("name", INSTALLING)
def test_every_installation_demands_the_hashes(name: str) -> None:
    installing = [line for line in (ROOT / name).read_text().splitlines() if "pip install" in line]
    assert installing
    assert [line for line in installing if "--require-hashes" not in line] == []


def test_the_locked_sets_agree_on_every_version() -> None:
    everything = pinned("requirements-dev.txt")
    for name in LOCKED[:2]:
        for package, line in pinned(name).items():
            assert everything[package].split()[0] == line.split()[0]


def written(path: Path) -> bytes:
    """What `make sbom` writes. The packages that the tests run with need no installation before it."""
    venv = sys.prefix
    command = ["make", f"--old-file={venv}/.dev-ready", "sbom", f"VENV={venv}", f"SBOM={path}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return path.read_bytes()


def test_the_bill_of_materials_names_what_the_image_installs_and_is_the_same_every_time(tmp_path: Path) -> None:
    first = written(tmp_path / "first.json")
    listed = {(one["name"], one["version"]) for one in json.loads(first)["components"]}
    lines = {package: line.split()[0] for package, line in pinned("requirements.txt").items()}
    assert listed == {(package, line.partition("==")[2]) for package, line in lines.items()}
    assert written(tmp_path / "second.json") == first
    assert str(ROOT).encode() not in first


def test_where_weaknesses_cannot_be_asked_for_the_ci_says_so() -> None:
    command = ["env", "PYPI_URL=http://127.0.0.1:9", str(ROOT / ".ci" / "audit")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert "NOT AUDITED: http://127.0.0.1:9/" in done.stderr
