"""Every address of the desk, by every kind of visitor: nobody sees or does more than their rights; nothing is a 500."""

import logging
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client

from audit.models import Entry
from config import celery
from routing import tokens
from routing.models import Clock
from tests.test_wiring import ROUTES
from tests.ticketing.desk import visitors
from tests.ticketing.desk.conftest import MakeTicket
from tests.ticketing.desk.visitors import ERASURES, GROUPS, OPEN, RECORD, RULES, TOKENS, USERS
from ticketing.erasing.person import Person
from ticketing.jobs import erasure_request, lifecycle

DESK = [route for route in ROUTES if route.startswith("desk/")]
# Everything at once that any form of the desk understands, so that one of them would do what it should not.
SENT: dict[str, Any] = {
    "post": "yes",
    "action": "delete_selected",
    "start": "check",
    "queue": "FoyerJobsDLQ",
    "username": "mallory",
    "is_superuser": "on",
    "is_staff": "on",
    "is_active": "on",
    "groups": ["901"],
    "password1": "Correct-horse-9",
    "password2": "Correct-horse-9",
    "usable_password": "true",
    "set-password": "1",
    "name": "mallory",
    "permissions": ["1", "2"],
    "customer_id": "acme",
    "tier": "gold",
    "scopes": ["itsm"],
    "date_joined_0": "2026-01-01",
    "date_joined_1": "00:00:00",
    "why": "Because",
    "text": "Hello",
    "do": "reply",
}


def _place(route: str) -> str:
    """The address of the list that the route belongs to."""
    return "/".join(route.split("/")[:3]) + "/"


ODD = ["0", "-1", "9" * 30, "abc", "%00", "_", "a%2Fb", "%F0%9F%98%80", "x" * 3_000, "1%20OR%201"]


class Desk:
    """All kinds of visitors with their browsers, and one of each thing that the desk has."""

    def __init__(self, make_ticket: MakeTicket) -> None:
        self.visitors = visitors.everybody()
        agent = User.objects.create_user("agent", is_staff=True)
        token = tokens.find(tokens.issue("crm", "acme", "gold", ["itsm"]))
        ticket = make_ticket()
        what = {"reference": ticket.reference, "tier": "gold", "version": 1}
        moment = "2026-01-01T00:00Z"
        Clock.objects.create(ticket_id=ticket.ticket_id, started_at=moment, due_at=moment, **what)
        job = lifecycle.start("export", "agent", 1, {"query": "", "by": "agent"})[0]
        job.state = "done"
        job.save()
        group = Group.objects.create(pk=901, name="leads")
        self.ids = {USERS: agent.pk, GROUPS: group.pk, TOKENS: token.pk, RECORD: Entry.objects.latest("number").pk}
        self.ids[ERASURES] = erasure_request.begin(Person(caller_id="nobody"), agent)[0].pk
        self.other, self.job = ticket.ticket_id, job.pk

    def chosen(self, route: str) -> dict[str, str]:
        """The row that an action of the list is to work on."""
        return {"_selected_action": str(self.ids.get(_place(route), self.other))}

    def path(self, route: str) -> str:
        """An address of the route, with the ids of things that there are."""
        own = str(self.ids.get(_place(route), self.other))
        values = {
            "object_id": own,
            "id": own,
            "pk": own,
            "job_id": str(self.job),
            "delivery_id": "none",
            "content_type_id": "1",
            "form": "csv",
        }
        if route == "desk/autocomplete/":
            return f"/{route}?app_label=auth&model_name=user&field_name=groups"
        if "app_label" in route:
            return "/desk/auth/"
        if "url>" in route:
            return "/desk/nothing/at/all"
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], route)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Hundreds of refusals are logged with their tracebacks, which takes longer than the refusals."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def desk_and_all(make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(celery, "send", lambda *_: None)
    return Desk(make_ticket)


def browsers(desk: Desk) -> Iterator[tuple[str, Any, Client]]:
    for kind, user in desk.visitors.items():
        client = Client(raise_request_exception=False)
        if user:
            client.force_login(user)
        yield kind, user, client


def admitted(answer: Any) -> bool:
    """Whether somebody got further than to be refused. What is not there (404), or not done so (405), says nothing."""
    to_the_login = answer.status_code == 302 and answer.url.startswith("/desk/login/")
    return not to_the_login and answer.status_code in (200, 302, 503)


def may_enter(user: Any, rule: visitors.Rule) -> bool:
    return bool(user and user.is_active and user.is_staff and rule(user))


@contextmanager
def writes() -> Iterator[list[str]]:
    """What is written to the database meanwhile, but for sessions, which hold people's messages."""
    made: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "signin_session" not in sql:
            made.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield made


def rights() -> Any:
    """What people may do, and which tokens there are."""
    tables = (User.groups.through, User.user_permissions.through, Group.permissions.through)
    return [
        sorted(User.objects.filter(is_superuser=True).values_list("pk", "password")),
        *(sorted(table.objects.values_list()) for table in tables),
        sorted(Group.objects.values_list()),
    ]


