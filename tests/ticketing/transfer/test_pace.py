"""The pace of an import: so many items a second, and no debt is forgotten."""

from ticketing.transfer.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced(rate: int) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(rate, clock, clock.sleep), clock


def test_many_items_take_as_long_as_the_rate_says() -> None:
    pace, clock = paced(500)
    for _ in range(100):
        pace.take(25)
    assert round(clock.now - 100, 6) == 5.0


def test_time_that_the_writing_took_is_not_waited_for_again() -> None:
    pace, clock = paced(100)
    for _ in range(10):
        pace.take(50)
        clock.sleep(0.4)
    assert round(clock.now - 100, 6) == 5.4


def test_a_long_pause_saves_up_no_more_than_a_second() -> None:
    pace, clock = paced(100)
    clock.sleep(3600)
    before = clock.now
    pace.take(300)
    assert round(clock.now - before, 6) == 2.0


def test_without_a_rate_nothing_is_waited_for() -> None:
    pace, clock = paced(0)
    pace.take(1_000_000)
    assert clock.now == 100.0
