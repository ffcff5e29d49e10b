"""Works a queue: receives ten by long poll, calls the handler, deletes what went well. The rest comes back by itself
and, in the end, goes to the queue's dead-letter queue."""

import logging
import threading

from config import aws, queue
from config.consumer.batch import failed_ids
from config.sources import Source

WAIT_SECONDS = 5  # a long poll, yet short enough to stop soon when asked to
ERROR_SECONDS = 1.0

log = logging.getLogger(__name__)


def run(source: Source, stop: threading.Event) -> None:
    """Work the source until told to stop; what was received by then is worked to its end."""
    while not stop.is_set():
        try:
            work_once(source, WAIT_SECONDS)
        except aws.AwsError as error:
            log.warning("Queue %s cannot be read or cleared now, trying again: %s", source.of, error)
            stop.wait(ERROR_SECONDS)


def work_once(source: Source, wait_seconds: int) -> int:
    """Receive one batch and work it; how many messages went well. Raises aws.AwsError."""
    messages = queue.receive(source.of, source.batch, wait_seconds)
    if not messages:
        return 0
    failed = failed_ids(source, [one.record for one in messages], [one.message_id for one in messages])
    done = [one for one in messages if one.message_id not in failed]
    queue.delete(source.of, done)
    return len(done)
