"""One batch through a source's handler, as Lambda would do it."""

import logging
from typing import Any

from django.db import close_old_connections

from config.sources import Source

log = logging.getLogger(__name__)


def failed_ids(source: Source, records: list[dict[str, Any]], ids: list[str]) -> set[str]:
    """The ids of the records that the handler did not do. If it raised, that is all of them."""
    close_old_connections()  # a thread's connection may have died since the last batch
    try:
        answer = source.load_handler()({"Records": records}, None)
    except Exception:  # as in Lambda: whatever a handler raises, its batch failed and comes again
        log.exception("The handler of %s failed; its batch of %d comes again", source.name, len(records))
        return set(ids)
    finally:
        close_old_connections()
    return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
