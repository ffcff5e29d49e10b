"""The page *Locked out*: the names and addresses with too many wrong passwords. Superusers let them in again."""

import ipaddress
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from audit import trail
from audit.actions import Action
from signin.lockout import cool_off

_MOST = 200  # on the page, those that failed last


def locked_page(request: HttpRequest) -> HttpResponse:
    """The page, or, after a button, a redirect back to it. Raises PermissionDenied for all but superusers."""
    if not request.user.is_superuser:
        raise PermissionDenied
    if request.method == "POST":
        _let_in(request)
        return HttpResponseRedirect(request.path)
    names = _locked("username", settings.SIGN_IN_FAILURES)
    addresses = _locked("ip_address", settings.SIGN_IN_ADDRESS_FAILURES)
    context = {**admin.site.each_context(request), "title": "Locked out", "lists": [names, addresses]}
    return TemplateResponse(request, "signin/locked_page.html", context)


def _locked(field: str, limit: int) -> dict[str, Any]:
    counting = AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - cool_off(), **{f"{field}__isnull": False})
    sums = counting.order_by().values(field).annotate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    found = sums.filter(failures__gte=limit).order_by("-last")[:_MOST]
    rows = [{"value": one[field], "failures": one["failures"], "until": one["last"] + cool_off()} for one in found]
    return {"field": field, "label": "Name" if field == "username" else "Address", "rows": rows}


def _let_in(request: HttpRequest) -> None:
    chosen = _chosen(request)
    failures = AccessAttempt.objects.filter(**chosen) if chosen else AccessAttempt.objects.none()
    if not failures.exists():
        messages.info(request, "Nothing was locked under that name or address.")
        return
    with transaction.atomic():
        failures.delete()
        _record(chosen)
    messages.success(request, f"{next(iter(chosen.values()))} may try again.")


def _record(chosen: dict[str, str]) -> None:
    address = chosen.get("ip_address")
    target, details = (f"address {address}", {}) if address else trail.of_name(chosen["username"])
    trail.record(Action.LET_IN_AGAIN, target=target, details=details)


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The name or the address of the button that was pressed."""
    name, address = request.POST.get("username", ""), request.POST.get("ip_address", "")
    if address:
        try:
            return {"ip_address": str(ipaddress.ip_address(address))}
        except ValueError:  # PostgreSQL takes nothing else
            return {}
    return {"username": name.replace("\0", "")} if name else {}
