"""Works a queue: receives a batch by long poll, calls the handler, and deletes the messages that succeeded.

The others come again after a while and, in the end, go to the queue's dead-letter queue.
"""

import threading
from contextlib import suppress
from functools import cache

from config import aws
from config.aws import sqs
from config.aws.outage import Outage
from config.consumer import in_flight, polls, pulse
from config.consumer.batch import failed_ids
from config.consumer.sources import Source

WAIT_SECONDS = 5  # a long poll, yet short enough to stop soon when asked to
ERROR_SECONDS = 1.0
MOST_A_CALL = 10  # messages, by SQS


@cache
def _outage(queue: str) -> Outage:
    return Outage(f"Reading the queue {queue}")


def run(source: Source, stop: threading.Event) -> None:
    """Work the source until `stop` is set. What has been received by then is worked to its end."""
    try:
        while not stop.is_set():
            _round(source, stop)
    finally:
        pulse.stop()


def _round(source: Source, stop: threading.Event) -> None:
    pulse.beat()
    try:
        work_once(source, WAIT_SECONDS)
    except aws.Unreachable:  # which aws.call itself tells
        stop.wait(ERROR_SECONDS)
    except aws.AwsError as error:
        _outage(source.of).failed(error)
        stop.wait(ERROR_SECONDS)
    else:
        _outage(source.of).worked()
        polls.tell(source)


def work_once(source: Source, wait_seconds: int) -> int:
    """Receive one batch and work it. Returns how many messages succeeded. Raises aws.AwsError."""
    messages = _receive(source, wait_seconds)
    if not messages:
        return 0
    pulse.beat(pulse.WORK_SECONDS)
    with in_flight.kept(source.of, messages):
        failed = failed_ids(source, [one.record for one in messages], [one.message_id for one in messages])
    done = [one for one in messages if one.message_id not in failed]
    sqs.delete(source.of, done)
    if source.kind == "queue":  # Celery's tasks say themselves when they come again
        in_flight.later(source.of, [one for one in messages if one.message_id in failed])
    return len(done)


def _receive(source: Source, wait_seconds: int) -> list[sqs.Message]:
    """Receive one batch. SQS gives ten messages a call, so a larger batch takes more calls, while each gives ten."""
    messages = last = sqs.receive(source.of, source.batch, wait_seconds, in_flight.HOLD_SECONDS)
    with suppress(aws.AwsError):  # what was received so far is worked all the same
        while len(last) == MOST_A_CALL and len(messages) < source.batch:
            last = sqs.receive(source.of, source.batch - len(messages), 0, in_flight.HOLD_SECONDS)
            messages = messages + last
    return messages
