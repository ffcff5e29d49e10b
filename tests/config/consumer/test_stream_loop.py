"""The change stream's loop: in order, from its checkpoint, and from the record where the stream no longer reaches."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import aws
from config.consumer import changes, stream_loop
from config.consumer.changes import Shard, Trimmed
from config.consumer.leases import END, Checkpoint, hold
from config.consumer.sources import Source
from config.consumer.stream_loop import Reader
from tests import record

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

SOURCE = Source("s", "change-stream", "poc-itsm-tickets", f"{__name__}.handler", batch=3, catch_up=f"{__name__}.caught")
START = datetime(2026, 2, 9, 10, 0, tzinfo=UTC)

handled: list[str] = []  # sequence numbers, in the order in which they were worked
failing: set[str] = set()
catch_ups: list[str | None] = []


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    numbers = [one["dynamodb"]["SequenceNumber"] for one in event["Records"]]
    handled.extend(number for number in numbers if number not in failing)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers if number in failing]}


def caught(since: str | None) -> None:
    catch_ups.append(since)


class Stream:
    """A stream in memory: shards with their records, the first of which may be trimmed away."""

    def __init__(self) -> None:
        self.shards: dict[str, tuple[str | None, list[str], bool]] = {}
        self.trimmed: set[str] = set()

    def add(self, name: str, *numbers: str, parent: str | None = None, closed: bool = False) -> None:
        self.shards[name] = (parent, list(numbers), closed)

    def listed(self, arn: str) -> list[Shard]:
        return [Shard(name, parent) for name, (parent, _, _) in self.shards.items()]

    def iterator(self, arn: str, name: str, after: str) -> str | None:
        if after in self.trimmed:
            raise Trimmed
        numbers = self.shards[name][1]
        return f"{name}:{numbers.index(after) + 1 if after else 0}"

    def read(self, place: str, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        name, _, start = place.partition(":")
        _, numbers, closed = self.shards[name]
        page = numbers[int(start) : int(start) + limit]
        end = int(start) + len(page)
        return [_record(number) for number in page], None if closed and end == len(numbers) else f"{name}:{end}"


def _record(number: str) -> dict[str, Any]:
    moment = START + timedelta(seconds=int(number))
    return {"dynamodb": {"SequenceNumber": number, "ApproximateCreationDateTime": moment}}


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    made = Stream()
    for known in (handled, failing, catch_ups):
        known.clear()
    monkeypatch.setattr(changes, "stream_arn", lambda _: "arn")
    monkeypatch.setattr(changes, "shards", made.listed)
    monkeypatch.setattr(changes, "iterator", made.iterator)
    monkeypatch.setattr(changes, "read", made.read)
    return made


def checkpoint(positions: dict[str, str] | None = None, at: str | None = None) -> Checkpoint | None:
    """Set the checkpoint if one is given; the one that stands there then."""
    with hold(SOURCE.name, "checkpoint") as lease:
        assert lease
        if positions is not None:
            lease.save(Checkpoint(positions, at))
            return None
        return lease.checkpoint


def follow(steps: int = 1, then: Callable[[Reader], None] | None = None) -> None:
    """One stretch of reading under a lease, as the loop does it."""
    with hold(SOURCE.name, "reader") as lease:
        assert lease
        reader = Reader(SOURCE, lease)
        stop = threading.Event()
        left = [steps]
        original = reader.step

        def step() -> bool:
            left[0] -= 1
            if left[0] <= 0:
                stop.set()
            return original()

        reader.step = step  # type: ignore[method-assign]
        stream_loop.follow(reader, stop)
        if then:
            then(reader)


def test_a_first_reader_catches_up_from_the_beginning_and_then_reads_all(stream: Stream) -> None:
    stream.add("a", "1", "2", "3", "4")
    follow(steps=2)
    assert (catch_ups, handled) == ([None], ["1", "2", "3", "4"])


def test_reading_goes_on_behind_the_checkpoint(stream: Stream) -> None:
    stream.add("a", "1", "2", "3", "4", "5")
    checkpoint({"a": "2"}, "2026-02-09T10:00:02.000Z")
    follow()
    assert (catch_ups, handled) == ([], ["3", "4", "5"])
    saved = checkpoint()
    assert saved
    assert saved.positions == {"a": "5"}


def test_shards_are_each_read_in_order_and_a_parent_to_its_end_before_its_child(stream: Stream) -> None:
    stream.add("child", "5", "6", parent="parent")
    stream.add("parent", "1", "2", "3", "4", closed=True)
    stream.add("other", "7", "8", "9", "10")
    checkpoint({"parent": "1", "other": "7"}, None)
    follow(steps=4)
    assert [one for one in handled if one in "123456"] == ["2", "3", "4", "5", "6"]
    assert [one for one in handled if one not in "123456"] == ["8", "9", "10"]


def test_a_shard_whose_parent_is_no_longer_listed_is_read(stream: Stream) -> None:
    stream.add("child", "5", "6", parent="forgotten")
    checkpoint({"forgotten": END}, "2026-02-09T10:00:00.000Z")
    follow()
    assert (catch_ups, handled) == ([], ["5", "6"])


def test_a_shard_that_ended_is_not_read_again_and_is_forgotten_with_the_stream(stream: Stream) -> None:
    stream.add("parent", "1", closed=True)
    stream.add("child", "2", parent="parent", closed=True)
    stream.add("grandchild", parent="child")
    checkpoint({"ancient": END, "parent": "1"}, None)
    follow(steps=3)
    saved = checkpoint()
    assert saved
    assert saved.positions == {"parent": END, "child": END}
    assert handled == ["2"]


def test_after_a_failure_reading_begins_again_at_the_record_that_failed(stream: Stream) -> None:
    stream.add("a", "1", "2", "3", "4")
    checkpoint({"a": "1"}, None)
    failing.add("3")
    with pytest.raises(aws.Retryable):
        follow()
    saved = checkpoint()
    assert saved
    assert saved.positions == {"a": "2"}
    failing.clear()
    handled.clear()
    follow()
    assert handled == ["3", "4"]


def test_the_loop_begins_again_by_itself_after_a_failure(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    stream.add("a", "1", "2")
    checkpoint({"a": "1"}, None)
    failing.add("2")
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", lambda _: failing.clear() if failing else stop.set())
    stream_loop.run(SOURCE, stop)
    assert handled == ["2"]


def test_what_was_trimmed_is_caught_up_from_five_minutes_before_the_checkpoint(stream: Stream) -> None:
    stream.add("a", "7", "8")
    stream.trimmed.add("3")
    checkpoint({"a": "3"}, "2026-02-09T10:00:03.000Z")
    follow(steps=2)
    assert catch_ups == ["2026-02-09T09:55:03.000Z"]
    assert handled == ["7", "8"]


def test_a_checkpoint_in_a_shard_that_is_gone_is_a_gap(stream: Stream) -> None:
    stream.add("new", "9", parent="gone")
    checkpoint({"gone": "3"}, "2026-02-09T10:00:03.000Z")
    follow()
    assert (catch_ups, handled) == (["2026-02-09T09:55:03.000Z"], ["9"])


def test_a_root_shard_of_which_nothing_was_read_is_a_gap(stream: Stream) -> None:
    stream.add("root", "1")
    checkpoint({}, "2026-02-09T10:00:00.000Z")
    follow()
    assert (catch_ups, handled) == (["2026-02-09T09:55:00.000Z"], ["1"])


def test_a_shard_whose_parent_came_and_went_unread_is_a_gap(stream: Stream) -> None:
    stream.add("grandchild", "9", parent="child nobody read")
    checkpoint({"parent": END}, "2026-02-09T10:00:00.000Z")
    follow()
    assert catch_ups == ["2026-02-09T09:55:00.000Z"]


def test_a_new_child_of_a_shard_that_was_read_is_no_gap(stream: Stream) -> None:
    stream.add("parent", "1", closed=True)
    stream.add("child", "2", parent="parent")
    checkpoint({"parent": END}, "2026-02-09T10:00:00.000Z")
    follow()
    assert (catch_ups, handled) == ([], ["2"])


def test_a_catch_up_that_failed_is_made_again(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    stream.add("a", "1")

    def down(since: str | None) -> None:
        raise aws.Retryable("NotAnnounced")

    monkeypatch.setattr(f"{__name__}.caught", down)
    with pytest.raises(aws.Retryable):
        follow()
    assert checkpoint() is None
    monkeypatch.undo()


def test_the_checkpoints_time_moves_forward_only(stream: Stream) -> None:
    stream.add("a", "1", "2")
    checkpoint({"a": "1"}, "2026-02-09T23:00:00.000Z")
    follow(then=lambda reader: reader.save())
    saved = checkpoint()
    assert saved
    assert saved.at == "2026-02-09T23:00:00.000Z"
    checkpoint({"a": "1"}, "2026-02-09T08:00:00.000Z")
    follow(then=lambda reader: reader.save())
    saved = checkpoint()
    assert saved
    assert saved.at == "2026-02-09T10:00:02.000Z"


def test_a_quiet_streams_time_is_now(stream: Stream) -> None:
    stream.add("a", "1")
    checkpoint({"a": "1"}, "2026-02-09T08:00:00.000Z")
    before = datetime.now(UTC)
    follow(then=lambda reader: reader.save())
    saved = checkpoint()
    assert saved
    assert saved.at
    assert datetime.fromisoformat(saved.at) >= before - timedelta(milliseconds=1)


def test_a_reader_that_lost_its_lease_stops(stream: Stream) -> None:
    stream.add("a", "1", "2", "3", "4", "5", "6", "7")
    with hold(SOURCE.name, "reader") as lease:
        assert lease
        lease.lost.set()
        stream_loop.follow(Reader(SOURCE, lease), threading.Event())
    assert handled == []


def test_the_real_stream_gives_every_change_in_order_and_goes_on_behind_a_position() -> None:
    for number in range(5):
        record.put(ticket_id=f"t-{number}", version=number + 1)
    arn = changes.stream_arn("poc-itsm-tickets")
    [shard] = changes.shards(arn)
    place = changes.iterator(arn, shard.shard_id, "")
    assert place
    found, onward = changes.read(place, 1000)
    assert [one["dynamodb"]["Keys"]["ticket_id"]["S"] for one in found] == [f"t-{n}" for n in range(5)]
    assert onward
    behind = changes.iterator(arn, shard.shard_id, found[2]["dynamodb"]["SequenceNumber"])
    assert behind
    assert [one["eventID"] for one in changes.read(behind, 1000)[0]] == [one["eventID"] for one in found[3:]]


def test_a_table_without_a_stream_is_not_found() -> None:
    with pytest.raises(aws.NotFound, match=r"manage.py provision"):
        changes.stream_arn("foyer-deliveries")
