"""Tokens at the desk: issued and shown once, revoked, and never changed or deleted."""

import html
import re
import zlib
from base64 import urlsafe_b64decode
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from routing import tokens
from routing.models import ApiToken

pytestmark = pytest.mark.django_db
LIST = "/desk/routing/apitoken/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="x"))
    return client


def add(desk: Client, **more: Any) -> Any:
    values: dict[str, Any] = {"name": "crm", "customer_id": "acme", "tier": "gold", "scopes": ["itsm", "route"]}
    return desk.post(f"{LIST}add/", values | more, follow=True)


def test_a_token_is_shown_this_once_and_opens_its_doors(desk: Client) -> None:
    page = html.unescape(add(desk).content.decode())
    [token] = re.findall(r"foyer_[\w-]{40,}", page)
    caller = tokens.caller_of(token)
    assert caller
    assert (caller.customer_id, caller.tier, caller.scopes) == ("acme", "gold", frozenset({"itsm", "route"}))
    assert token not in desk.get(LIST).content.decode()
    assert ApiToken.objects.count() == 1


def test_a_new_token_travels_in_no_cookie_and_stays_in_no_session(desk: Client) -> None:
    answer = add(desk)
    [token] = re.findall(r"foyer_[\w-]{40,}", html.unescape(answer.content.decode()))
    assert (answer.status_code, answer.redirect_chain) == (200, [])
    assert "no-store" in answer["Cache-Control"]
    assert not any("foyer_" in unpacked(cookie.value) for cookie in desk.cookies.values())
    assert token not in str(dict(desk.session))
    assert not LogEntry.objects.filter(change_message__contains=token).exists()


def test_what_the_desk_tells_travels_in_no_cookie(desk: Client) -> None:
    """A message may name a person, a ticket or an error."""
    row = tokens.find(tokens.issue("crm", "acme", "gold", ["itsm"]))
    answer = desk.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    assert set(answer.cookies) <= {"csrftoken", "sessionid"}
    assert "1 revoked" in desk.get(LIST).content.decode()


def unpacked(cookie: str) -> str:
    """What is in a cookie, in the form that Django signs: packed or not."""
    with suppress(ValueError, zlib.error):
        packed = urlsafe_b64decode(cookie.partition(":")[0].lstrip(".") + "===")
        return cookie + (zlib.decompress(packed) if cookie.startswith(".") else packed).decode(errors="replace")
    return cookie


def test_a_token_without_name_or_scope_is_not_issued(desk: Client) -> None:
    wrong: dict[str, Any]
    for wrong in (
        {"name": " "},
        {"customer_id": ""},
        {"scopes": []},
        {"scopes": ["admin"]},
        {"tier": "silver"},
        {"days": 0},
        {"days": 366},
        {"days": "x"},
    ):
        assert add(desk, **wrong).status_code == 200
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_from_the_list(desk: Client) -> None:
    token = tokens.issue("crm", "acme", "gold", ["itsm"])
    row = tokens.find(token)
    desk.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    assert tokens.find(token).revoked_at
    assert tokens.caller_of(token) is None


def test_a_token_cannot_be_changed_or_deleted(desk: Client) -> None:
    row = tokens.find(tokens.issue("crm", "acme", "gold", ["itsm"]))
    assert (
        desk.post(f"{LIST}{row.pk}/change/", {"name": "x", "customer_id": "rival", "tier": "gold"}).status_code == 403
    )
    assert desk.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert (row.name, row.customer_id) == ("crm", "acme")


def test_staff_without_the_permission_see_no_tokens() -> None:
    client = Client()
    client.force_login(User.objects.create_user("eve", password="x", is_staff=True))
    for path in (LIST, f"{LIST}add/"):
        assert client.get(path).status_code == 403
    client.logout()
    assert client.get(LIST)["Location"].startswith("/desk/login/")


NEEDED = ("view_apitoken", "add_apitoken", "view_indexedticket", "change_indexedticket")


@pytest.mark.parametrize("lacking", [*NEEDED[1:], None])
def test_a_token_is_issued_by_who_may_also_see_and_change_tickets(lacking: str | None) -> None:
    eve, client = User.objects.create_user("eve", password="x", is_staff=True), Client()
    eve.user_permissions.set(Permission.objects.filter(codename__in={*NEEDED} - {lacking}))
    client.force_login(eve)
    assert client.get(f"{LIST}add/").status_code == (403 if lacking else 200)
    add(client)
    assert ApiToken.objects.count() == (0 if lacking else 1)
    assert ("Add API token" in client.get(LIST).content.decode()) == (lacking is None)


def test_the_form_takes_an_end_and_says_the_latest(desk: Client) -> None:
    page = desk.get(f"{LIST}add/").content.decode()
    assert "It ends after so many days, 365 at most." in page
    assert re.search(r'name="days"[^>]* value="365"|value="365"[^>]* name="days"', page)
    add(desk, days=7)
    end = ApiToken.objects.get().expires_at
    assert end
    assert (end - datetime.now(UTC)).days in (6, 7)


def test_the_list_and_the_page_tell_end_and_last_use(desk: Client) -> None:
    token = tokens.issue("crm", "acme", "gold", ["itsm"])
    row = tokens.find(token)
    ApiToken.objects.update(
        expires_at=datetime(2027, 2, 9, 21, 36, tzinfo=UTC), last_used_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    )
    for path in (LIST, f"{LIST}{row.pk}/change/"):
        page = " ".join(desk.get(path).content.decode().split())
        assert "9 Feb 2027, 21:36" in page
        assert "4 Mar 2026, 05:06" in page
        assert 'name="days"' not in page
