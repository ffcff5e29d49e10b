"""Works a ticket's lane: sends to Zendesk what staff wrote at the desk, in its order, each once.

It may die anywhere and run again, and two may run at once:

1. One run holds the lane. If it dies, its lease ends. Who comes meanwhile comes again after that.
2. That a comment's sending begins is written down before Zendesk is asked. A later run then looks first whether
   Zendesk has the comment.
3. Only what has ended is taken off the lane. So the order stays.
"""

import logging
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings

from config import times
from config.request_id import working_on
from ingestion.zendesk import marker, posting
from ingestion.zendesk.errors import GiveUp, TryLater
from ingestion.zendesk.posting import Found, Throttled
from ticketing import deliveries, service
from ticketing.answers import adopted, lane, promises
from ticketing.answers.lane import Lane, Lost
from ticketing.deliveries import Delivery
from ticketing.tickets.ticket import Comment

LEASE: Final = timedelta(seconds=90)  # a run ends within 55 seconds (answer_tasks.py)
WORK_SECONDS: Final = 20.0  # then the rest is another run's
MOST, WINDOW = 30, timedelta(minutes=10)  # Zendesk takes so many updates of a ticket from one user in that time
TRIES: Final = 12
FIRST_WAIT, LONGEST_WAIT = 30, 900  # seconds; the first is long enough for a request to end that Zendesk still works on
_SOON = 5.0  # seconds that a run waits for rather than leave it to beat

_OFF = "Answering back was switched off before this was sent: switch ZENDESK_ANSWER_BACK on, then send it again"
_REPLACED = "It was changed or redacted at the desk before it was sent, so it was not sent"

log = logging.getLogger(__name__)


class _Wait(Exception):
    """The first comment of the lane is due again in so many seconds."""

    def __init__(self, seconds: float, failures: int) -> None:
        super().__init__()
        self.seconds, self.failures = seconds, failures


def work(delivery_id: str, *, may_wait: bool = True) -> float | None:
    """Send what waits in the lane of the delivery's ticket. Returns in how many seconds to go on, None if not at all.

    Without `may_wait`, what fails for now fails at once. Raises aws.AwsError: come again when the lease has ended.
    """
    delivery = deliveries.get(delivery_id)
    if delivery is None or not delivery.ticket_id:
        return None
    found = _joined(lane.read(delivery.ticket_id), delivery)
    if not found.waiting:
        return None
    if found.held:  # who holds it works this one too, unless they are dead
        return max(_seconds_until(found.until), 0.0) + 1
    if (due := _seconds_until(found.not_before)) > 0:  # the run that paused it has queued the next, or beat does
        return due if due <= _SOON else None
    try:
        return _work(lane.claim(delivery.ticket_id, str(uuid.uuid4()), _in(LEASE)), may_wait)
    except Lost:
        return None


def _joined(found: Lane, delivery: Delivery) -> Lane:
    """The lane with the answer in it, unless it has ended. One that failed, and shall be sent again, is not there."""
    if delivery.state != "accepted" or delivery.delivery_id in found.waiting:
        return found
    lane.rejoin(found.ticket_id, delivery.delivery_id)
    return lane.read(found.ticket_id)


def _work(held: Lane, may_wait: bool) -> float | None:
    """Bring one after the other to its end. Returns as `work` does. Raises Lost if somebody else holds the lane."""
    end = time.monotonic() + WORK_SECONDS
    while held.waiting:
        if time.monotonic() > end:
            lane.let_go(held)
            return 0.0
        try:
            held = _ended(held, may_wait)
        except _Wait as wait:
            lane.pause(held, _in(timedelta(seconds=wait.seconds)), wait.failures)
            return wait.seconds
        if not held.waiting:
            held = lane.let_go_if_empty(held)
    return None


def _ended(held: Lane, may_wait: bool) -> Lane:
    """Bring the first comment to its end, and take it off the lane. Raises _Wait if it cannot end yet."""
    delivery = deliveries.get(held.waiting[0])
    if delivery and delivery.state == "accepted":
        with working_on(delivery.request_id):
            try:
                held = _sent(held, delivery)
            except GiveUp as error:
                _fail(delivery, error.sentence)
            except TryLater as error:
                _failed_for_now(held, delivery, error, may_wait)
    return lane.leave(held)


