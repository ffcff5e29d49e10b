"""Moves messages from a dead-letter queue back: receive, send, delete, in this order, so that none is lost.

If the process dies between sending and deleting, a message exists twice. That is harmless: every message keeps its
first id in the attribute `origin_message_id`, and handlers derive their ids from it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from config import aws
from config.aws import sqs
from config.aws.events import SqsRecord
from config.aws.sqs import Message
from config.consumer.dead_letters import ORIGIN, SUFFIX
from config.consumer.sources import sources
from config.progress import silent

HIDDEN_SECONDS = 120  # long enough to look through a large queue without meeting a message twice
WAIT_SECONDS = 1  # a long poll asks all of SQS's servers: an empty answer then means an empty queue

log = logging.getLogger(__name__)


class UnknownQueue(Exception):
    """No queue of ours has this name. Its text lists the known names."""


@dataclass(frozen=True)
class Way:
    """The way from a dead-letter queue back to its queue.

    `about` and `deliveries` are the source's. `again` (a dotted path) is set if the way back is not a queue.
    """

    name: str
    about: str
    deliveries: str = ""
    again: str = ""

    @property
    def dead_letters(self) -> str:
        return self.name + SUFFIX

    def delivery_ids(self, record: SqsRecord) -> set[str]:
        """The ids that the delivery of a message may have; none if these messages have no deliveries."""
        ids: set[str] = import_string(self.deliveries)(record) if self.deliveries else set()
        return ids

    def names_nothing(self, record: SqsRecord) -> bool:
        """Whether a message names no ticket and no delivery. Reads nothing."""
        return not (self.delivery_ids(record) if self.deliveries else about(self, record))


@dataclass
class Moved:
    """What a redrive did: it moved `count` of the `seen` messages.

    `stayed` has, by message id, why a message could not be moved.
    """

    count: int = 0
    seen: int = 0
    stayed: dict[str, str] = field(default_factory=dict)


def ways() -> list[Way]:
    """Every dead-letter queue, with the way back from it."""
    announcer = settings.ANNOUNCER_DEAD_LETTERS.removesuffix(SUFFIX)
    return [
        *(Way(one.of, one.about, one.deliveries) for one in sources() if one.kind != "change-stream"),
        *(Way(announcer, one.about, again=one.again) for one in sources() if one.kind == "change-stream"),
    ]


def way(name: str) -> Way:
    """The way of the queue with this name, or with this dead-letter queue. Raises UnknownQueue."""
    for one in ways():
        if name in (one.name, one.dead_letters):
            return one
    raise UnknownQueue(f"There is no queue {name}. Those that can be redriven: {', '.join(x.name for x in ways())}.")


def move(
    to: Way,
    only: str | None = None,
    limit: int | None = None,
    seconds: float | None = None,
    tell: Callable[[int], object] = silent,
    leave_out: Callable[[SqsRecord], bool] = lambda _: False,
) -> Moved:
    """Move messages from the dead-letter queue back.

    1. Receive up to ten messages, which hides them for two minutes. Ignore those that this call has met before.
    2. Choose from them. With `only`, they must be about that ticket or delivery. `leave_out` gets each record and says
       whether its message has to stay. Choose no more than `limit` still allows.
    3. Send each one back to its queue, or pass it to `to.again`. One that can never be sent is noted in `stayed`.
    4. Delete those that were sent, and report their number to `tell`, even if AWS failed halfway through step 3.
    5. Go on until `limit` messages are moved, `seconds` are over, or no new message arrives.
    6. Release all that were received but not moved, so that they can be received again at once.

    Raises aws.AwsError. What was reported to `tell` by then is moved, and the rest stays; run it again.
    """
    moved, held = Moved(), dict[str, Message]()
    try:
        for messages in _batches(to, moved, held, limit, seconds):
            asked = [one for one in messages if only is None or only in about(to, one.record)]
            wanted = [one for one in asked if not leave_out(one.record)]
            for given in _give(to, wanted[: _room(moved, limit)], moved, tell):
                del held[given.message_id]
    finally:
        _release(to, list(held.values()))
    return moved


def origin(message: Message) -> str:
    """The id with which the message was first sent."""
    given: str | None = message.attributes.get(ORIGIN, {}).get("StringValue")
    return given or message.message_id


def _batches(
    to: Way, moved: Moved, held: dict[str, Message], limit: int | None, seconds: float | None
) -> Iterator[list[Message]]:
    """Yield the messages of the dead-letter queue, each once. One that failed again meanwhile is not taken again."""
    met: set[str] = set()
    began = time.monotonic()
    while _room(moved, limit) and (seconds is None or time.monotonic() - began < seconds):
        messages = sqs.receive(to.dead_letters, 10, WAIT_SECONDS, HIDDEN_SECONDS)
        held |= {one.message_id: one for one in messages}
        new = [one for one in messages if origin(one) not in met]
        if not new:
            return
        met |= {origin(one) for one in new}
        moved.seen += len(new)
        yield new


def _room(moved: Moved, limit: int | None) -> int:
    return 10 if limit is None else max(min(limit - moved.count, 10), 0)


def about(to: Way, record: SqsRecord) -> set[str]:
    """The ids of the ticket and the delivery that a dead letter is about. Raises aws.AwsError."""
    ids: set[str] = import_string(to.about)(record)
    return ids


def _give(to: Way, messages: list[Message], moved: Moved, tell: Callable[[int], object]) -> list[Message]:
    """Send each message back, then delete those that were sent. Returns these."""
    given: list[Message] = []
    try:
        for message in messages:
            try:
                _give_one(to, message)
            except aws.Permanent as error:  # too large because of the added attribute, for instance
                moved.stayed[message.message_id] = error.message or error.code
            else:
                given.append(message)
    finally:
        sqs.delete(to.dead_letters, given)
        moved.count += len(given)
        tell(len(given))
    return given


def _give_one(to: Way, message: Message) -> None:
    if to.again:
        import_string(to.again)(message.record)
    else:
        sqs.forward(to.name, message, {ORIGIN: origin(message)})


def _release(to: Way, held: list[Message]) -> None:
    try:
        sqs.hide(to.dead_letters, {one.receipt: 0 for one in held})
    except aws.AwsError as error:
        log.warning("What stays in %s is hidden for up to %d s: %s", to.dead_letters, HIDDEN_SECONDS, error)
