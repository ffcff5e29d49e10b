"""When a web request has to come to its end: it answers within ten seconds, whatever AWS does meanwhile."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# Who fails by then tries again, and that ends within ten seconds: 0.3 s to wait, and five for a try that is never
# answered: one to connect, one that S3 has to say `100 Continue`, one to send, and two to answer.
LAST_TRY_SECONDS: Final = 4.5

_last_try: ContextVar[float] = ContextVar("last_try", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What the block asks of AWS in vain is not asked again when so many seconds are over."""
    token = _last_try.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _last_try.reset(token)


def passed() -> bool:
    """Whether there is no time for another try. Never outside a request: a worker has all the tries there are."""
    return time.monotonic() > _last_try.get()
