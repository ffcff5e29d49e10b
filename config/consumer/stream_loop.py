"""Reads a change stream in order, from its checkpoint, in the one process that holds its lease."""

import logging
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

from config import aws, times
from config.aws import metrics
from config.aws.events import StreamRecord
from config.aws.outage import Outage
from config.consumer import changes, polls, pulse
from config.consumer.batch import failed_ids
from config.consumer.changes import Shard, Trimmed
from config.consumer.leases import END, Checkpoint, Lease, hold
from config.consumer.sources import Source

IDLE_SECONDS = 0.25  # four reads a second; a shard allows five
SAVE_SECONDS = 10.0
LAG_SECONDS = 30.0  # how often the lag is reported; its alarm takes silence for a stall
ERROR_SECONDS = 1.0
STANDBY_SECONDS = 2.0
CATCH_UP_SECONDS = 86_400.0  # the longest that announcing a whole record may take before it counts as hanging
# A catch-up begins this long before the checkpoint's time: clocks differ, and a write gets its time before it is made.
OVERLAP = timedelta(minutes=5)

log = logging.getLogger(__name__)
_outage = Outage("Following the change stream from its checkpoint")


def run(source: Source, stop: threading.Event) -> None:
    """Work the source until `stop` is set. After an error of AWS, begin again at the checkpoint with new iterators."""
    owner = str(uuid.uuid4())
    try:
        while not stop.is_set():
            _round(source, owner, stop)
    finally:
        pulse.stop()


def _round(source: Source, owner: str, stop: threading.Event) -> None:
    pulse.beat()
    try:
        with hold(source.name, owner) as lease:
            if lease is None:
                stop.wait(STANDBY_SECONDS)
            else:
                follow(Reader(source, lease), stop)
    except aws.Unreachable:  # which aws.call itself tells
        stop.wait(ERROR_SECONDS)
    except aws.AwsError as error:
        _outage.failed(error)
        stop.wait(ERROR_SECONDS)


def follow(reader: "Reader", stop: threading.Event) -> None:
    """Read on until `stop` is set or the lease is lost. Raises aws.AwsError: begin again at the checkpoint."""
    if reader.has_gap():
        reader.catch_up()
    while not (stop.is_set() or reader.lease.lost.is_set()):
        try:
            busy = reader.step()
            _outage.worked()
            polls.tell(reader.source)
        except Trimmed:
            reader.catch_up()
        else:
            stop.wait(0 if busy else IDLE_SECONDS)


