"""Received messages: hidden from other readers for some seconds at a time, for as long as they are worked.

A receive whose answer is cut off on its way hides its messages all the same, and nobody knows of them. So does a
process that dies. With a short hold both cost some seconds, where the queue's own visibility timeout may be minutes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from config import aws
from config.aws import sqs
from config.aws.events import SqsRecord

HOLD_SECONDS: int = 7  # a message of which nobody knows is received again after them
KEEP_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 120.0  # for which work is waited for: longer than a task may take
# Before a message that failed is tried again. A fault of a moment costs five seconds; five tries outlast two minutes.
WAITS: tuple[int, ...] = (5, 15, 40, 60, 30)


@contextmanager
def kept(queue: str, messages: list[sqs.Message]) -> Iterator[None]:
    """Keep the messages hidden while the block works them. That costs no call if it takes less than KEEP_SECONDS."""
    done = threading.Event()
    threading.Thread(target=_keep, args=[queue, messages, done], name=f"{queue} in flight", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def later(queue: str, messages: list[sqs.Message]) -> None:
    """Hide messages that failed until their next try. If AWS cannot be told, they come again sooner."""
    with suppress(aws.AwsError):
        sqs.hide(queue, {one.receipt: wait(one.record) for one in messages})


def wait(record: SqsRecord) -> int:
    """Seconds until the next try of a message that failed, by how often it was received."""
    tries = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return WAITS[min(tries, len(WAITS)) - 1]


def _keep(queue: str, messages: list[sqs.Message], done: threading.Event) -> None:
    receipts = {one.receipt: float(HOLD_SECONDS) for one in messages}
    for _ in range(int(LONGEST_SECONDS / KEEP_SECONDS)):
        if done.wait(KEEP_SECONDS):
            return
        with suppress(aws.AwsError):  # a message that is received twice is worked twice, to the same end
            sqs.hide(queue, receipts)
