"""Users and groups at the desk: nobody gets more rights than they have, by any form, action or popup."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

USERS, GROUPS = "/desk/auth/user/", "/desk/auth/group/"
MANAGING = [f"{what}_{model}" for what in ("view", "add", "change", "delete") for model in ("user", "group")]
EVERYTHING = {"is_superuser": "on", "is_staff": "on", "is_active": "on"}


class World:
    """People of every kind, and what the database says of their rights."""

    def __init__(self) -> None:
        self.leads = Group.objects.create(name="leads")
        self.leads.permissions.set(Permission.objects.filter(codename__in=("view_job", "change_job")))
        self.root = User.objects.create_superuser("root", password="root")
        self.manager = self.staff("manager", *MANAGING)
        self.lead = self.staff("lead")
        self.lead.groups.add(self.leads)
        self.retired = self.staff("retired", "view_delivery", is_active=False)
        self.agent = self.staff("agent")
        self.gone_root = User.objects.create_superuser("gone", password="gone", is_active=False)

    def staff(self, name: str, *rights: str, **more: Any) -> User:
        user = User.objects.create_user(name, password=name, is_staff=True, **more)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        return user

    @property
    def higher(self) -> list[User]:
        """Those who have a right that the manager lacks, whether they can sign in or not."""
        return [self.root, self.lead, self.retired, self.gone_root]

    def snapshot(self) -> Any:
        return (
            list(User.objects.order_by("pk").values()),
            list(Group.objects.order_by("pk").values()),
            *(
                sorted(table.objects.values_list())
                for table in (User.groups.through, User.user_permissions.through, Group.permissions.through)
            ),
        )


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def manager(world: World, client: Client) -> Client:
    """The browser of somebody with every right to users and groups, who is no superuser."""
    client.force_login(world.manager)
    world.manager.refresh_from_db()
    return client


def form(user: User, **more: Any) -> dict[str, Any]:
    """A user's form as a browser would send it, and what somebody adds to it by hand."""
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": ""}
    return {"username": user.username, "is_active": "on", "is_staff": "on", **dates, **more}


def new_password(text: str) -> dict[str, str]:
    return {"password1": text, "password2": text, "usable_password": "true", "set-password": "1"}


def some(count: int) -> list[int]:
    """The ids of so many permissions. They are others after a test that emptied the database."""
    return list(Permission.objects.values_list("pk", flat=True)[:count])


