"""What the address of a list may hold: what the list itself puts there. Anything else is refused without a query."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models.constants import LOOKUP_SEP
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.web.admin import BadAddress, DeskAdmin
from ticketing.models import Delivery, Job

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

OWN_PAGES = (Delivery, Job)  # these read no filter at all, so whatever their address holds is passed over
LISTS = [one for model, one in admin.site._registry.items() if model not in OWN_PAGES]
OUR_FILTERS = {
    "indexedticket": {
        "status",
        "tier__exact",
        "tier__isnull",
        "channel__exact",
        "channel__isnull",
        "assignee",
        "caller",
    },
    "apitoken": {"tier__exact", "tier__isnull", "issuer"},
    "clock": {"tier__exact", "tier__isnull", "stopped_at__isempty"},
    "user": {
        *(f"is_{flag}__{how}" for flag in ("staff", "superuser", "active") for how in ("exact", "isnull")),
        *("groups__id__exact", "groups__isnull"),
    },
    "group": set[str](),
    "entry": {"who", "action__exact", "action__isnull"},
}
ALWAYS = {"o", "p", "e", "q"}


def ids_of(one: Any) -> str:
    return str(one.model._meta.model_name)


@pytest.fixture(params=LISTS, ids=ids_of)
def listed(request: pytest.FixtureRequest) -> DeskAdmin:
    one: DeskAdmin = request.param
    return one


def columns(model: type[models.Model], prefix: str = "", deep: int = 1) -> Iterator[str]:
    """Each column of a model, and of what it points to, with each lookup and transform that Django knows for it."""
    for field in model._meta.get_fields():
        path = prefix + field.name
        yield path
        lookups = field.get_lookups() if isinstance(field, models.Field) else {}
        yield from (path + LOOKUP_SEP + lookup for lookup in lookups)
        yield from (f"{path}__year__{lookup}" for lookup in ("exact", "gte") if "year" in lookups)
        yield from (f"{path}__a_key__{lookup}" for lookup in ("regex", "contains") if "has_key" in lookups)
        if field.related_model and deep:
            yield from columns(field.related_model, path + LOOKUP_SEP, deep - 1)


OTHERS = (
    "all",
    "_facets",
    "_popup",
    "_to_field",
    "pk",
    "id__in",
    "colour",
    "",
    "q__regex",
    "O",
    "__regex",
    "x" * 9_000,
)


def test_every_page_of_the_desk_has_the_guard() -> None:
    assert [one for one in admin.site._registry.values() if not isinstance(one, DeskAdmin)] == []
    assert {ids_of(one) for one in LISTS} == set(OUR_FILTERS)


def test_a_list_takes_the_parameters_of_its_filters_and_no_lookup_of_any_column(listed: DeskAdmin) -> None:
    allowed = OUR_FILTERS[ids_of(listed)] | ALWAYS
    allowed |= {"all"} if listed.list_max_show_all else set()
    allowed |= {"_facets"} if listed.show_facets is admin.ShowFacets.ALLOW else set()
    tried = {*columns(listed.model), *OTHERS, *allowed}
    assert len(tried) > 40
    assert {name for name in tried if takes(listed, name)} == allowed


def takes(listed: DeskAdmin, name: str) -> bool:
    request = RequestFactory().get("/", {name: "(a+)+$"})
    with CaptureQueriesContext(connection) as made:
        try:
            listed.refuse_unknown_parameters(request)
        except BadAddress:
            return False
        finally:
            assert not made.captured_queries, name
    return True


@pytest.fixture
def no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list is made: a test that has this shows that the refusal comes before it, and with it before its queries."""

    def made(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(ChangeList, "__init__", made)


@pytest.mark.parametrize("lookup", ["regex", "iregex", "contains", "startswith", "in", "isnull", "gte"])
def test_a_refused_list_says_so_and_costs_only_the_sign_in(
    desk: Client, no_list: None, listed: DeskAdmin, lookup: str
) -> None:
    address = reverse(f"admin:{listed.opts.app_label}_{listed.opts.model_name}_changelist")
    column = listed.opts.fields[-1].name
    for call in (desk.get, desk.post):
        with CaptureQueriesContext(connection) as made:
            answer = call(f"{address}?q=a&{column}__{lookup}=(a%2B)%2B$")
        assert answer.status_code == 400
        assert f"This list has no filter &#x27;{column}__{lookup}&#x27;" in answer.content.decode()
        assert len(made) == 2, "the session and the user"


def test_an_export_of_a_refused_list_asks_the_database_nothing(desk: Client, no_list: None) -> None:
    for name in ("issue_description__regex", "requester__name__contains", "tags__contains", "colour"):
        with CaptureQueriesContext(connection) as made:
            answer: Any = desk.post(f"/desk/ticketing/indexedticket/export/?{name}=(a%2B)%2B$")
        assert (answer.status_code, answer.url) == (302, "/desk/ticketing/indexedticket/")
        of_people = ("auth_user", "signin_session", "SAVEPOINT")  # what is wrong is told through the session
        assert [one["sql"] for one in made if not any(name in one["sql"] for name in of_people)] == []
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "value", ["x", "(", "-1", "²", "9" * 400, "1e999", "%00", "\ud83d", "a,b", "' OR 1=1", "1.1.1"]
)
def test_no_value_of_a_parameter_that_is_taken_is_an_error_of_ours(desk: Client, listed: DeskAdmin, value: str) -> None:
    address = reverse(f"admin:{listed.opts.app_label}_{listed.opts.model_name}_changelist")
    for name in sorted(OUR_FILTERS[ids_of(listed)] | ALWAYS):
        sent = value.encode("utf-8", "surrogatepass")
        assert desk.get(address, {name: sent}).status_code in (200, 302), name


def test_a_search_of_thousands_of_words_is_answered(desk: Client, ada: User) -> None:
    for one in ("auth/user", "auth/group", "routing/apitoken", "routing/clock"):
        for text in ("a " * 3_000, '"a b" ' * 1_000, "%" * 6_000, "\\" * 99):
            assert desk.get(f"/desk/{one}/", {"q": text}).status_code == 200
    assert desk.get("/desk/auth/user/", {"q": "lovelace ada"}).context["cl"].result_list[0] == ada


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("model", [one._meta.model_name for one in OWN_PAGES])
def test_a_page_without_filters_passes_over_what_its_address_holds(desk: Client, model: str) -> None:
    address = f"/desk/ticketing/{model}/"
    costs = []
    for query in ({}, dict.fromkeys(columns(Job), "(a+)+$")):
        with CaptureQueriesContext(connection) as made:
            assert desk.get(address, query).status_code == 200
        costs.append(len(made))
    assert costs[0] == costs[1]
