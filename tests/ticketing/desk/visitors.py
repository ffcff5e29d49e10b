"""Who comes to the desk, and what each of its addresses asks of them. A new address has to be added here."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission, User

Rule = Callable[[Any], bool]


def may(*alternatives: str) -> Rule:
    """One of these is enough. Each is a permission, or several with blanks between."""
    return lambda user: any(user.has_perms(one.split()) for one in alternatives)


def sees(model: str) -> Rule:
    """To view the model, or to change it, which Django takes for both."""
    app, name = model.split(".")
    return may(f"{app}.view_{name}", f"{app}.change_{name}")


def superuser(user: Any) -> bool:
    return bool(user.is_superuser)


def staff(user: Any) -> bool:
    return True


def nobody(user: Any) -> bool:
    return False


USERS, GROUPS, TOKENS, CLOCKS = "desk/auth/user/", "desk/auth/group/", "desk/routing/apitoken/", "desk/routing/clock/"
RECORD, ERASURES = "desk/audit/entry/", "desk/ticketing/erasure/"
TICKETS, DELIVERIES, JOBS = "desk/ticketing/indexedticket/", "desk/ticketing/delivery/", "desk/ticketing/job/"
_ID = "<path:object_id>/"
_SEES_JOBS, _STARTS_JOBS = sees("ticketing.job"), may("ticketing.change_job")
_EXPORTS = may("ticketing.view_indexedticket ticketing.change_job")
_REDACTS = may(
    "ticketing.redact_indexedticket ticketing.view_indexedticket",
    "ticketing.redact_indexedticket ticketing.change_indexedticket",
)
_ISSUES = may("routing.add_apitoken ticketing.view_indexedticket ticketing.change_indexedticket")
_ADDS_USERS = may("auth.add_user auth.change_user")
_ANY_PAGE: dict[str, Rule] = dict.fromkeys(
    ("", "(?P<url>.*)$", "jsi18n/", "search/", "r/<path:content_type_id>/<path:object_id>/"), staff
)


def _pages(place: str, model: str, add: Rule, change: Rule, delete: Rule) -> dict[str, tuple[Rule, Rule]]:
    """What the five pages that Django gives a model ask, to look (GET) and to act (POST)."""
    look = sees(model)
    return {
        place: (look, look),
        f"{place}add/": (add, add),
        f"{place}{_ID}": (staff, staff),  # leads to the next one, and says no more
        f"{place}{_ID}change/": (look, change),
        f"{place}{_ID}delete/": (delete, delete),
        f"{place}{_ID}history/": (look, look),
    }


RULES: dict[str, tuple[Rule, Rule]] = {
    **{f"desk/{route}": (rule, rule) for route, rule in _ANY_PAGE.items()},
    **_pages(USERS, "auth.user", _ADDS_USERS, may("auth.change_user"), may("auth.delete_user")),
    **_pages(GROUPS, "auth.group", superuser, superuser, superuser),
    **_pages(TOKENS, "routing.apitoken", _ISSUES, nobody, nobody),
    **_pages(CLOCKS, "routing.clock", nobody, nobody, nobody),
    **_pages(RECORD, "audit.entry", nobody, nobody, nobody),
    f"{RECORD}{_ID}change/": (may("audit.view_entry"),) * 2,
    f"{RECORD}{_ID}history/": (may("audit.view_entry"),) * 2,
    f"{RECORD}export/<str:form>/": (may("audit.view_entry"),) * 2,
    **_pages(
        TICKETS,
        "ticketing.indexedticket",
        may("ticketing.change_indexedticket"),
        may("ticketing.change_indexedticket"),
        nobody,
    ),
    f"{TICKETS}{_ID}history/": (sees("ticketing.indexedticket"), may("ticketing.change_indexedticket")),
    f"{TICKETS}{_ID}redact/": (_REDACTS, _REDACTS),
    f"{TICKETS}export/": (_EXPORTS, _EXPORTS),
    f"{USERS}<id>/password/": (may("auth.change_user"), may("auth.change_user")),
    JOBS: (_SEES_JOBS, _STARTS_JOBS),
    f"{JOBS}<int:job_id>/tickets.jsonl": (may("ticketing.view_indexedticket"), may("ticketing.view_indexedticket")),
    ERASURES: (may("ticketing.erase_person"),) * 2,
    f"{ERASURES}<int:pk>/": (may("ticketing.erase_person"),) * 2,
    DELIVERIES: (sees("ticketing.delivery"), may("ticketing.change_delivery")),
    f"{DELIVERIES}<path:delivery_id>/aside/": (may("ticketing.change_delivery"), may("ticketing.change_delivery")),
    "desk/^(?P<app_label>ticketing|auth|audit|routing)/$": (may("auth.view_user", "auth.view_group"),)
    * 2,  # it is of `auth`
    "desk/autocomplete/": (may("auth.view_group"), nobody),
    "desk/locked-out/": (superuser, superuser),
    "desk/sessions/": (staff, staff),
    "desk/password_change/": (staff, staff),
    "desk/password_change/done/": (staff, staff),
}
OPEN = {"desk/login/", "desk/logout/"}  # for anybody, and they do nothing else

KINDS: dict[str, str] = {
    "no staff": "auth.change_user ticketing.view_indexedticket ticketing.change_indexedticket",
    "not active": "auth.change_user ticketing.view_indexedticket",
    "no rights": "",
    "sees tickets": "ticketing.view_indexedticket",
    "changes tickets": "ticketing.view_indexedticket ticketing.change_indexedticket",
    "redacts": "ticketing.view_indexedticket ticketing.redact_indexedticket",
    "redacts unseen": "ticketing.redact_indexedticket",
    "sees deliveries": "ticketing.view_delivery",
    "changes deliveries": "ticketing.view_delivery ticketing.change_delivery",
    "sees jobs": "ticketing.view_job",
    "changes jobs": "ticketing.view_job ticketing.change_job",
    "exports": "ticketing.view_indexedticket ticketing.change_job",
    "erases people": "ticketing.erase_person",
    "sees due times": "routing.view_clock routing.add_clock routing.change_clock routing.delete_clock",
    "adds tokens": "routing.view_apitoken routing.add_apitoken routing.change_apitoken routing.delete_apitoken",
    "issues tokens": "routing.add_apitoken ticketing.view_indexedticket ticketing.change_indexedticket",
    "sees the record": "audit.view_entry",
    "sees users": "auth.view_user auth.view_group",
    "changes users": "auth.view_user auth.add_user auth.change_user auth.delete_user",
    "changes groups": "auth.view_group auth.add_group auth.change_group auth.delete_group",
}


def everybody() -> dict[str, User | None]:
    """A visitor of each kind, by its name. None is somebody who is not signed in."""
    made: dict[str, User | None] = {"a stranger": None, "a superuser": User.objects.create_superuser("root")}
    for kind, rights in KINDS.items():
        user = User.objects.create_user(kind, is_staff=kind != "no staff", is_active=kind != "not active")
        codes = [one.partition(".")[2] for one in rights.split()]
        user.user_permissions.set(Permission.objects.filter(codename__in=codes))
        made[kind] = user
    return made
