"""What a run has done so far of a delivery. It is noted while the run works: people see it, and the next run goes on
there.

A ticket with few comments is taken in at once, and nothing is noted.
"""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from config import aws, times
from ingestion.zendesk import begun
from ingestion.zendesk.client import Fetched
from ticketing import deliveries
from ticketing.deliveries import Delivery

log = logging.getLogger(__name__)

NOTE_SECONDS: Final = 5.0  # of fetching that a run may lose if its worker dies
CAREFUL_SECONDS: Final = 1.0  # the same, once a worker has died over the delivery
HAND_OVER_SECONDS: Final = 30.0  # so the limit of tasks.RUN_SECONDS ends only runs that do not get on
MOST_RUNS: Final = 200  # that get on, for one delivery; a page and a transaction each would be 150 for 5,000 comments
_USABLE = timedelta(hours=1)


class HandOver(Exception):
    """The run has worked for long enough. What it did is noted, and another run should go on."""


class Progress:
    """The progress of one run. With `hands_over` the run ends itself in time, by raising HandOver.

    If the message came before (`redelivered`), a worker probably died over it, and may die again soon. The run then
    notes whatever it does, and hands over at once: a new message is counted anew by its queue.
    """

    def __init__(self, *, hands_over: bool = False, redelivered: bool = False) -> None:
        self._hands_over, self._redelivered = hands_over, redelivered
        self._every = 0.0 if redelivered else NOTE_SECONDS
        self._ends = time.monotonic() + (0.0 if redelivered else HAND_OVER_SECONDS)
        self._noted_at = time.monotonic()
        self._delivery: Delivery | None = None
        self._noted: dict[str, Any] = {}
        self._unsaved: Fetched | None = None
        self._got_on = False
        self.began = times.now()  # the fetching: words that Zendesk redacted later may be in what was fetched

    def begin(self, delivery: Delivery) -> Fetched | None:
        """Begin with a delivery. Returns what an earlier run has fetched of its ticket. Raises aws.AwsError.

        What was noted before the delivery failed, or long ago, counts no more.
        """
        self._delivery, noted = delivery, delivery.progress
        self._noted = {"died": True} if self._redelivered else {}
        if noted.get("at", "") <= max(delivery.ended_at, deliveries.ago(_USABLE)):
            return None
        self._noted = {**noted, **self._noted, "runs": noted.get("runs", 0) + 1}
        if "died" in noted:
            self._every = min(self._every, CAREFUL_SECONDS)
        found = begun.load(delivery.delivery_id) if "fetched" in noted else None
        self.began = noted.get("began", self.began) if found else self.began
        return found

    def fetched(self, so_far: Fetched) -> None:
        """A page of comments was fetched. Raises HandOver and aws.AwsError."""
        self._unsaved = so_far
        if not so_far.is_whole and self._is_time():
            self._note()
            self._hand_over()
        elif so_far.is_whole and "fetched" in self._noted:
            self._note()

    def written(self, there: int, of: int) -> None:
        """Comments were written, and so many of so many are at the desk now. Raises HandOver and aws.AwsError."""
        self._got_on = True
        self._noted |= {"there": there, "of": of}
        if there < of and self._is_time():
            self._note()
            self._hand_over()

    def kept(self) -> bool:
        """Note what is not noted yet, at the end of a run that failed. Returns whether the run got on."""
        with suppress(aws.AwsError):
            if self._unsaved or self._got_on:
                self._note()
        return self._got_on and self._noted.get("runs", 0) < MOST_RUNS

    def forget(self) -> None:
        """Delete what was fetched, because the delivery ends. If that fails, the bucket deletes it later."""
        if self._delivery and "fetched" in self._noted:
            with suppress(aws.AwsError):
                begun.delete(self._delivery.delivery_id)

    def start_anew(self) -> None:
        """What was fetched is outdated: the next run fetches it again."""
        self.forget()
        self._unsaved = None
        self._noted = {name: value for name, value in self._noted.items() if name not in ("fetched", "began")}

    def _is_time(self) -> bool:
        return time.monotonic() >= min(self._noted_at + self._every, self._ends)

    def _note(self) -> None:
        if self._delivery is None:
            return
        if self._unsaved:
            begun.save(self._delivery.delivery_id, self._unsaved)
            self._noted |= {"fetched": len(self._unsaved.comments), "began": self.began}
        self._noted |= {"at": times.now()}
        deliveries.progressed(self._delivery.delivery_id, self._noted)
        self._unsaved, self._got_on, self._noted_at = None, True, time.monotonic()

    def _hand_over(self) -> None:
        if self._hands_over and time.monotonic() >= self._ends:
            raise HandOver
