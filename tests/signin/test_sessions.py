"""Sessions end when nobody uses them, after a day, with a new password, and by a button."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from config import celery
from signin.models import Session
from signin.sessions_page import device
from signin.tasks import clear_sessions
from tests.signin.conftest import PASSWORD, sign_in

PAGE = "/desk/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
Later = Callable[..., None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Move the clock on: `later(minutes=5)`."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def move(**by: float) -> None:
        now[0] += timedelta(**by)

    return move


def is_in(client: Client, **headers: str) -> bool:
    return client.get(PAGE, headers=headers).status_code == 200


@pytest.mark.sql
def test_a_session_that_nobody_uses_ends(later: Later, browser: Client) -> None:
    later(minutes=59)
    assert is_in(browser)
    later(minutes=59)
    assert is_in(browser)
    later(minutes=61)
    assert not is_in(browser)


def test_a_session_that_is_used_all_the_time_ends_after_a_day(later: Later, browser: Client) -> None:
    for _ in range(47):
        later(minutes=30)
        assert is_in(browser)
    later(minutes=31)
    assert not is_in(browser)


def test_writing_to_a_session_does_not_move_its_day(later: Later, browser: Client) -> None:
    for _ in range(47):
        later(minutes=30)
        browser.post(PAGE, {"end": "nothing"})  # its message is written to the session
    later(minutes=31)
    assert not is_in(browser)


def test_a_page_that_asks_by_itself_keeps_no_session_open(later: Later, browser: Client) -> None:
    for _ in range(59):
        later(minutes=1)
        assert is_in(browser, X_By_Itself="1")
    later(minutes=2)
    assert not is_in(browser)


def test_a_last_use_is_written_once_a_minute(
    later: Later, browser: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    seen = Session.objects.get().seen_at
    later(seconds=59)
    is_in(browser)
    assert Session.objects.get().seen_at == seen
    later(seconds=2)
    is_in(browser)
    assert Session.objects.get().seen_at == seen + timedelta(seconds=61)


def test_the_browser_keeps_the_cookie_for_the_day_and_no_longer(later: Later, browser: Client) -> None:
    assert browser.cookies["sessionid"]["max-age"] == 24 * 3600
    later(minutes=30)
    browser.post(PAGE, {"end": "nothing"})
    assert browser.cookies["sessionid"]["max-age"] == 23.5 * 3600


@pytest.mark.sql
def test_beat_clears_the_sessions_that_have_ended(later: Later, browser: Client) -> None:
    later(minutes=30)
    sign_in(Client())
    later(minutes=31)
    clear_sessions()
    assert Session.objects.count() == 1
    clear_sessions()
    assert Session.objects.count() == 1
    assert "signin.clear_sessions" in {one["task"] for one in celery.app.conf.beat_schedule.values()}


@pytest.mark.sql
def test_a_new_password_ends_the_other_sessions_and_not_this_one(browser: Client) -> None:
    other = Client()
    sign_in(other)
    new = "quite another one"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.post("/desk/password_change/", form).status_code == 302
    assert is_in(browser)
    assert not is_in(other)
    assert Session.objects.filter(user__username="ada").count() == 1


@pytest.mark.sql
def test_a_password_that_an_administrator_sets_ends_all_sessions_of_the_person(browser: Client) -> None:
    grace = User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    hers, form = Client(), {"password1": "quite another one", "password2": "quite another one", "set-password": "1"}
    sign_in(hers, "grace")
    assert browser.post(f"/desk/auth/user/{grace.pk}/password/", form).status_code == 302
    assert not is_in(hers)
    assert not Session.objects.filter(user=grace).exists()
    assert is_in(browser)


def test_a_change_that_is_none_of_the_password_ends_nothing(browser: Client, ada: User) -> None:
    ada.refresh_from_db()
    ada.first_name = "Ada"
    ada.save()
    assert is_in(browser)


def test_the_page_says_where_and_with_what_the_person_is_signed_in(ada: User, settings: object) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    sign_in(client, User_Agent=FIREFOX)
    text = client.get(PAGE).content.decode()
    assert "Firefox on Linux" in text
    assert "192.0.2.7" in text
    assert "This browser" in text
    assert "End all others" not in text


def test_a_page_has_no_key_of_a_session(browser: Client, ada: User) -> None:
    sign_in(Client())
    pages = [PAGE, f"/desk/auth/user/{ada.pk}/delete/"]
    for key in Session.objects.values_list("pk", flat=True):
        assert not [page for page in pages if key in browser.get(page).content.decode()]


def test_a_person_ends_one_session(browser: Client) -> None:
    others = [Client(), Client()]
    for one in others:
        sign_in(one)
    name = browser.get(PAGE).context["rows"][1]["name"]
    assert "The session has ended" in browser.post(PAGE, {"end": name}, follow=True).content.decode()
    assert sorted(map(is_in, others)) == [False, True]
    assert is_in(browser)
    assert "no other session" in browser.post(PAGE, {"end": name}, follow=True).content.decode()


def test_a_person_ends_all_others(browser: Client) -> None:
    others = [Client(), Client()]
    for one in others:
        sign_in(one)
    assert "2 sessions have ended" in browser.post(PAGE, {"others": "1"}, follow=True).content.decode()
    assert not any(map(is_in, others))
    assert is_in(browser)


def test_nobody_sees_or_ends_anothers_session(browser: Client) -> None:
    User.objects.create_user("grace", password=PASSWORD, is_staff=True)
    hers = Client()
    sign_in(hers, "grace")
    [row] = browser.get(PAGE).context["rows"]
    hers.post(PAGE, {"end": row["name"]})
    hers.post(PAGE, {"others": "1"})
    assert is_in(browser)


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown"),
    ],
)
def test_a_device_in_words(named: str, shown: str) -> None:
    assert device(named) == shown


@pytest.mark.parametrize("password", ["83920174", "ada-lovelace", "password1", "short1"])
def test_a_weak_password_is_refused(browser: Client, ada: User, password: str) -> None:
    User.objects.filter(pk=ada.pk).update(last_name="ada-lovelace")
    form = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = browser.post("/desk/password_change/", form)
    assert answer.status_code == 200
    assert answer.context["form"].errors["new_password2"]


def test_a_session_that_says_nothing_of_a_sign_in_is_nobodys(db: None) -> None:
    store = import_module("signin.sessions").SessionStore()
    store["draft"] = "Hello"
    store.save()
    row = Session.objects.get()
    assert (row.user, row.address) == (None, "")
    assert isinstance(row.started_at, datetime)
