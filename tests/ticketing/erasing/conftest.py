"""A versioned S3, and queues that are looked at without waiting."""

import pytest

from ticketing.erasing import places


@pytest.fixture(autouse=True)
def no_long_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_POLL_SECONDS", 0)
