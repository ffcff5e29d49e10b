"""Ends a process of which a loop hangs, so that its supervisor starts another.

Each loop says with `beat` by when it will be heard of again. A thread of its own watches. A thread that hangs cannot be
ended in Python, so the process ends as a whole; the messages in its hands come again.
"""

import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Final

SECONDS: Final = 60.0  # in which every loop polls again, unless it has work in hand
WORK_SECONDS: Final = 900.0  # for a batch: the longest are a large batch for the index, and a catch-up
_CALLS: Final = 8  # that are told of a thread that hangs
EXIT_CODE: Final = 70  # EX_SOFTWARE of sysexits.h

log = logging.getLogger(__name__)

_due: dict[str, float] = {}  # by the thread's name


def beat(seconds: float = SECONDS) -> None:
    """Say that this thread lives, and will be heard of again within so many seconds."""
    _due[threading.current_thread().name] = time.monotonic() + seconds


def stop() -> None:
    """Say that this thread's loop has ended."""
    _due.pop(threading.current_thread().name, None)


def overdue() -> list[str]:
    """The names of the threads that should have been heard of by now."""
    now = time.monotonic()
    return sorted(name for name, due in list(_due.items()) if due < now)


def watch() -> None:
    """Watch the loops of this process from now on."""
    threading.Thread(target=_watch, name="pulse", daemon=True).start()


def _watch() -> None:
    while not (hanging := overdue()):
        time.sleep(1)
    where = "; ".join(f"{name} in {_where(name)}" for name in hanging)
    names = ", ".join(hanging)
    log.critical("%s hangs. The process ends, to be started again; its messages come again. %s", names, where)
    logging.shutdown()
    os._exit(EXIT_CODE)  # exit handlers would wait for the thread that hangs


def _where(thread_name: str) -> str:
    """The innermost calls of the thread, the last one first, e.g. `recv (socket.py:706) < …`."""
    frames = sys._current_frames()  # noqa: SLF001 - documented
    stacks = [frames[one.ident] for one in threading.enumerate() if one.name == thread_name and one.ident in frames]
    calls = traceback.extract_stack(stacks[0])[-_CALLS:] if stacks else []
    return " < ".join(f"{one.name} ({Path(one.filename).name}:{one.lineno})" for one in reversed(calls))