Attempt = Callable[[World], tuple[str, dict[str, Any]]]
ATTEMPTS: dict[str, Attempt] = {
    "the own form": lambda w: (
        f"{USERS}{w.manager.pk}/change/",
        form(w.manager, **EVERYTHING, groups=[w.leads.pk], user_permissions=[1, 2, 3]),
    ),
    "the own form, in a popup": lambda w: (
        f"{USERS}{w.manager.pk}/change/?_popup=1&_to_field=id",
        form(w.manager, **EVERYTHING, groups=[w.leads.pk], _popup="1"),
    ),
    "the own form, saved as new": lambda w: (
        f"{USERS}{w.manager.pk}/change/",
        form(w.manager, **EVERYTHING, groups=[w.leads.pk], _saveasnew="1"),
    ),
    "the form of an equal": lambda w: (
        f"{USERS}{w.agent.pk}/change/",
        form(w.agent, **EVERYTHING, groups=[w.leads.pk]),
    ),
    "a new group": lambda _: (f"{GROUPS}add/", {"name": "mine", "permissions": some(3)}),
    "a new group, in a popup": lambda _: (
        f"{GROUPS}add/?_popup=1",
        {"name": "mine", "permissions": some(1), "_popup": 1},
    ),
    "a group's rights": lambda w: (f"{GROUPS}{w.leads.pk}/change/", {"name": "leads", "permissions": some(3)}),
    "a group's name": lambda w: (f"{GROUPS}{w.leads.pk}/change/", {"name": "others"}),
    "a group's end": lambda w: (f"{GROUPS}{w.leads.pk}/delete/", {"post": "yes"}),
    "all groups' end": lambda w: (
        GROUPS,
        {"action": "delete_selected", "_selected_action": [w.leads.pk], "post": "yes", "select_across": "1"},
    ),
    "all users' end": lambda w: (
        USERS,
        {"action": "delete_selected", "_selected_action": [w.agent.pk, w.root.pk], "post": "yes", "select_across": "1"},
    ),
    "the list's form": lambda w: (
        USERS,
        {"form-TOTAL_FORMS": 1, "form-0-id": w.manager.pk, "_save": "1", **EVERYTHING},
    ),
    "a history": lambda w: (f"{USERS}{w.root.pk}/history/", {"is_superuser": ""}),
}
AGAINST: dict[str, Callable[[User], tuple[str, dict[str, Any]]]] = {
    "form": lambda one: (f"{USERS}{one.pk}/change/", form(one, email="me@example.com")),
    "demotion": lambda one: (f"{USERS}{one.pk}/change/", {**form(one), "is_active": "", "is_staff": ""}),
    "popup": lambda one: (f"{USERS}{one.pk}/change/?_popup=1", form(one, is_active="on", _popup="1")),
    "password": lambda one: (f"{USERS}{one.pk}/password/", new_password("Correct-horse-9")),
    "no password": lambda one: (f"{USERS}{one.pk}/password/", {"usable_password": "false", "unset-password": "1"}),
    "end": lambda one: (f"{USERS}{one.pk}/delete/", {"post": "yes"}),
    "end by an action": lambda one: (
        USERS,
        {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"},
    ),
}


def rights_of(snapshot: Any) -> Any:
    """The part of it that says what people may do."""
    users, *others = snapshot
    return [
        (one["id"], one["is_superuser"], one["is_staff"], one["is_active"], one["password"]) for one in users
    ], *others


@pytest.mark.parametrize("name", ATTEMPTS)
def test_somebody_who_may_change_users_and_groups_gets_no_further_right(
    world: World, manager: Client, name: str
) -> None:
    before = rights_of(world.snapshot())
    path, sent = ATTEMPTS[name](world)
    assert manager.post(path, sent).status_code in (200, 302, 403)
    assert rights_of(world.snapshot()) == before


@pytest.mark.parametrize("name", AGAINST)
@pytest.mark.parametrize("who", [0, 1, 2, 3], ids=["superuser", "lead", "retired", "retired superuser"])
def test_nobody_touches_a_user_with_a_right_that_they_lack(world: World, manager: Client, name: str, who: int) -> None:
    before = world.snapshot()
    path, sent = AGAINST[name](world.higher[who])
    assert manager.post(path, sent).status_code in (200, 302, 403)
    assert world.snapshot() == before


def test_rights_that_one_gets_oneself_let_one_touch_who_has_the_same(world: World, manager: Client) -> None:
    path, sent = AGAINST["form"](world.lead)
    assert manager.post(path, sent).status_code == 403
    world.manager.groups.add(world.leads)
    assert manager.post(path, sent).status_code == 302
    world.lead.refresh_from_db()
    assert (world.lead.email, list(world.lead.groups.all())) == ("me@example.com", [world.leads])


def test_an_equal_is_managed_as_before(world: World, manager: Client) -> None:
    one = world.agent
    assert manager.post(f"{USERS}{one.pk}/password/", new_password("Correct-horse-9")).status_code == 302
    assert manager.post(f"{USERS}{one.pk}/change/", {**form(one), "is_active": ""}).status_code == 302
    one.refresh_from_db()
    assert check_password("Correct-horse-9", one.password)
    assert not one.is_active
    assert manager.post(f"{USERS}{one.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=one.pk).exists()


def test_a_new_user_has_no_rights_yet(world: World, manager: Client) -> None:
    sent = {"username": "new", **new_password("Correct-horse-9"), **EVERYTHING, "groups": [world.leads.pk]}
    assert manager.post(f"{USERS}add/", sent).status_code == 302
    made = User.objects.get(username="new")
    assert (made.is_superuser, made.is_staff, made.groups.count(), made.user_permissions.count()) == (
        False,
        False,
        0,
        0,
    )


def test_the_form_shows_rights_but_offers_them_to_superusers_alone(world: World, manager: Client) -> None:
    path = f"{USERS}{world.agent.pk}/change/"
    page = manager.get(path).content.decode()
    assert 'name="is_staff"' in page
    assert 'name="is_superuser"' not in page
    assert 'name="groups"' not in page
    manager.force_login(world.root)
    page = manager.get(path).content.decode()
    assert 'name="is_superuser"' in page
    assert 'name="groups"' in page


def test_a_form_that_may_only_be_seen_has_no_password_in_it(world: World, manager: Client) -> None:
    page = manager.get(f"{USERS}{world.root.pk}/change/")
    assert page.status_code == 200
    assert world.root.password.rpartition("$")[2] not in page.content.decode()


def test_a_superuser_gives_and_takes_rights(world: World, client: Client) -> None:
    client.force_login(world.root)
    sent = form(world.agent, is_superuser="on", groups=[world.leads.pk])
    assert client.post(f"{USERS}{world.agent.pk}/change/", sent).status_code == 302
    world.agent.refresh_from_db()
    assert (world.agent.is_superuser, list(world.agent.groups.all())) == (True, [world.leads])
    assert client.post(f"{GROUPS}add/", {"name": "new", "permissions": some(2)}).status_code == 302
    assert Group.objects.get(name="new").permissions.count() == 2
    assert client.post(f"{USERS}{world.gone_root.pk}/delete/", {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("right", MANAGING)
def test_one_of_these_rights_alone_gets_no_further_either(world: World, client: Client, right: str) -> None:
    world.manager.user_permissions.set(Permission.objects.filter(codename=right))
    client.force_login(world.manager)
    before = rights_of(world.snapshot())
    for attempt in ATTEMPTS.values():
        client.post(*attempt(world))
    for against in AGAINST.values():
        client.post(*against(world.root))
    assert rights_of(world.snapshot()) == before
