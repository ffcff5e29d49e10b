"""A copy of the product with an AWS and a database of its own, worked by its own commands."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tests import databases, local_aws

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Copy:
    """Where its AWS, its database and its programs' output are."""

    folder: Path
    endpoint: str
    database: str

    def start(self, command: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """`manage.py` with its output in a file, so that nothing waits for a reader."""
        with self.log(command).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", command, *arguments],
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, command: str, *arguments: str) -> tuple[str, int]:
        """What it said, and the most memory that it had, in KiB. It has to end well."""
        self.log(command).unlink(missing_ok=True)
        began, peak = time.monotonic(), 0
        process = self.start(command, *arguments)
        while process.poll() is None:
            peak = _most_memory(process.pid) or peak
            time.sleep(0.02)
        said = self.log(command).read_text()
        assert process.returncode == 0, said[-3000:]
        sys.stderr.write(f"{command}: {time.monotonic() - began:.1f} s, {peak / 1024:.0f} MiB\n")
        return said, peak

    def log(self, command: str) -> Path:
        """What the command's programs have said so far."""
        return self.folder / f"{command}.log"

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOCAL_DIR": "",
            "DJANGO_SECRET_KEY": settings.SECRET_KEY,
            "AWS_ENDPOINT_URL": self.endpoint,
            "DATABASE_URL": self.database,
            "IMPORT_ITEMS_PER_SECOND": "0",
        }


@contextmanager
def copy(folder: Path) -> Iterator[Copy]:
    """A copy, provisioned and migrated, while the block lasts."""
    folder.mkdir()
    with local_aws.running(folder) as endpoint, databases.fresh(folder) as database:
        made = Copy(folder, endpoint, database)
        made.run("provision")
        made.run("migrate")
        yield made


def _most_memory(pid: int) -> int:
    """The most that the process had so far, in KiB; 0 if it is gone. (A child's own usage may be its parent's.)"""
    with suppress(FileNotFoundError, ProcessLookupError):
        for one in Path(f"/proc/{pid}/status").read_text().splitlines():
            if one.startswith("VmHWM:"):
                return int(one.split()[1])
    return 0
