"""Tokens whose issuer may not issue any more are listed, until somebody revokes them. They go on working."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from routing import issuers, tokens
from routing.models import ApiToken

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
LIST = "/desk/routing/apitoken/"
RIGHTS = ("add_apitoken", "view_apitoken", "change_apitoken", "view_indexedticket", "change_indexedticket")


@pytest.fixture
def lead() -> User:
    user = User.objects.create_user("lead", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    return user


@pytest.fixture
def issued(lead: User) -> ApiToken:
    """A token that the lead issued at the desk."""
    client = Client()
    client.force_login(lead)
    client.post(f"{LIST}add/", {"name": "crm", "customer_id": "acme", "tier": "gold", "scopes": ["itsm"]})
    return ApiToken.objects.get()


def listed() -> Any:
    client = Client()
    client.force_login(User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)[0])
    return list(client.get(LIST, {"issuer": "lost"}).context["cl"].result_list)


def test_a_token_says_who_issued_it(issued: ApiToken, admin_client: Client) -> None:
    assert issued.issued_by == "lead"
    assert (issuers.without_the_right(), listed()) == ([], [])
    assert "lead" in admin_client.get(f"{LIST}{issued.pk}/change/").content.decode()


def loses_a_right(lead: User) -> None:
    lead.user_permissions.remove(Permission.objects.get(codename="change_indexedticket"))


def leaves(lead: User) -> None:
    User.objects.filter(pk=lead.pk).update(is_active=False)


def is_no_staff(lead: User) -> None:
    User.objects.filter(pk=lead.pk).update(is_staff=False)


def is_deleted(lead: User) -> None:
    lead.delete()


@pytest.mark.parametrize("happens", [loses_a_right, leaves, is_no_staff, is_deleted])
def test_a_token_whose_issuer_may_issue_none_now_is_listed_until_it_is_revoked(
    lead: User, issued: ApiToken, happens: Any
) -> None:
    happens(lead)
    assert (issuers.without_the_right(), listed()) == (["lead"], [issued])
    tokens.revoke(issued)
    assert (issuers.without_the_right(), listed()) == ([], [])


def test_tokens_of_the_command_are_not_listed() -> None:
    tokens.issue("billing", "acme", "gold", ["itsm"])
    assert listed() == []
