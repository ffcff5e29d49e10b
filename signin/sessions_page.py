"""The page *Your sessions*: where a person is signed in, and buttons that end that."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from signin.models import Session


def own_sessions(request: HttpRequest) -> HttpResponse:
    """The page, or, after a button, a redirect back to it. Nobody ends a session that is not theirs."""
    if request.method == "POST":
        _end(request)
        return HttpResponseRedirect(request.path)
    rows = [_row(one, request) for one in _open(request).order_by("-seen_at")]
    context = {**admin.site.each_context(request), "title": "Your sessions", "rows": rows}
    return TemplateResponse(request, "signin/sessions.html", context)


def _open(request: HttpRequest) -> QuerySet[Session]:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else through
    return Session.objects.filter(user=request.user, expire_date__gt=timezone.now())


def _end(request: HttpRequest) -> None:
    others = [one for one in _open(request) if one.session_key != request.session.session_key]
    if "others" in request.POST:
        chosen = others
    else:
        name = request.POST.get("end", "")
        chosen = [one for one in others if constant_time_compare(_name(one), name)]
    if not chosen:
        messages.info(request, "There was no other session to end.")
        return
    Session.objects.filter(pk__in=[one.pk for one in chosen]).delete()
    messages.success(request, "The session has ended." if len(chosen) == 1 else f"{len(chosen)} sessions have ended.")


def _row(session: Session, request: HttpRequest) -> dict[str, Any]:
    return {
        "session": session,
        "name": _name(session),
        "device": device(session.device),
        "here": session.session_key == request.session.session_key,
    }


def _name(session: Session) -> str:
    """What the page calls a session. Its key opens it, so that stays out of every page."""
    return salted_hmac("signin.session", session.session_key, algorithm="sha256").hexdigest()[:32]


# The first that the browser names counts. Others name Chrome and Safari, too, so these come last.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(named: str) -> str:
    """A browser's own name (`User-Agent`) in a few words. What is unknown is shown as it came."""
    browser = next((name for mark, name in _BROWSERS if mark in named), "")
    system = next((name for mark, name in _SYSTEMS if mark in named), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or named or "Unknown"
