"""The desk's start page and sidebar: the queues that staff work by, and the other pages that they may see."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from ticketing.desk.list_filters import MINE, NOBODYS, UNSOLVED
from ticketing.desk.page import LIST

Entry = dict[str, Any]

_VIEW = "ticketing.view_indexedticket"
_QUEUES: list[tuple[str, str, dict[str, str]]] = [
    ("All tickets", "inbox", {}),
    ("Unsolved gold", "workspace_premium", {"status": UNSOLVED, "tier__exact": "gold"}),
    ("Unassigned", "person_off", {"status": UNSOLVED, "assignee": NOBODYS}),
    ("Mine", "assignment_ind", {"status": UNSOLVED, "assignee": MINE}),
]
_OTHERS: list[tuple[str, str, str, str]] = [
    ("Deliveries", "move_to_inbox", "ticketing_delivery", "ticketing.view_delivery"),
    ("Jobs", "sync", "ticketing_job", "ticketing.view_job"),
    ("Erase a person", "person_remove", "ticketing_erasure", "ticketing.erase_person"),
    ("Due times", "schedule", "routing_clock", "routing.view_clock"),
    ("API tokens", "key", "routing_apitoken", "routing.view_apitoken"),
    ("Users", "group", "auth_user", "auth.view_user"),
    ("Groups", "groups", "auth_group", "auth.view_group"),
    ("Record", "history", "audit_entry", "audit.view_entry"),
]


def home(request: HttpRequest) -> HttpResponse:
    """`/desk/`: the ticket list, for people who may see tickets; for others, Django's index of what they may see."""
    if request.user.has_perm(_VIEW):
        return HttpResponseRedirect(reverse(LIST))
    return admin.site.index(request)


def sections(request: HttpRequest) -> list[Entry]:
    """The sidebar, in the form of Unfold's `SIDEBAR.navigation`."""
    others = [entry for other in _OTHERS for entry in _other(request, *other)] + _locked_out(request)
    queues = [_queue(request, *queue) for queue in _QUEUES] if request.user.has_perm(_VIEW) else []
    return [{"title": "Queues", "items": queues}, {"title": "Administration", "separator": True, "items": others}]


def _queue(request: HttpRequest, title: str, icon: str, chosen: dict[str, str]) -> Entry:
    address = reverse(LIST)
    in_list = request.path == address
    here = request.GET.dict() == chosen if in_list else not chosen and request.path.startswith(address)
    link = f"{address}?{urlencode(chosen)}" if chosen else address
    return {"title": title, "icon": icon, "link": link, "active": here}


def _other(request: HttpRequest, title: str, icon: str, model: str, permission: str) -> list[Entry]:
    if not request.user.has_perm(permission):
        return []
    try:
        link = reverse(f"admin:{model}_changelist")
    except NoReverseMatch:  # pages of other apps are known by name only; without a page, no entry
        return []
    return [{"title": title, "icon": icon, "link": link}]


def _locked_out(request: HttpRequest) -> list[Entry]:
    """Who tried too many passwords is for superusers to see, whatever permissions others have."""
    if not (request.user.is_active and request.user.is_superuser):
        return []
    return [{"title": "Locked out", "icon": "lock_clock", "link": reverse("locked_out")}]
