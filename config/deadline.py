"""The deadline of a web request: it answers within ten seconds, whatever AWS does meanwhile."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# A call that fails before this is tried again, and that ends within ten seconds: after 0.3 s of waiting, a try that is
# never answered takes 5 s. Those are one to connect, one for S3's `100 Continue`, one to send, and two to answer.
LAST_TRY_SECONDS: Final = 4.5

_last_try: ContextVar[float] = ContextVar("last_try", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let no AWS call in the block be retried once so many seconds are over."""
    token = _last_try.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _last_try.reset(token)


def passed() -> bool:
    """Whether it is too late for another try. Never outside a request: a worker uses all its tries."""
    return time.monotonic() > _last_try.get()
