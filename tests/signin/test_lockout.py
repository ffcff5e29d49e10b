"""Wrong passwords lock out a name and an address for a while, and no stranger keeps somebody out for ever."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from tests.signin.conftest import PASSWORD, sign_in

LOCKED = "/desk/locked-out/"
pytestmark = pytest.mark.django_db


def browser_at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def fail(client: Client, times: int = 5, name: str = "ada") -> list[int]:
    return [sign_in(client, name, "wrong") for _ in range(times)]


def passes(**by: float) -> None:
    """Let time pass, as the stored attempts see it."""
    for one in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=one.pk).update(attempt_time=one.attempt_time - timedelta(**by))


@pytest.mark.sql
def test_five_wrong_passwords_lock_the_name_out_at_every_address(ada: User) -> None:
    assert fail(browser_at("192.0.2.1")) == [200, 200, 200, 200, 429]
    assert sign_in(browser_at("192.0.2.1")) == 429
    assert sign_in(browser_at("192.0.2.2")) == 429


def test_another_name_gets_in_from_the_same_address(ada: User) -> None:
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    fail(browser_at("192.0.2.1"))
    assert sign_in(browser_at("192.0.2.1"), "grace") == 302


@pytest.mark.sql
def test_wrong_passwords_of_many_names_lock_the_address_out(ada: User, settings: Any) -> None:
    settings.SIGN_IN_ADDRESS_FAILURES = 12
    answers = [sign_in(browser_at("192.0.2.1"), f"name {number}", "wrong") for number in range(12)]
    assert answers == [200] * 11 + [429]
    assert sign_in(browser_at("192.0.2.1")) == 429
    assert sign_in(browser_at("192.0.2.2")) == 302


def test_who_is_locked_out_gets_in_after_the_time_and_not_before(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client)
    passes(minutes=14)
    assert sign_in(client) == 429
    passes(minutes=1, seconds=1)
    assert sign_in(client) == 302


def test_trying_on_does_not_lengthen_it(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client)
    passes(minutes=10)
    fail(client)
    passes(minutes=5, seconds=1)
    assert sign_in(client) == 302


def test_a_stranger_does_not_keep_somebody_out_whose_browser_is_known(ada: User) -> None:
    hers = browser_at("198.51.100.9")
    sign_in(hers)
    hers.post("/desk/logout/")
    fail(browser_at("192.0.2.1"))
    assert sign_in(browser_at("192.0.2.2")) == 429
    assert sign_in(hers) == 302


def test_a_known_browser_has_a_limit_of_its_own(ada: User) -> None:
    hers = browser_at("198.51.100.9")
    sign_in(hers)
    hers.post("/desk/logout/")
    assert fail(hers)[-1] == 429
    assert sign_in(hers) == 429


def test_a_browser_is_known_for_one_name_alone(ada: User) -> None:
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    client = browser_at("192.0.2.1")
    sign_in(client, "grace")
    client.post("/desk/logout/")
    fail(browser_at("192.0.2.2"))
    assert sign_in(client) == 429


def test_a_forged_cookie_makes_no_known_browser(ada: User) -> None:
    client = browser_at("192.0.2.1")
    sign_in(client)
    value = client.cookies["known_device"].value
    stranger = browser_at("192.0.2.2")
    fail(stranger)
    stranger.cookies["known_device"] = value[:-1] + ("A" if value[-1] != "A" else "B")
    assert sign_in(stranger) == 429
    stranger.cookies["known_device"] = ""
    assert sign_in(stranger) == 429


def test_who_has_an_account_cannot_clear_a_count_by_signing_in(ada: User) -> None:
    """Otherwise four guesses, an own sign-in, and four more would never end."""
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    fail(browser_at("192.0.2.1"), 4)
    assert sign_in(browser_at("192.0.2.1"), "grace") == 302
    assert fail(browser_at("192.0.2.1"), 1) == [429]


def test_an_own_sign_in_forgets_own_slips(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client, 4)
    assert sign_in(client) == 302
    client.post("/desk/logout/")
    assert fail(client, 4) == [200] * 4


def test_the_page_says_how_long_and_what_to_do_and_not_whether_there_is_such_a_name(ada: User) -> None:
    pages = []
    for name in ("ada", "nobody"):
        client = browser_at("192.0.2.1")
        fail(client, name=name)
        answer = client.post("/desk/login/", {"username": name, "password": "wrong"})
        pages.append(answer.content.decode())
        assert 14 * 60 < int(answer["Retry-After"]) <= 15 * 60
        assert "no-store" in answer["Cache-Control"]
    assert pages[0] == pages[1]
    assert "Wait 15 minutes, then try again" in pages[0]
    assert "ask an administrator" in pages[0]


def test_the_time_on_the_page_gets_shorter(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client)
    passes(minutes=14, seconds=30)
    assert "Wait 1 minute, then" in client.post("/desk/login/", {"username": "ada", "password": "x"}).content.decode()


def test_wrong_old_passwords_count_as_well(browser: Client) -> None:
    new = "quite another one"
    form = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    answers = [browser.post("/desk/password_change/", form).status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]
    assert browser.post("/desk/password_change/", form | {"old_password": PASSWORD}).status_code == 429
    assert User.objects.get().check_password(PASSWORD)


def test_no_password_is_kept_or_logged(ada: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, secret = browser_at("192.0.2.1"), "s3cret-of-somebody"
    sign_in(client, "ada", secret)
    sign_in(client)
    form = {"old_password": secret, "new_password1": secret, "new_password2": secret}
    client.post("/desk/password_change/", form)
    kept = " ".join(str(row) for row in AccessAttempt.objects.values())
    assert secret not in kept
    assert secret not in caplog.text
    assert "ada" in caplog.text
    assert "192.0.2.1" in caplog.text


def test_a_superuser_lets_a_name_and_an_address_in_again(browser: Client, settings: Any) -> None:
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    settings.SIGN_IN_ADDRESS_FAILURES = 5
    hers = browser_at("192.0.2.1")
    fail(hers, name="grace")
    page = browser.get(LOCKED).content.decode()
    assert "grace" in page
    assert "192.0.2.1" in page
    answer = browser.post(LOCKED, {"username": "grace"}, follow=True)
    assert "grace may try again" in answer.content.decode()
    assert sign_in(hers, "grace") == 302
    fail(hers, name="nobody")
    assert sign_in(hers) == 429
    browser.post(LOCKED, {"ip_address": "192.0.2.1"})
    assert sign_in(hers) == 302
    assert "Nobody is locked out" in browser.get(LOCKED).content.decode()


@pytest.mark.sql
def test_who_lets_somebody_in_again_is_in_the_record_and_no_name_of_nobody(browser: Client) -> None:
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    for name in ("grace", "a-password"):
        fail(browser_at("192.0.2.1"), 1, name)
        browser.post(LOCKED, {"username": name})
    fail(browser_at("192.0.2.1"), 1)
    browser.post(LOCKED, {"ip_address": "192.0.2.1"})
    browser.post(LOCKED, {"ip_address": "192.0.2.1"})  # nothing is locked there any more, and nothing happened
    rows = Entry.objects.filter(action="let in again").order_by("number")
    assert [(row.actor, row.target) for row in rows] == [
        ("ada", "user grace"),
        ("ada", ""),
        ("ada", "address 192.0.2.1"),
    ]
    assert "a-password" not in str(list(Entry.objects.values()))


def test_nobody_is_let_in_if_it_cannot_be_recorded(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(browser_at("192.0.2.1"))

    def refuse(*_: Any, **__: Any) -> None:
        raise DatabaseError("no")

    monkeypatch.setattr("audit.chain.append", refuse)
    browser.raise_request_exception = False
    assert browser.post(LOCKED, {"username": "ada"}).status_code == 500
    assert AccessAttempt.objects.count() == 1


@pytest.mark.sql
@pytest.mark.parametrize("sent", [{}, {"ip_address": "x"}, {"username": "\0"}, {"username": "y" * 999}])
def test_what_is_not_locked_cannot_be_let_in(browser: Client, sent: dict[str, str]) -> None:
    fail(browser_at("192.0.2.1"))
    answer = browser.post(LOCKED, sent, follow=True)
    assert "Nothing was locked" in answer.content.decode()
    assert AccessAttempt.objects.count() == 1


def test_a_command_lets_somebody_in_again(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client)
    call_command("axes_reset_username", "ada")
    assert sign_in(client) == 302


def test_the_proxys_address_is_not_the_clients(ada: User, settings: Any) -> None:
    settings.PROXIES, settings.SIGN_IN_ADDRESS_FAILURES = 1, 5
    proxy = browser_at("10.0.0.1")
    for number in range(5):
        sign_in(proxy, f"name {number}", "wrong", X_Forwarded_For=f"203.0.113.{number}, 192.0.2.1")
    assert sign_in(proxy, X_Forwarded_For="192.0.2.1") == 429
    assert sign_in(proxy, X_Forwarded_For="192.0.2.1, 192.0.2.2") == 302


def test_failures_of_yesterday_count_no_more(ada: User) -> None:
    client = browser_at("192.0.2.1")
    fail(client, 4)
    passes(days=1)
    assert fail(client, 4) == [200] * 4
    assert timezone.now() - AccessAttempt.objects.get().attempt_time < timedelta(minutes=1)
