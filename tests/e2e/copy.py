"""A running copy of the product, started as `make run` starts it, in a folder and on ports of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from infra.local import demo
from tests import databases

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
STOP_SECONDS = 90
WORKED_SECONDS = 60

T = TypeVar("T")

PROGRAMS = ("worker0", "worker1", "beat", "consume")  # what works on messages; each has a log of its name


@dataclass
class Copy:
    """What the copy printed, and the environment in which every `manage.py` command works on it."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    folder: Path
    desk: str = ""
    login: tuple[str, str] = ("", "")
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.desk.removesuffix("/desk/")

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a `manage.py` command on the copy, with its ports and folder set and nothing else."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def control(self, *arguments: str) -> str:
        """What `supervisorctl` prints, e.g. for `stop aws`."""
        socket_ = f"unix://{self.folder / 'supervisor.sock'}"
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-s", socket_]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=True).stdout

    def pid_of(self, program: str) -> int:
        """The process id of one of the supervised programs, e.g. `foyer:web`, as soon as it has one."""
        return within(30, lambda: int(self.control("pid", program)))  # 0 while it is started anew

    def pids(self) -> list[int]:
        """The process ids of PROGRAMS, which stay the same while none of them ends."""
        return [self.pid_of(f"foyer:{program}") for program in PROGRAMS]

    def logs(self) -> dict[str, list[str]]:
        """All lines that each of PROGRAMS has written to its log."""
        return {name: (self.folder / "log" / f"{name}.log").read_text().splitlines() for name in PROGRAMS}

    def indexed(self, where: str = "1 = 1") -> list[str]:
        """The ids of the tickets in the index for which the SQL condition `where` holds."""
        query = f"SELECT ticket_id FROM ticketing_indexedticket WHERE {where}"  # noqa: S608 - our own words
        return [row[0] for row in databases.rows(self.environment["DATABASE_URL"], query)]

    def secret(self, name: str) -> str:
        """A value out of the copy's `local.env`."""
        lines = (self.folder / "local.env").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))


def environment(folder: Path, database: str) -> dict[str, str]:
    """Ports, a folder and a database of its own, and none of what this test run set for itself."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE"}
    own = {name: value for name, value in os.environ.items() if name in kept}
    web, aws, zendesk = (str(port) for port in _free_ports(3))
    ports = {"PORT": web, "LOCAL_AWS_PORT": aws, "ZENDESK_STANDIN_PORT": zendesk}
    return own | ports | {"LOCAL_DIR": str(folder), "DATABASE_URL": database, "ZENDESK_ANSWER_BACK": "1"}


@contextmanager
def fresh(folder: Path) -> Iterator[Copy]:
    """A copy in an empty folder with a new database, whose example tickets are all there."""
    with databases.fresh(folder) as database, running(environment(folder, database)) as started:
        within(WORKED_SECONDS, lambda: len(started.indexed("channel = 'zendesk'")) == len(demo.ZENDESK))
        yield started


@contextmanager
def running(settings: dict[str, str]) -> Iterator[Copy]:
    """Start a copy, wait until it is ready, stop it with Ctrl-C. Fails the test with what it printed if it does not."""
    process = subprocess.Popen(
        [sys.executable, "infra/local/run.py"],
        cwd=ROOT,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    copy = Copy(process, settings, Path(settings["LOCAL_DIR"]))
    try:
        _read_until_ready(copy)
        yield copy
        assert process.poll() is None, "the copy ended by itself"
    finally:
        _stop(process)
    assert process.returncode == 0


def within(seconds: float, look: Callable[[], T]) -> T:
    """What `look` finds, as soon as it finds something; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return found


def _read_until_ready(copy: Copy) -> None:
    printed = []
    deadline = time.monotonic() + START_SECONDS
    assert copy.process.stdout
    for line in copy.process.stdout:
        printed.append(line)
        if match := re.match(r"desk: (\S+)", line):
            copy.desk = match[1]
        elif match := re.match(r"login: (\S+) (\S+)", line):
            copy.login = (match[1], match[2])
        elif match := re.match(r"token (\S+) (\S+): (\S+)", line):
            copy.tokens[match[1], match[2]] = match[3]
        if len(copy.tokens) == 10:
            return
        assert time.monotonic() < deadline, "".join(printed)
    raise AssertionError("".join(printed))


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
