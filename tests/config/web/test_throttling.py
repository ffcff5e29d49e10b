"""500 requests a second for each token, bursts to 1000, each token for itself."""

from typing import Any

import pytest

from config.web import throttling

pytestmark = pytest.mark.django_db


def test_a_burst_is_served_and_then_the_rate(settings: Any) -> None:
    assert (settings.TOKEN_REQUESTS_PER_SECOND, settings.TOKEN_REQUESTS_BURST) == (500, 1000)
    assert [throttling._take(1, 10.0) for _ in range(1000)] == [0.0] * 1000
    assert throttling._take(1, 10.0) == pytest.approx(1 / 500)
    assert [throttling._take(1, 11.0) > 0 for _ in range(501)] == [False] * 500 + [True]


def test_no_more_than_a_burst_is_saved_up() -> None:
    throttling._take(1, 0.0)
    assert sum(throttling._take(1, 1_000_000.0) == 0 for _ in range(1100)) == 1000


def test_one_token_does_not_spend_another_ones_requests() -> None:
    while throttling._take(1, 5.0) == 0:
        pass
    assert throttling._take(2, 5.0) == 0


def test_a_refused_request_costs_nothing() -> None:
    while throttling._take(1, 5.0) == 0:
        pass
    for _ in range(100):
        throttling._take(1, 5.0)
    assert throttling._take(1, 5.01) == 0


def test_only_the_tokens_seen_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "_KEPT", 3)
    for token in range(10):
        throttling._take(token, 1.0)
    assert list(throttling._buckets) == [7, 8, 9]


def test_too_many_requests_are_429_with_the_seconds_to_wait(
    aws: None, token_client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TOKEN_REQUESTS_BURST = 2
    monkeypatch.setattr("time.monotonic", lambda: 1.0)
    client, other = token_client("itsm"), token_client("itsm")
    answers = [client.get("/itsm/tickets?caller=lea") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "1"
    assert answers[2].json() == {
        "error": "Too many requests: wait and try again",
        "request_id": answers[2]["X-Request-Id"],
    }
    assert other.get("/itsm/tickets?caller=lea").status_code == 200
