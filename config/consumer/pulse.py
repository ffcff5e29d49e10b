"""Ends a process of which a loop hangs, so that its supervisor starts another.

Each loop says with `beat` by when it will be heard of again. A thread of its own watches. A thread that hangs cannot be
ended in Python, so the process ends as a whole; the messages in its hands come again.
"""

import logging
import os
import threading
import time
from typing import Final

SECONDS: Final = 60.0  # in which every loop polls again, unless it has work in hand
WORK_SECONDS: Final = 900.0  # for a batch: the longest are a large batch for the index, and a catch-up
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
    log.critical("%s hangs. The process ends, to be started again; its messages come again.", ", ".join(hanging))
    logging.shutdown()
    os._exit(EXIT_CODE)  # exit handlers would wait for the thread that hangs
