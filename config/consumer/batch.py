"""Passes one batch to a source's handler, as Lambda would."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import cast

from django.db import close_old_connections

from config import aws
from config.aws.events import SqsRecord, StreamRecord
from config.aws.outage import Outage
from config.consumer.sources import Source

log = logging.getLogger(__name__)


@cache
def _outage(name: str) -> Outage:
    return Outage(f"The handler of {name}")


def failed_ids(source: Source, records: Sequence[SqsRecord | StreamRecord], ids: list[str]) -> set[str]:
    """Return the ids of the records that the handler did not finish.

    If it raised, these are all of them. A queue's messages are then tried again one by one. Otherwise a single message
    that makes the handler raise would take its whole batch to the dead-letter queue.
    """
    failed = _failed(source, records, alone=len(records) == 1)
    if failed is None and source.kind == "queue" and len(records) > 1:
        return {one for one, record in zip(ids, records, strict=True) if _failed(source, [record], alone=True) != set()}
    return set(ids) if failed is None else failed


def _failed(source: Source, records: Sequence[SqsRecord | StreamRecord], *, alone: bool) -> set[str] | None:
    """The ids that the handler names as failed, or None if it raised."""
    close_old_connections()  # a thread's connection may have died since the last batch
    try:
        answer = source.load_handler()({"Records": records}, None)
    except Exception as error:  # as in Lambda: whatever a handler raises, its batch failed and comes again
        if not _told(source, error):
            log.exception("The handler of %s failed; its batch of %d comes again", source.name, len(records))
        if alone and source.note:
            _note(source, cast(SqsRecord, records[0]), error)  # only a queue has a `note`
        return None
    finally:
        close_old_connections()
    _outage(source.name).worked()
    return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


def _told(source: Source, error: Exception) -> bool:
    """Whether AWS only needs time. That is told in few lines; what may be a fault of ours needs its traceback."""
    if isinstance(error, aws.Unreachable):  # which aws.call itself tells
        return True
    if isinstance(error, aws.Permanent) or not isinstance(error, aws.AwsError):
        return False
    _outage(source.name).failed(error)
    return True


def _note(source: Source, record: SqsRecord, error: Exception) -> None:
    """Record what was raised, where people look. The message comes again, or is dead-lettered, in either case."""
    with suppress(aws.AwsError):
        source.load_note()(record, error)
