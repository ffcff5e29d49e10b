"""Progress: a bar on a terminal, a plain line now and then elsewhere."""

import io
from contextlib import closing

from django.core.management.base import OutputWrapper

from config.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO) -> str:
    """What 200 times a hundred lines of 50 bytes each look like."""
    with closing(Progress(OutputWrapper(stream), 1_000_000, "lines read", "B")) as progress:
        for _ in range(200):
            progress.add(100, 5_000)
    return stream.getvalue()


def test_elsewhere_a_plain_line_for_each_ten_thousand() -> None:
    assert told(io.StringIO()) == "10000 lines read\n20000 lines read\n"


def test_on_a_terminal_a_bar_that_counts_the_bytes() -> None:
    said = told(Terminal())
    assert "100%" in said
    assert "1.00M/1.00M" in said


def test_what_was_told_before_is_not_taken_back() -> None:
    stream = io.StringIO()
    progress = Progress(OutputWrapper(stream))
    for done in (9_000, 5_000, 10_000, 10_000):
        progress.to(done)
    assert stream.getvalue() == "10000 looked at\n"


def test_elsewhere_what_takes_long_is_heard_of_now_and_then() -> None:
    stream, now = io.StringIO(), [0.0]
    progress = Progress(OutputWrapper(stream), clock=lambda: now[0])
    for now[0] in (4.0, 9.9, 10.1, 15.0, 20.2):
        progress.add(1)
    assert stream.getvalue() == "3 looked at\n5 looked at\n"
