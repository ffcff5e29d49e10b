"""Who tries wrong passwords is locked out for a while: the name, and the address they come from.

A name alone would let a stranger keep an agent out for ever. So a browser in which somebody has signed in before has a
count of its own: wrong passwords from elsewhere do not reach it.
"""

import math
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from signin.known_device import knows

_BY_NAME, _BY_ADDRESS, _BY_BOTH = "username", "ip_address", ["username", "ip_address"]


class Handler(AxesDatabaseHandler):
    """django-axes' own, but an address may have more failures than a name: many people share one."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The failures that count, in the measure of a name's limit, which is AXES_FAILURE_LIMIT."""
        return max(failures for failures, _ in self._counted(request, credentials))

    def seconds_left(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """For how long the person is locked out at most; 0 if they are not."""
        ends = [end for failures, end in self._counted(request, credentials) if failures >= settings.SIGN_IN_FAILURES]
        return max((math.ceil((end - timezone.now()).total_seconds()) for end in ends), default=0)

    def _counted(self, request: HttpRequest, credentials: dict[str, Any] | None) -> list[tuple[int, Any]]:
        counted = zip(counted_by(request, credentials), self.get_user_attempts(request, credentials), strict=True)
        return [_measured(by, attempts) for by, attempts in counted]


def _measured(by: Any, attempts: Any) -> tuple[int, Any]:
    """The failures in the measure of a name's limit, and when they count no more."""
    found = attempts.aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    failures, end = found["failures"] or 0, (found["last"] or timezone.now()) + get_cool_off()
    if by == _BY_ADDRESS:
        failures = failures * settings.SIGN_IN_FAILURES // settings.SIGN_IN_ADDRESS_FAILURES
    return failures, end


def counted_by(request: Any, credentials: dict[str, Any] | None = None) -> list[Any]:
    """What a failure counts against: the name and the address, or, in a known browser, both together alone."""
    name = (credentials or {}).get("username") or ""
    if isinstance(request, HttpRequest) and knows(request, name):
        return [_BY_BOTH]
    return [_BY_NAME, _BY_ADDRESS]


def forget(request: HttpRequest, name: str) -> None:
    """Forget the person's own slips, at their sign-in.

    Failures of other names, and of this name from elsewhere, stay. Otherwise whoever has an account could clear their
    address's count, and guess on.
    """
    address = getattr(request, "axes_ip_address", None)
    AccessAttempt.objects.filter(username=name, ip_address=address).delete()


def locked_out(request: HttpRequest, response: Any, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page for somebody who is locked out. It says the same whether or not there is such a name."""
    seconds = Handler().seconds_left(request, credentials)
    context = {**admin.site.each_context(request), "title": "Locked out", "minutes": max(1, math.ceil(seconds / 60))}
    answer = render(request, "signin/locked_out.html", context, status=429)
    answer["Retry-After"] = str(max(1, seconds))
    return answer


def cool_off(request: HttpRequest | None = None) -> timedelta:
    """How long failures count."""
    return timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
