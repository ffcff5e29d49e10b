"""Calls AWS, with the product's one rule for timeouts and retries.

A call connects within one second and, by default, answers within two. It is tried three times in all. The waits start
at 0.1 s and double, with jitter. If a web request has no time left (config/deadline.py), its first failure is final.
botocore's own retries are off, because the two would multiply.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Final, ParamSpec, TypeVar

import tenacity

from config import deadline
from config.aws.errors import Contended, Retryable, Unreachable, translated
from config.aws.outage import Outage

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)
_outage = Outage("AWS")

TRIES: Final = 3
FIRST_WAIT: Final = 0.1  # seconds
CONTENTION_SECONDS: Final = 2.0  # how long writers that collide on one item keep trying
_PARTING_SECONDS: Final = (0.01, 0.11)  # shortest and longest wait between two of those tries


def call(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one client method and return its answer, e.g. `call(client("sqs").send_message, QueueUrl=…)`.

    Raises NotFound, Conflict and Permanent at once, Retryable after three tries, and Contended after waiting two
    seconds for other writers. In a web request, the last two come sooner if its deadline has passed.
    """
    answer: R = _meet(_retry, _translated, operation, *args, **kwargs)
    return answer


def call_once(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Like `call`, but without retries, for loops that come round again by themselves."""
    return _translated(operation, *args, **kwargs)


def while_contended() -> Iterator[None]:
    """Yield once, then again for up to two seconds, for callers that read and decide anew in each round.

    Before each further round it waits for a random time, to separate writers that collided.
    """
    yield
    end = time.monotonic() + CONTENTION_SECONDS
    while time.monotonic() < end:
        time.sleep(random.uniform(*_PARTING_SECONDS))  # noqa: S311 - not a secret
        yield


def _translated(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        with translated():
            answer = operation(*args, **kwargs)
    except Unreachable as error:
        _outage.failed(error)
        raise
    _outage.worked()
    return answer


def _wait(state: tenacity.RetryCallState) -> float:
    """Seconds to wait: 0.1, 0.2, 0.4 …, each up to half as long again."""
    spread = random.uniform(0.0, 0.5)  # noqa: S311 - not a secret
    return FIRST_WAIT * 2.0 ** (state.attempt_number - 1) * (1 + spread)


def _met_too_long(state: tenacity.RetryCallState) -> bool:
    """Only the time spent waiting for other writers counts, not slow answers."""
    return state.idle_for > CONTENTION_SECONDS or deadline.passed()


def _tried_enough(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number >= TRIES or deadline.passed()


def _log_retry(state: tenacity.RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action else 0.0
    failure = state.outcome.exception() if state.outcome else None
    log.warning("AWS call failed at try %d, again in %.2f s: %s", state.attempt_number, wait, failure)


_retry = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(Retryable),
    stop=_tried_enough,
    wait=_wait,
    before_sleep=_log_retry,
    reraise=True,
)

# Random waits separate writers that collided. This wraps `_retry`, so that a collision uses up none of its tries.
_meet = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(Contended),
    stop=_met_too_long,
    wait=tenacity.wait_random(*_PARTING_SECONDS),
    before_sleep=_log_retry,
    reraise=True,
)
