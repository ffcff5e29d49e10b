"""Waiting for AWS and for SQL where nobody waits for an answer: what runs for minutes does not end at a hiccup of
seconds.
"""

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
        close_old_connections()  # one that broke would stay broken


# patiently(function, *arguments) calls it, and again where AWS or the database cannot do it now, after 1, 2, 4, 8 and
# 16 seconds, which is on top of what each call tries by itself. Doing it twice must do no harm.
patiently = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type((Retryable, Contended, OperationalError)),
    stop=tenacity.stop_after_attempt(TRIES),
    wait=tenacity.wait_exponential(),
    before_sleep=_before_sleep,
    reraise=True,
)


def until(ended: Event) -> tenacity.Retrying:
    """The same, but for somebody who may be told to end: the waiting ends then, too."""
    stop = tenacity.stop_any(tenacity.stop_after_attempt(TRIES), tenacity.stop_when_event_set(ended))
    return patiently.copy(sleep=ended.wait, stop=stop)
