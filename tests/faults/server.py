"""A process that forks a child for each piece of work, so that a child can die and the next one starts in no time.

`python -m tests.faults.server ENDPOINT` reads one JSON line for each piece of work,
`{"function": "tests.faults.…", "arguments": […], "fault": [2, "after"] or null}`, and answers each with one.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import django
from botocore.client import BaseClient
from django.db import connection
from django.utils.module_loading import import_string

WRITES = ("INSERT", "UPDATE", "DELETE")
_Client: Any = BaseClient


class Deadly:
    """Counts external calls, and dies before or after the one it was told."""

    def __init__(self, number: int, moment: str) -> None:
        self.number, self.moment, self.count = number, moment, 0

    def run(self, call: Callable[[], Any]) -> Any:
        self.count += 1
        if (self.count, "before") == (self.number, self.moment):
            os._exit(1)
        last = (self.count, "after") == (self.number, self.moment)
        try:
            return call()
        finally:  # a refusal is an answer too
            if last:
                os._exit(1)

    def query(self, execute: Any, sql: str, *rest: Any) -> Any:
        """SQL that only reads leaves nothing half done."""
        if sql.startswith(WRITES):
            return self.run(lambda: execute(sql, *rest))
        return execute(sql, *rest)

    @contextmanager
    def at_large(self) -> Iterator[None]:
        """Every AWS call and every SQL statement that writes, while the block lasts."""
        original = _Client._make_api_call

        def call(client: Any, operation: str, parameters: Any) -> Any:
            return self.run(lambda: original(client, operation, parameters))

        with mock.patch.object(_Client, "_make_api_call", call), connection.execute_wrapper(self.query):
            yield


def _work(task: dict[str, Any]) -> Any:
    function = import_string(task["function"])
    if task["fault"] is None:
        return function(*task["arguments"])
    with Deadly(*task["fault"]).at_large():
        return function(*task["arguments"])


def _child(task: dict[str, Any], answers: int) -> None:
    try:
        answer = {"answer": _work(task)}
    except BaseException:  # noqa: BLE001 - whatever it is, the test is to show it
        answer = {"error": traceback.format_exc()}
    os.write(answers, json.dumps(answer).encode() + b"\n")
    os._exit(0)


def main(endpoint: str) -> None:
    """Make the world, then work line by line."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what commands print goes where logs go
    django.setup()
    mock.patch("ticketing.submissions.turn.TURN", timedelta(0)).start()  # nobody waits as `Retry-After` asks
    os.environ["AWS_ENDPOINT_URL"] = endpoint  # the tests' settings took it away
    import_string("tests.faults.working.make_world")()
    os.write(answers, b"ready\n")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _child(json.loads(line), answers)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            os.write(answers, b'{"died": true}\n')


if __name__ == "__main__":
    main(sys.argv[1])
