"""A stream's lease: one owner at a time, and only the owner moves the checkpoint."""

import threading
import time
from typing import Any

import pytest

from config import aws
from config.consumer import leases
from config.consumer.leases import END, Checkpoint, hold

pytestmark = pytest.mark.usefixtures("aws", "atomic")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, to be moved."""
    now = [1_000_000.0]
    monkeypatch.setattr("config.consumer.leases.time.time", lambda: now[0])
    return now


def test_only_one_reader_holds_the_lease() -> None:
    with hold("stream", "one") as first, hold("stream", "two") as second:
        assert first is not None
        assert second is None


def test_leases_of_different_streams_are_independent() -> None:
    with hold("stream", "one") as first, hold("other", "two") as second:
        assert first
        assert second


def test_a_lease_is_free_at_once_when_its_holder_is_done() -> None:
    with hold("stream", "one"):
        pass
    with hold("stream", "two") as lease:
        assert lease


def test_a_lease_is_free_at_once_when_its_holder_fails() -> None:
    with pytest.raises(aws.Retryable), hold("stream", "one"):
        raise aws.Retryable("BatchFailed")
    with hold("stream", "two") as lease:
        assert lease


def test_a_renewal_under_way_does_not_take_a_released_lease_back(monkeypatch: pytest.MonkeyPatch) -> None:
    renewing, go_on = threading.Event(), threading.Event()
    take = leases._take

    def slow(source: str, owner: str) -> Any:
        if threading.current_thread().name == "lease stream":
            renewing.set()
            go_on.wait(5)
        return take(source, owner)

    monkeypatch.setattr(leases, "_take", slow)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    with hold("stream", "one"):
        renewing.wait(5)
        threading.Timer(0.2, go_on.set).start()
    with hold("stream", "two") as lease:
        assert lease


def test_a_dead_holders_lease_is_taken_over_after_ten_seconds(clock: list[float]) -> None:
    assert leases._take("stream", "dead") is not None
    clock[0] += 9.9
    with hold("stream", "next") as lease:
        assert lease is None
    clock[0] += 0.2
    with hold("stream", "next") as lease:
        assert lease


def test_a_holder_renews_its_lease(clock: list[float]) -> None:
    assert leases._take("stream", "one") is not None
    clock[0] += 9
    assert leases._take("stream", "one") is not None
    clock[0] += 9
    assert leases._take("stream", "two") is None


def test_a_long_batch_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with hold("stream", "one") as lease:
        time.sleep(2)
        with hold("stream", "two") as other:
            assert other is None
        assert lease
        assert not lease.lost.is_set()


def test_the_first_holder_finds_no_checkpoint_and_the_next_what_was_saved() -> None:
    with hold("stream", "one") as lease:
        assert lease
        assert lease.checkpoint is None
        lease.save(Checkpoint({"a": END, "b": "", "c": "17"}, "2026-02-09T10:11:12.000Z"))
    with hold("stream", "two") as lease:
        assert lease
        assert lease.checkpoint == Checkpoint({"a": END, "b": "", "c": "17"}, "2026-02-09T10:11:12.000Z")


def test_only_the_owner_saves_a_checkpoint(clock: list[float]) -> None:
    with hold("stream", "slow") as slow:
        assert slow
        slow.save(Checkpoint({"a": "1"}, "t1"))
        clock[0] += 11
        with hold("stream", "quick") as quick:
            assert quick
            quick.save(Checkpoint({"a": "2"}, "t2"))
            with pytest.raises(aws.Conflict):
                slow.save(Checkpoint({"a": "1"}, "t1"))
    with hold("stream", "next") as lease:
        assert lease
        assert lease.checkpoint == Checkpoint({"a": "2"}, "t2")


def test_a_holder_learns_that_its_lease_was_lost(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    with hold("stream", "slow") as slow:
        assert slow
        aws.client("dynamodb").update_item(
            TableName="foyer-checkpoints",
            Key={"source": {"S": "stream"}},
            UpdateExpression="SET #o = :o",
            ExpressionAttributeNames={"#o": "owner"},
            ExpressionAttributeValues={":o": {"S": "thief"}},
        )
        assert slow.lost.wait(5)
    with hold("stream", "third") as third:
        assert third is None  # the loser's end does not free what is another's


def test_a_lease_that_cannot_be_renewed_in_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.1)
    with hold("stream", "one") as lease:
        assert lease

        def away(source: str, owner: str) -> Any:
            raise aws.Retryable("EndpointConnectionError")

        monkeypatch.setattr(leases, "_take", away)
        assert lease.lost.wait(5)