def test_every_address_of_the_desk_has_a_rule() -> None:
    assert set(DESK) == {*RULES, *OPEN}
    assert len(visitors.KINDS) + 2 >= 14


@pytest.mark.sql
def test_nobody_sees_more_than_their_rights(desk_and_all: Desk) -> None:
    wrong = []
    for kind, user, client in browsers(desk_and_all):
        for route, (look, _) in RULES.items():
            answer = client.get(desk_and_all.path(route))
            there = answer.status_code not in (404, 405)
            if answer.status_code == 500 or (there and admitted(answer) != may_enter(user, look)):
                wrong.append((kind, route, answer.status_code))
    assert wrong == []


@pytest.mark.sql
def test_nobody_does_more_than_their_rights(desk_and_all: Desk, calls: list[str]) -> None:
    wrong: list[tuple[Any, ...]] = []
    before = rights()
    for kind, user, client in browsers(desk_and_all):
        for route, (_, act) in RULES.items():
            may, cookies = may_enter(user, act), copy(client.cookies)
            calls.clear()
            with transaction.atomic(), writes() as written:
                answer = client.post(desk_and_all.path(route), SENT | desk_and_all.chosen(route))
                there = answer.status_code not in (404, 405)
                if answer.status_code == 500 or (there and admitted(answer) != may):
                    wrong.append((kind, route, answer.status_code))
                if not may and (written or calls):
                    wrong.append((kind, route, "did something"))
                if written and not visitors.superuser(user) and rights() != before:
                    wrong.append((kind, route, "got rights"))
                transaction.set_rollback(True)
            client.cookies = cookies  # of the session that there was before
    assert wrong == []


@pytest.mark.sql
def test_only_superusers_touch_a_superuser(desk_and_all: Desk) -> None:
    root = desk_and_all.visitors["a superuser"]
    assert root
    desk_and_all.ids[USERS] = root.pk
    routes = [route for route in RULES if route.startswith(USERS) and not route.endswith("add/")]
    for kind, user, client in browsers(desk_and_all):
        if user != root:
            for route in routes:
                with writes() as written:
                    client.post(desk_and_all.path(route), SENT | desk_and_all.chosen(route))
                assert written == [], (kind, route)


@pytest.mark.sql
@pytest.mark.parametrize("odd", ODD)
def test_no_id_in_an_address_is_an_error_of_ours(desk_and_all: Desk, odd: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(desk_and_all.visitors["a superuser"])  # type: ignore[arg-type]
    for route in (one for one in RULES if "<" in one and "job_id" not in one):
        path = "/" + re.sub(r"<\w*:?(\w+)>", odd, route).replace("^(?P<app_label>ticketing|auth|audit|routing)/$", odd)
        assert client.get(path).status_code < 500, path


def test_odd_pages_and_queries_are_no_errors_of_ours(desk_and_all: Desk) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(desk_and_all.visitors["a superuser"])  # type: ignore[arg-type]
    odd = (
        "?s=a&page=x&after=%00&state=x&job=x&term=x&_to_field=password&_popup=1&groups=a&permissions=b&scopes=c&days=z"
    )
    for route in RULES:
        path = desk_and_all.path(route).partition("?")[0]
        assert client.get(path + odd).status_code < 500, path


def refusals(desk: Desk) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each request that the desk refuses to a stranger, to staff without rights, and to anybody, by its name."""
    for kind in ("a stranger", "no rights"):
        [client] = [client for name, _, client in browsers(desk) if name == kind]
        for route, (look, act) in RULES.items():
            path, user = desk.path(route), desk.visitors[kind]
            if not may_enter(user, look):
                yield f"{kind}, GET {route}", partial(client.get, path)
            if not may_enter(user, act):
                yield f"{kind}, POST {route}", partial(client.post, path, SENT)
    [root] = [client for name, _, client in browsers(desk) if name == "a superuser"]
    for place in (USERS, GROUPS, TOKENS, visitors.CLOCKS, visitors.TICKETS):
        yield f"GET {place}?", partial(root.get, f"/{place}?id__regex=(a%2B)%2B$&q=a")
        yield f"POST {place}?", partial(root.post, f"/{place}?id__regex=(a%2B)%2B$", SENT)


def seconds(call: Callable[[], Any]) -> float:
    """What the call takes of this thread's own time, whatever else the machine does."""
    began = time.thread_time()
    call()
    return time.thread_time() - began


def test_no_refusal_takes_longer_than_an_ordinary_page(desk_and_all: Desk) -> None:
    """In turns, and of each the quickest of three, so that a moment in which all is slow decides nothing."""
    [root] = [client for name, _, client in browsers(desk_and_all) if name == "a superuser"]
    asked = dict(refusals(desk_and_all))
    took: dict[str, list[float]] = {name: [] for name in asked}
    pages: list[float] = []
    for _ in range(3):
        for number, (name, call) in enumerate(asked.items()):
            took[name].append(seconds(call))
            if number % 20 == 0:
                pages.append(seconds(partial(root.get, f"/{visitors.TICKETS}")))
    slowest = max(took, key=lambda name: min(took[name]))
    assert len(asked) > 100
    assert min(took[slowest]) <= 1.2 * statistics.median(pages), slowest
