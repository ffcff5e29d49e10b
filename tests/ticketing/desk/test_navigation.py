"""The way into the desk."""

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

HOME = "/desk/"


def test_the_desk_opens_at_the_tickets(client: Client, grace: User, list_address: str) -> None:
    client.force_login(grace)
    answer: Any = client.get(HOME)
    assert (answer.status_code, answer.url) == (302, list_address)
    assert reverse("admin:index") == HOME


def test_who_may_see_no_tickets_sees_what_else_there_is(client: Client, db: None) -> None:
    user = User.objects.create_user("temp", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_clock"))
    client.force_login(user)
    answer = client.get(HOME)
    assert answer.status_code == 200
    assert "Due times" in answer.content.decode()


def test_a_stranger_is_sent_to_the_login(client: Client, db: None) -> None:
    answer: Any = client.get(HOME)
    assert (answer.status_code, answer.url) == (302, "/desk/login/?next=/desk/")
