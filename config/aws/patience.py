"""Retries for work that nobody waits for: a command that runs for minutes should survive seconds without AWS or SQL."""

import logging
from threading import Event

import tenacity
from django.db import OperationalError, close_old_connections

from config.aws.errors import Contended, Retryable

TRIES = 6

log = logging.getLogger(__name__)


def _before_sleep(state: tenacity.RetryCallState) -> None:
    tenacity.before_sleep_log(log, logging.WARNING)(state)
    if state.outcome and isinstance(state.outcome.exception(), OperationalError):
        close_old_connections()  # a broken connection would stay broken


# `patiently(function, *arguments)` calls the function, and again if AWS or the database cannot do it now. The waits are
# 1, 2, 4, 8 and 16 seconds, on top of each call's own retries. Calling the function twice must do no harm.
patiently = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type((Retryable, Contended, OperationalError)),
    stop=tenacity.stop_after_attempt(TRIES),
    wait=tenacity.wait_exponential(),
    before_sleep=_before_sleep,
    reraise=True,
)


def until(ended: Event) -> tenacity.Retrying:
    """Like `patiently`, but stops waiting and gives up once `ended` is set, for work that may be told to end."""
    stop = tenacity.stop_any(tenacity.stop_after_attempt(TRIES), tenacity.stop_when_event_set(ended))
    return patiently.copy(sleep=ended.wait, stop=stop)
