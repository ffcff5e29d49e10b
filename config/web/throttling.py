"""The rate limit of each token: by default 500 requests a second, bursts to 1000. Each web process counts its own."""

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.caller import caller_behind
from config.web.errors import TooManyRequests

if TYPE_CHECKING:
    from rest_framework.views import APIView

_KEPT = 10_000  # buckets of recently seen tokens; to forget a full one changes nothing

_buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()  # token id: (requests left, at)
_lock = threading.Lock()


class TokenBucket(BaseThrottle):
    """Takes a request from the token's bucket, or raises a 429 that says in how many seconds there is one again."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        caller = caller_behind(request)
        wait = _take(caller.token_id, time.monotonic()) if caller else 0.0
        if wait > 0:
            raise TooManyRequests("Too many requests: wait and try again", Retry_After=str(math.ceil(wait)))
        return True


def _take(key: int, now: float) -> float:
    """Take one request from the bucket. Returns 0, or the seconds until there is one to take."""
    rate, burst = settings.TOKEN_REQUESTS_PER_SECOND, settings.TOKEN_REQUESTS_BURST
    with _lock:
        left, at = _buckets.pop(key, (float(burst), now))
        left = min(float(burst), left + (now - at) * rate)
        wait = 0.0 if left >= 1 else (1 - left) / rate
        _buckets[key] = (left if wait else left - 1, now)
        if len(_buckets) > _KEPT:
            _buckets.popitem(last=False)
        return wait
