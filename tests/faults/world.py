"""A world of its own for the fault suite: a real local AWS, a database, and programs that may die in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests import databases, local_aws

ROOT = Path(__file__).resolve().parent.parent.parent


class Died(Exception):
    """The process died while it worked."""


class World:
    """Runs functions in processes of their own."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests, self._answers = requests, answers

    def run(self, function: str, *arguments: Any, fault: tuple[int, str] | None = None) -> Any:
        """What `tests.faults.<function>` returns. `fault` is the external call to die at, and `before` or `after`.

        Raises Died if it died there, AssertionError with its traceback for whatever else went wrong.
        """
        task = {"function": f"tests.faults.{function}", "arguments": arguments, "fault": fault}
        self._requests.write(json.dumps(task) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        assert line, "the world has ended: see the output above"
        answer = json.loads(line)
        if "died" in answer:
            raise Died
        assert "error" not in answer, answer["error"]
        return answer["answer"]


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """The world, as long as the block lasts."""
    with local_aws.running(folder) as endpoint, databases.fresh(folder) as database:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", endpoint],
            env=_environment(database),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdin
        assert server.stdout
        with server:  # at its end stdin is closed, and so the server ends
            assert server.stdout.readline() == "ready\n", "the world did not begin: see the output above"
            yield World(server.stdin, server.stdout)
            server.stdin.close()


def _environment(database: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database,
        "SQS_MAX_MESSAGE_BYTES": "2000",  # so that S3 is soon used
        "LOG_LEVEL": "CRITICAL",
    }
