"""Who reads a change stream, and how far everything in it has been worked: one item per stream, one owner at a time.

The lease is a conditional write and lasts ten seconds; its holder renews it every three. Only the owner can save a
checkpoint, so a reader that has lost its lease cannot move it back.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from config import aws

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0
_CHECKPOINTS = aws.Table("CHECKPOINTS_TABLE")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """How far a stream has been worked.

    `positions` has each shard's last sequence number (`""`: none yet, `END`: all of it). `at` (ISO 8601) is a moment up
    to which every change is known to be worked.
    """

    positions: dict[str, str] = field(default_factory=dict)
    at: str | None = None


END = "END"


class Lease:
    """A held lease. `lost` is set if another reader has it, or if it could not be renewed in time."""

    def __init__(self, source: str, owner: str, checkpoint: Checkpoint | None) -> None:
        self.source = source
        self.owner = owner
        self.checkpoint = checkpoint  # as it was when the lease was taken; None if none was ever saved
        self.lost = threading.Event()
        self._released = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"lease {source}", daemon=True)
        self._keeper.start()

    def save(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint. Raises aws.Conflict if another reader has the lease now."""
        values = {":positions": checkpoint.positions, ":at": checkpoint.at, ":me": self.owner}
        _CHECKPOINTS.update(
            aws.Update({"source": self.source}, "SET positions = :positions, #at = :at", "#owner = :me", values)
        )

    def _keep(self) -> None:
        """Renew until the lease is released or lost. Runs in its own thread: a batch may take longer than a lease."""
        renewed = time.monotonic()
        while not self._released.wait(RENEW_SECONDS):
            try:
                if _take(self.source, self.owner) is None:
                    self.lost.set()
            except aws.AwsError as error:
                log.warning("The lease of %s could not be renewed: %s", self.source, error)
            else:
                renewed = time.monotonic()
            if self.lost.is_set() or time.monotonic() - renewed > LEASE_SECONDS:
                self.lost.set()
                return

    def release(self) -> None:
        """Give the lease up, so that the next reader can take it at once."""
        self._released.set()
        self._keeper.join()  # wait for it: a renewal under way would take the lease back
        try:
            _give_up(self.source, self.owner)
        except aws.AwsError as error:
            log.warning("The lease of %s ends by itself in %d s: %s", self.source, LEASE_SECONDS, error)


@contextmanager
def hold(source: str, owner: str) -> Iterator[Lease | None]:
    """Hold the stream's lease for the block, which gets None if another reader has it. Raises aws.AwsError."""
    values = _take(source, owner)
    if values is None:
        yield None
        return
    positions, at = values.get("positions"), values.get("at")
    lease = Lease(source, owner, None if positions is None else Checkpoint(positions, at))
    try:
        yield lease
    finally:
        lease.release()


def _take(source: str, owner: str) -> dict[str, Any] | None:
    """Take or renew the lease. Returns the item as it then is, or None if another reader holds it."""
    now = int(time.time() * 1000)
    values = {":me": owner, ":until": now + int(LEASE_SECONDS * 1000), ":now": now}
    free = "attribute_not_exists(#owner) OR #owner = :me OR held_until < :now"
    with suppress(aws.Conflict):
        return _CHECKPOINTS.updated(
            aws.Update({"source": source}, "SET #owner = :me, held_until = :until", free, values)
        )
    return None


def _give_up(source: str, owner: str) -> None:
    with suppress(aws.Conflict):  # another reader has it already
        _CHECKPOINTS.update(aws.Update({"source": source}, "REMOVE #owner", "#owner = :me", {":me": owner}))
