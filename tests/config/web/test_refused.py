"""A refused request is one line in the log, whatever was sent."""

import logging
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.handlers.exception import response_for_exception
from django.test import Client
from django.test.client import RequestFactory

from config.web.refused import RefusedFilter, Told


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    formatter = logging.Formatter("%(message)s")
    records = [record for record in caplog.records if record.name.startswith("django.")]
    return [formatter.format(record) for record in records if RefusedFilter().filter(record)]


@pytest.mark.parametrize("host", ["evil.test", "evil.test:99999", "a" * 5000, "x\\n2026 ERROR forged", "[", "@"])
@pytest.mark.parametrize("path", ["/healthz", "/desk/", "/itsm/tickets"])
def test_a_refused_host_is_one_line(client: Client, caplog: pytest.LogCaptureFixture, host: str, path: str) -> None:
    client.raise_request_exception = False
    answer = client.get(path, HTTP_HOST=host)
    if answer.status_code == 400:
        written = lines(caplog)
        assert written
        assert all("\n" not in one and len(one) <= 201 for one in written)


def test_a_forbidden_page_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    response_for_exception(RequestFactory().get("/desk/autocomplete/"), PermissionDenied("No"))
    assert [one.count("\n") for one in lines(caplog)] == [0]


def test_what_failed_keeps_its_traceback() -> None:
    error = KeyError("a")
    record: Any = logging.LogRecord("django.request", 40, "x", 1, "Failed", (), (KeyError, error, None))
    record.status_code = 500
    assert RefusedFilter().filter(record)
    assert record.exc_info


@pytest.fixture
def grace(client: Client, db: None) -> Client:
    """The browser of somebody who may nothing."""
    client.force_login(User.objects.create_user("grace", is_staff=True))
    return client


def test_a_page_that_somebody_may_not_see_names_them_and_how_they_asked(
    grace: Client, caplog: pytest.LogCaptureFixture
) -> None:
    grace.get("/desk/auth/user/")
    grace.post("/desk/auth/user/")
    assert lines(caplog) == [
        f"The user 'grace', {how}: Forbidden (Permission denied): /desk/auth/user/" for how in ("GET", "POST")
    ]


def test_a_program_without_the_scope_is_named(token_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert token_client("submit").get("/itsm/tickets?caller=maria@example.com").status_code == 403
    assert lines(caplog) == ["The token 'test' of 'acme', GET: Forbidden: /itsm/tickets"]


def test_the_same_refusal_is_told_once_a_minute_with_how_many_there_were(
    grace: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        grace.get("/desk/auth/user/")
    grace.get("/desk/auth/group/")
    said = lines(caplog)
    assert [one.rpartition(" ")[2] for one in said] == ["/desk/auth/user/", "/desk/auth/group/"]
    caplog.clear()
    later = time.monotonic() + 61
    monkeypatch.setattr("config.web.refused.time.monotonic", lambda: later)
    grace.get("/desk/auth/user/")
    [again] = lines(caplog)
    assert again.startswith("The user 'grace', GET (2 more in the last minutes): Forbidden")


def test_naming_somebody_asks_the_database_nothing(
    grace: Client, caplog: pytest.LogCaptureFixture, django_assert_num_queries: Any
) -> None:
    grace.get("/desk/auth/user/")
    with django_assert_num_queries(0):
        assert lines(caplog)


def test_a_stranger_is_not_named_and_each_refusal_is_told(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        assert strict.post("/desk/login/", {"username": "a", "password": "b"}).status_code == 403
    assert len(lines(caplog)) == 2
    assert all(one.startswith("Forbidden (CSRF") for one in lines(caplog))


def test_what_is_remembered_of_refusals_is_bounded() -> None:
    told = Told()
    for number in range(2_500):
        told.ask(str(number))
    assert len(told._known) <= 1000