def _failed_for_now(held: Lane, delivery: Delivery, error: TryLater, may_wait: bool) -> None:
    """Note the try. Raises _Wait, unless it was the last one."""
    failures = held.failures + (0 if isinstance(error, Throttled) else 1)
    if may_wait and failures < TRIES:
        deliveries.attempt(delivery.delivery_id, error.sentence)
        raise _Wait(_wait(failures, error), failures)
    _fail(delivery, f"{error.sentence}. Look in Zendesk whether it is there. If it is not, send it again")


def _sent(held: Lane, delivery: Delivery) -> Lane:
    """Send the comment, unless Zendesk has it or shall not get it, and note that. Raises TryLater and GiveUp."""
    comment = promises.find_comment(delivery)
    was_begun = held.begun == delivery.delivery_id or delivery.attempts > 0
    if comment is None or not (was_begun or promises.stands(delivery, comment)):
        return _kept(held, delivery)
    if not settings.ZENDESK_ANSWER_BACK:
        raise GiveUp(_OFF)
    found = (
        posting.find(delivery.key, comment, partial(_is_anothers, comment, delivery.key)) if was_begun else Found(None)
    )
    if found.comment is None and not promises.stands(delivery, comment):
        return _kept(held, delivery)
    held, theirs = (held, found.comment) if found.comment else _posted(held, delivery, comment, found.updated_at)
    if theirs:
        adopted.adopt(comment, marker.own_key(delivery.key, theirs, comment))
    deliveries.finish(delivery.delivery_id, "updated", ticket_id=delivery.ticket_id)
    return held


def _is_anothers(comment: Comment, zendesk_id: str, theirs: dict[str, Any]) -> bool:
    """Whether Zendesk's comment, which only its words make the same, is an earlier answer that said the same."""
    if marker.of(theirs) == comment.comment_id:
        return False
    there = service.known_comments(comment.ticket_id).get(marker.key(zendesk_id, theirs).keyed_id)
    if there is None or there.comment_id == comment.comment_id:
        return False
    return adopted.promised(comment.ticket_id, there.comment_id) is not None


def _posted(held: Lane, delivery: Delivery, comment: Comment, seen: str | None) -> tuple[Lane, dict[str, Any] | None]:
    """The lane, and the comment as Zendesk has it now, if it tells: in its answer, or else in its list.

    `seen` is as `posting.post` takes it.
    """
    held = lane.begin(held, _with_this(held))
    posted = posting.post(delivery.key, comment, seen)
    return held, posted or posting.find(delivery.key, comment, partial(_is_anothers, comment, delivery.key)).comment


def _kept(held: Lane, delivery: Delivery) -> Lane:
    """Note that it is not sent."""
    deliveries.finish(delivery.delivery_id, "ignored", note=_REPLACED, ticket_id=delivery.ticket_id)
    return held


def _with_this(held: Lane) -> list[str]:
    """When the last sendings began, with one that begins now. Raises _Wait if that were one too many."""
    recent = [at for at in held.sent if at > _in(-WINDOW)]
    if len(recent) >= MOST:
        raise _Wait(_seconds_until(recent[0]) + WINDOW.total_seconds() + 1, held.failures)
    return [*recent, times.now()]


def _fail(delivery: Delivery, sentence: str) -> None:
    log.warning("Answer %s did not reach Zendesk ticket %s: %s", delivery.delivery_id, delivery.key, sentence)
    deliveries.finish(delivery.delivery_id, "failed", ticket_id=delivery.ticket_id, error=sentence)


def _wait(failures: int, error: TryLater) -> float:
    """Seconds: 30, 60, 120 and so on, at most 900, or as long as Zendesk asks for, if that is longer."""
    backoff = FIRST_WAIT * 2.0 ** max(failures - 1, 0)
    return float(min(max(backoff, error.after or 0), LONGEST_WAIT))


def _in(span: timedelta) -> str:
    return times.stamp(_now() + span)


def _seconds_until(moment: str) -> float:
    at = times.parse(moment)
    return (at - _now()).total_seconds() if at else 0.0


def _now() -> datetime:
    return times.parse(times.now()) or datetime.now(UTC)
