"""A process of which a loop hangs ends, so that it is started again."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from config.consumer import pulse

HANGING = """
import threading, time
from config.consumer import pulse

def hangs():
    pulse.beat(0.2)
    time.sleep(60)

threading.Thread(target=hangs, name="submissions 0").start()
pulse.watch()
"""


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    yield
    pulse.stop()


def test_a_thread_that_hangs_takes_its_process_down() -> None:
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == pulse.EXIT_CODE
    assert "submissions 0 hangs" in ended.stderr
    assert "submissions 0 in hangs (<string>:7) < run (threading.py:" in ended.stderr
    assert time.monotonic() - began < 20


def test_who_is_heard_of_in_time_is_not_overdue() -> None:
    pulse.beat(60)
    assert pulse.overdue() == []


def test_who_is_late_is_named_until_it_is_heard_of_again() -> None:
    pulse.beat(-1)
    assert pulse.overdue() == [threading.current_thread().name]
    pulse.beat()
    assert pulse.overdue() == []


def test_a_loop_that_ended_is_not_overdue() -> None:
    pulse.beat(-1)
    pulse.stop()
    assert pulse.overdue() == []
