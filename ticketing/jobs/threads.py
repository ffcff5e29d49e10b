"""Works a job here and now, in threads, as a command does. If AWS or the database is away for a while, it waits."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue

from django.db import connection

from config.aws import patience
from ticketing.jobs import lifecycle
from ticketing.jobs.lifecycle import Step
from ticketing.models import Job, JobPart

WAIT = 1.0  # seconds, if somebody else works the same part

Report = Callable[[Step], None]


def all_of(job: Job, threads: int, report: Report) -> None:
    """Work all parts of a job to their end, in `threads` threads. They call `report` after each page, one at a time.

    Returns early if the job is stopped. If a thread raises, the others first end their page; then its error is raised.
    """
    parts: SimpleQueue[JobPart] = SimpleQueue()
    for part in job.parts.select_related("job").filter(done=False).order_by("number"):
        parts.put(part)
    ended, telling = threading.Event(), threading.Lock()

    def tell(step: Step) -> None:
        with telling:
            report(step)

    if threads == 1:
        _some_of(parts, ended, tell)
    else:
        _in_threads(threads, parts, ended, tell)
    lifecycle.finish(job.pk)


def _in_threads(threads: int, parts: "SimpleQueue[JobPart]", ended: threading.Event, report: Report) -> None:
    def thread() -> None:
        try:
            _some_of(parts, ended, report)
        finally:
            connection.close()  # each thread has its own

    with ThreadPoolExecutor(threads) as pool:
        try:
            done, _ = wait([pool.submit(thread) for _ in range(threads)], return_when=FIRST_EXCEPTION)
        finally:  # Ctrl-C comes here too
            ended.set()
    for future in done:
        future.result()


def _some_of(parts: "SimpleQueue[JobPart]", ended: threading.Event, report: Report) -> None:
    until_ended = patience.until(ended)
    while not ended.is_set():
        try:
            part = parts.get_nowait()
        except Empty:
            return
        while not ended.is_set():
            step = until_ended(lifecycle.step, part)
            report(step)
            if step.moved == "done":
                break
            if step.moved == "lost" and not _again(part, ended):
                return


def _again(part: JobPart, ended: threading.Event) -> bool:
    """Wait, then read a part again that somebody else moved. Returns False if its job no longer runs."""
    ended.wait(WAIT)
    part.refresh_from_db()
    part.job.refresh_from_db()
    return part.job.state == "running"