class Reader:
    """Reads one stream under one lease, from the lease's checkpoint on."""

    def __init__(self, source: Source, lease: Lease) -> None:
        self.source = source
        self.lease = lease
        self.arn = changes.stream_arn(source.of)
        self.shards = changes.shards(self.arn)
        self.positions = dict(lease.checkpoint.positions) if lease.checkpoint else {}
        self.at = lease.checkpoint.at if lease.checkpoint else None
        self.places: dict[str, str] = {}  # shard id: iterator
        self._saved = time.monotonic()
        self._lag_told = 0.0

    def has_gap(self) -> bool:
        """Whether changes between the checkpoint and the stream may be missing. They may be missing if:

        - there is no checkpoint
        - a shard that was being read is gone
        - nothing was read yet of a shard whose parent is neither listed nor known to be read to its end. The local AWS
          after a restart is such a case: its one shard has no parent at all.
        """
        if self.lease.checkpoint is None:
            return True
        listed = {shard.shard_id for shard in self.shards}
        gone = any(where != END and shard_id not in listed for shard_id, where in self.positions.items())
        known = listed | self.positions.keys()
        return gone or any(not self.positions.get(one.shard_id) and one.parent_id not in known for one in self.shards)

    def catch_up(self) -> None:
        """Announce from the record what the stream no longer holds. Reading then begins at its oldest change."""
        since = self.at and times.stamp(datetime.fromisoformat(self.at) - OVERLAP)
        log.warning("%s does not reach back to its checkpoint; catching up since %s", self.source.name, since)
        pulse.beat(CATCH_UP_SECONDS)
        began = times.stamp(datetime.now(UTC))  # before the catch-up, which may miss changes that are made during it
        self.shards = changes.shards(self.arn)
        self.source.load_catch_up()(since)
        self.positions, self.places, self.at = {}, {}, began
        self.save()

    def step(self) -> bool:
        """Read one page of every shard that may be read now. Returns whether there were any records.

        1. For each shard that is readable (see `_readable`), read a page and pass it to the handler. The checkpoint is
           saved up to the first record that failed.
        2. Move the checkpoint's time to the earliest of the pages' last records. If no page had records, move it to the
           time at which this step began. It never moves back.
        3. Report the lag, if that was not done in the last 30 s.
        4. Save the checkpoint, if that was not done in the last 10 s.

        Raises Trimmed (catch up) and aws.AwsError (begin again at the checkpoint), the latter also if a record failed.
        """
        pulse.beat(pulse.WORK_SECONDS)
        began = datetime.now(UTC)
        moments = [self._read(shard) for shard in self.shards if self._readable(shard)]
        worked = [moment for moment in moments if moment]
        self._move(min(worked, default=began))
        self._tell_lag(began - min(worked, default=began))
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self.save()
        return bool(worked)

    def save(self) -> None:
        """Save the checkpoint. Raises aws.Conflict if the lease was lost."""
        self.lease.save(Checkpoint(self.positions, self.at))
        self._saved = time.monotonic()

    def _tell_lag(self, lag: timedelta) -> None:
        """Report how old the earliest of the pages' last records was when the step began; zero if there were none."""
        if time.monotonic() - self._lag_told > LAG_SECONDS:
            self._lag_told = time.monotonic()
            metrics.put("Foyer", "ChangeStreamLag", max(lag.total_seconds() * 1000, 0.0), "Milliseconds")

    def _readable(self, shard: Shard) -> bool:
        """Whether there is more to read, and the shard's parent was read to its end or is no longer listed."""
        if self.positions.get(shard.shard_id) == END:
            return False
        listed = {one.shard_id for one in self.shards}
        return shard.parent_id not in listed or self.positions.get(shard.parent_id or "") == END

    def _read(self, shard: Shard) -> datetime | None:
        """Read one page and work it. Returns the time of its last record, or None if it was empty."""
        place = self.places.pop(shard.shard_id, None) or changes.iterator(
            self.arn, shard.shard_id, self.positions.get(shard.shard_id, "")
        )
        records, onward = changes.read(place, self.source.batch) if place else ([], None)
        if records and not self._work(shard, records):
            raise aws.Retryable("BatchFailed", "the handler asked for a record again")
        if onward:
            self.places[shard.shard_id] = onward
        else:
            self._end(shard)
        return records[-1]["dynamodb"]["ApproximateCreationDateTime"] if records else None

    def _work(self, shard: Shard, records: list[StreamRecord]) -> bool:
        """Pass the records to the handler, and save the checkpoint up to the first that failed. Returns whether all
        went well.
        """
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_ids(self.source, records, numbers)
        done = next((n for n, number in enumerate(numbers) if number in failed), len(numbers))
        if done:
            self.positions[shard.shard_id] = numbers[done - 1]
            self.save()
        return done == len(numbers)

    def _end(self, shard: Shard) -> None:
        """Mark the shard as read to its end, so that its children may be read. Forget ended shards no longer listed."""
        self.positions[shard.shard_id] = END
        self.shards = changes.shards(self.arn)
        listed = {one.shard_id for one in self.shards}
        self.positions = {name: where for name, where in self.positions.items() if name in listed or where != END}
        self.save()

    def _move(self, moment: datetime) -> None:
        self.at = max(self.at or "", times.stamp(moment))
