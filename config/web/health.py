"""Liveness and readiness: whether the process is alive, and whether it can reach what it needs."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from config import aws
from config.aws import sqs
from config.consumer import polls
from config.consumer.sources import queue_names
from config.notices import notices
from config.request_id import request_id

KEPT_SECONDS: Final = 1.0

View = Callable[[HttpRequest], JsonResponse]
Found = tuple[dict[str, Any], int]  # the answer, without its request's id, and its status


def _only_read(view: View) -> View:
    """Answer any method that changes something with a JSON 405, before Django asks for a form's token."""

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest) -> JsonResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        body = {"error": "Method not allowed", "request_id": request_id()}
        return JsonResponse(body, status=405, headers={"Allow": "GET, HEAD"})

    return checked


@_only_read
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process lives."""
    return JsonResponse({"status": "ok"})


@_only_read
def ready(request: HttpRequest) -> JsonResponse:
    """200 if everything can be reached, else 503, which names what cannot. A process looks once a second at most.

    What waits without being worked is told beside a 200, and so are the notices about the settings: this process can
    take requests all the same, and a load balancer that sent none would make it worse.
    """
    found, status = _last.found()
    return JsonResponse(found | ({"request_id": request_id()} if "error" in found else {}), status=status)


class _Last:
    """What was found last. Nobody needs a token to ask, and looking takes a call to AWS for each table and queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Found | None = None
        self._until = 0.0

    def found(self) -> Found:
        with self._lock:  # who asks meanwhile gets this answer too
            if self._found is None or time.monotonic() >= self._until:
                self._found = _look()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found

    def forget(self) -> None:
        self._found = None


_last = _Last()


def _look() -> Found:
    missing = _missing(_aws())
    if not _reached(_database):
        missing.insert(0, "database")
    if not missing:
        told = {"waiting": _unworked(), "notices": notices()}
        return {"status": "ready"} | {name: sentences for name, sentences in told.items() if sentences}, 200
    return {"error": f"Not reachable: {', '.join(missing)}", "missing": missing}, 503


def _missing(checks: dict[str, Callable[[], object]]) -> list[str]:
    """What cannot be reached. All checks run at once: if AWS hangs, one after the other would take too long."""
    with ThreadPoolExecutor(len(checks)) as pool:
        asked = {name: pool.submit(copy_context().run, _reached, reach) for name, reach in checks.items()}
        return [name for name, answer in asked.items() if not answer.result()]


def _aws() -> dict[str, Callable[[], object]]:
    tables = {"tickets": settings.TABLE_NAME, "deliveries": settings.DELIVERIES_TABLE}
    return {
        **{f"table of {what}": partial(_table, name) for what, name in tables.items()},
        **{f"queue {name}": partial(sqs.arn, name) for name in queue_names()},
        "event stream": _stream,
    }


def _reached(reach: Callable[[], object]) -> bool:
    try:
        reach()
    except (aws.AwsError, DatabaseError):
        return False
    return True


def _unworked() -> list[str]:
    try:
        return polls.unworked()
    except aws.AwsError:
        return ["Nobody can tell what waits: AWS did not answer."]


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _table(name: str) -> None:
    aws.call_once(aws.client("dynamodb").describe_table, TableName=name)


def _stream() -> None:
    aws.call_once(aws.client("kinesis").describe_stream_summary, StreamName=settings.KINESIS_STREAM_NAME)
