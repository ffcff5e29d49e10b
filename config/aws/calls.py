"""One AWS call, with the product's one rule for waiting and trying again.

A call connects within one second and answers within two. It is tried three times in all. The waits double from
0.1 s, with jitter. Where a web request has no time left (config/deadline.py) the first failure stands. botocore's own
retries are switched off: the two would multiply.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Final, ParamSpec, TypeVar

import tenacity

from config import deadline
from config.aws.errors import Contended, Retryable, translated

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

TRIES: Final = 3
FIRST_WAIT: Final = 0.1  # seconds
CONTENTION_SECONDS: Final = 2.0  # how long two writers that meet on one item wait to try again
_PARTING_SECONDS: Final = (0.01, 0.11)  # the shortest and the longest wait of one of them


def call(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one client method and give its answer, e.g. `call(client("sqs").send_message, QueueUrl=…)`.

    Raises NotFound, Conflict and Permanent at once, Retryable after three tries, Contended when it
    has waited two seconds for other writers; both sooner where a web request has to come to its end.
    """
    answer: R = _meet(_retry, _translated, operation, *args, **kwargs)
    return answer


def call_once(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """`call` without the tries, for loops that come round again by themselves."""
    return _translated(operation, *args, **kwargs)


def while_contended() -> Iterator[None]:
    """Rounds of trying again, for who decides anew in each: a first one, then more for two seconds.

    Before each a random bit is waited, so that writers who met part.
    """
    yield
    end = time.monotonic() + CONTENTION_SECONDS
    while time.monotonic() < end:
        time.sleep(random.uniform(*_PARTING_SECONDS))  # noqa: S311 - not a secret
        yield


def _translated(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    with translated():
        return operation(*args, **kwargs)


def _wait(state: tenacity.RetryCallState) -> float:
    """0.1 s, 0.2 s, 0.4 s …, each up to half as long again."""
    spread = random.uniform(0.0, 0.5)  # noqa: S311 - not a secret
    return FIRST_WAIT * 2.0 ** (state.attempt_number - 1) * (1 + spread)


def _met_too_long(state: tenacity.RetryCallState) -> bool:
    """What counts is the waiting for others, not slow answers."""
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

# Writers who met part after a random bit. Around the tries, so that a meeting uses none of them up.
_meet = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(Contended),
    stop=_met_too_long,
    wait=tenacity.wait_random(*_PARTING_SECONDS),
    before_sleep=_log_retry,
    reraise=True,
)
