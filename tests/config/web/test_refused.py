"""A refused request is one line in the log, whatever was sent."""

import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.handlers.exception import response_for_exception
from django.test import Client
from django.test.client import RequestFactory

from config.web.refused import RefusedFilter


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    formatter = logging.Formatter("%(message)s")
    for record in caplog.records:
        RefusedFilter().filter(record)
    return [formatter.format(record) for record in caplog.records]


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
