"""The pipeline's metrics: each delivery counts once, whatever runs again, and no request waits for CloudWatch."""

from typing import Any

import pytest

from config import celery
from config.aws import metrics
from ingestion.zendesk import measures, pipeline, tasks
from ingestion.zendesk.errors import GiveUp
from tests.ingestion.conftest import INVOCATION, NOTICE, Post, Zendesk
from ticketing.deliveries import Delivery, raw_tickets

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise GiveUp("Zendesk refused the request")

    monkeypatch.setattr(pipeline, "run", fail)


def counted() -> dict[tuple[str, str], tuple[int, float]]:
    """The pipeline's metrics since the last look, by name and unit: the number of samples and their sum."""
    found = metrics._collected.take().items()
    return {
        (one.name, one.unit): (sums.count, sums.total)
        for one, sums in found
        if one.namespace == "SMEFinder/Pipeline" and one.dimensions == ()
    }


def test_a_delivery_counts_as_taken_in_once_however_often_zendesk_sends_it(
    webhook: Post, queued: list[str], calls: list[str]
) -> None:
    for _ in range(2):
        assert webhook(NOTICE, **INVOCATION).status_code == 202
    assert counted() == {("TicketIngested", "Count"): (1, 1.0)}
    assert "PutMetricData" not in calls


def test_what_ends_well_is_an_error_rate_of_0_and_has_a_latency(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    tasks.ingest.apply(("d-1",), throw=True)
    tasks.ingest.apply(("d-1",), throw=True)  # the message came again
    found = counted()
    samples, milliseconds = found.pop(("EndToEndLatency", "Milliseconds"))
    assert samples == 1
    assert 0 < milliseconds < 60_000
    assert found == {("ErrorRate", "Percent"): (1, 0.0)}


@pytest.mark.usefixtures("failing", "received")
def test_what_fails_for_good_is_an_error_rate_of_100_and_has_no_latency() -> None:
    tasks.ingest.apply(("d-1",), throw=True)
    assert counted() == {("ErrorRate", "Percent"): (1, 100.0)}


@pytest.mark.usefixtures("received")
def test_an_unexpected_error_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "run", lambda *_: 1 / 0)
    tasks.ingest.apply(("d-1",), throw=False)
    assert counted() == {("ErrorRate", "Percent"): (1, 100.0)}


def test_one_failure_among_three_is_a_rate_of_a_third() -> None:
    for end in ("created", "failed", "updated"):
        measures.ended(end)
    samples, total = counted()["ErrorRate", "Percent"]
    assert total / samples == pytest.approx(33.3, abs=0.1)


def test_a_refused_webhook_is_a_failure_once_and_was_not_taken_in(webhook: Post) -> None:
    for _ in range(2):
        assert webhook({"tag_added": "need_sme"}, **INVOCATION).status_code == 400
    assert counted() == {("ErrorRate", "Percent"): (1, 100.0)}


def test_a_replay_counts_as_nothing(zendesk: Zendesk, embedded: list[dict[str, Any]]) -> None:
    key = raw_tickets.key("12345", "2026-01-05")
    raw_tickets.store(key, {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users})
    pipeline.again("12345", key, "d-1")
    assert len(embedded) == 1
    assert counted() == {}


def test_a_quiet_process_gives_one_sample_of_0_a_minute_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for _ in range(3):  # beat's messages waited, and are worked at once
        tasks.nothing_ended.apply(throw=True)
    assert counted() == {("ErrorRate", "Percent"): (1, 0.0)}
    now[0] += 60
    tasks.nothing_ended.apply(throw=True)
    assert counted() == {("ErrorRate", "Percent"): (1, 0.0)}


def test_where_a_delivery_ended_the_quiet_sample_is_left_out() -> None:
    measures.ended("failed")
    tasks.nothing_ended.apply(throw=True)
    assert counted() == {("ErrorRate", "Percent"): (1, 100.0)}


def test_beat_asks_for_the_quiet_sample_every_minute() -> None:
    due = {entry["task"]: entry["schedule"] for entry in celery.app.conf.beat_schedule.values()}
    assert due[tasks.nothing_ended.name] == 60.0
