"""A seal says who wrote a text, and that this was within the last day."""

import time
from typing import Any

import pytest

from config import seal

TEXT = '{"a":"\ud800 \u00e9"}'


def test_a_sealed_text_is_the_object_with_one_more_field() -> None:
    sealed = seal.seal(TEXT)
    assert sealed.startswith(TEXT[:-1] + ',"seal":"')
    assert seal.holds(sealed)


@pytest.mark.parametrize("text", ["", "{}", TEXT, seal.seal(TEXT)[:-1], seal.seal(TEXT).replace("a", "b", 1)])
def test_another_text_has_no_seal(text: str) -> None:
    assert not seal.holds(text)


@pytest.mark.parametrize(("hours", "holds"), [(23, True), (25, False), (-1, False)])
def test_a_seal_holds_for_a_day(hours: int, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, now = seal.seal(TEXT), time.time()
    monkeypatch.setattr(time, "time", lambda: now + hours * 3600)
    assert seal.holds(sealed) is holds


def test_a_time_that_somebody_moved_is_no_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, now = seal.seal(TEXT), int(time.time())
    assert not seal.holds(sealed.replace(str(now), str(now + 1)).replace(str(now - 1), str(now + 1)))


def test_another_secret_key_makes_another_seal(settings: Any) -> None:
    sealed = seal.seal(TEXT)
    settings.SECRET_KEY = "another"
    assert not seal.holds(sealed)
