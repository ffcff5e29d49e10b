"""Puts aside, with its cause, a message that no try can ever work; and says why messages were put aside."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from config import aws
from config.aws import sqs
from config.aws.events import SqsRecord, attribute

ORIGIN: Final = "origin_message_id"  # the id with which a message was first sent
CAUSE: Final = "cause"
SUFFIX: Final = "DLQ"  # what follows a queue's name in the name of its dead-letter queue
LOOKED_AT: Final = 10  # messages, of which `causes` tells
_NONE = "No cause is noted here: see its delivery below, or the log"
_FOREIGN = "No cause is noted here, and it names no ticket: another program wrote it, or see the log"

log = logging.getLogger(__name__)


def put_aside(queue: str, record: SqsRecord, cause: str) -> bool:
    """Send the message to the queue's dead-letter queue with its cause. Returns whether that worked.

    Then the message is done. If not, report it as failed: it comes again, and in the end SQS itself moves it, without
    a cause. `cause` is a sentence for people, and quotes nothing of the message, since the log gets it too.
    """
    log.error("Message %s of %s goes to its dead-letter queue: %s", record["messageId"], queue, cause)
    more = {ORIGIN: attribute(record, ORIGIN) or record["messageId"], CAUSE: cause}
    try:
        sqs.send_again(queue + SUFFIX, record, more)
    except aws.AwsError as error:
        log.warning("Message %s could not be put aside now, so it comes again: %s", record["messageId"], error)
        return False
    return True


def causes(dead_letters: str, names_nothing: Callable[[SqsRecord], bool]) -> list[tuple[str, int]]:
    """Why the first ten messages of a dead-letter queue lie there, with their number. Raises aws.AwsError.

    They stay visible to others while they are looked at. `names_nothing` says of one without a cause whether it names
    nothing of ours.
    """
    seen = sqs.receive(dead_letters, LOOKED_AT, wait_seconds=0, hidden_seconds=0)
    found = Counter(attribute(one.record, CAUSE) or (_FOREIGN if names_nothing(one.record) else _NONE) for one in seen)
    return found.most_common()
