"""The header Retry-After, as Zendesk and proxies write it."""

import time

import pytest
from django.utils.http import http_date
from hypothesis import given
from hypothesis import strategies as st

from ingestion.zendesk import retry_after

NOW = 1_767_607_200.0  # 5 January 2026, 10:00


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("93", 93),
        (" 7 ", 7),
        ("50, 47", 50),
        ("47,50", 50),
        ("-1", None),
        ("-1, 12", 12),
        ("0", None),
        ("1.2", 2),
        ("30.", 30),
        ("soon", None),
        ("soon, 5", 5),
        ("1e3", None),
        ("9" * 5000, None),
        ("", None),
        (",", None),
        (None, None),
    ],
)
def test_the_longest_wait_that_can_be_read_counts(header: str | None, seconds: int | None) -> None:
    assert retry_after.seconds(header) == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Mon, 05 Jan 2026 10:00:40 GMT", 40),
        ("Monday, 05-Jan-26 10:00:40 GMT", 40),
        ("Mon Jan  5 10:00:40 2026", 40),
        ("Mon, 05 Jan 2026 10:00:40 GMT, 50", 50),
        ("30, Mon, 05 Jan 2026 10:00:40 GMT", 40),
        ("Mon, 05 Jan 2026 09:00:00 GMT", None),
        ("Mon, 05 Jan 2026 09:00:00 GMT, 3", 3),
        ("Mon, 99 Jan 2026 10:00:40 GMT", None),
        ("Mon, 05 Jan 0000 10:00:40 GMT", None),
    ],
)
@pytest.mark.usefixtures("now")
def test_a_date_is_a_wait_until_then(header: str, seconds: int | None) -> None:
    assert retry_after.seconds(header) == seconds


def test_a_date_is_compared_with_the_clock() -> None:
    assert 38 <= (retry_after.seconds(http_date(time.time() + 40)) or 0) <= 40


@given(st.text())
def test_nothing_raises(header: str) -> None:
    wait = retry_after.seconds(header)
    assert wait is None or wait > 0
