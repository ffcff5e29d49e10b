"""Behind a proxy that ends TLS: who comes without it is sent to it, and browsers remember."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from itsm.lambda_handler import lambda_handler
from tests.itsm import gateway

pytestmark = pytest.mark.django_db
YEAR = "max-age=31536000; includeSubDomains"
TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any) -> None:
    """As BEHIND_TLS_PROXY sets it."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600


@pytest.mark.parametrize(
    "path", ["/desk/login/", "/itsm/tickets?caller=lea", "/api/docs", "/static/ticketing/desk.css"]
)
def test_a_request_without_tls_is_sent_to_it_and_gets_nothing(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"], answer.content) == (301, f"https://testserver{path}", b"")
    assert answer["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer
    assert not answer.cookies


@pytest.mark.parametrize("path", ["/healthz", "/healthz?deep=1"])
def test_a_load_balancer_asks_without_tls_whether_the_process_lives(path: str) -> None:
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/desk/login/", 200), ("/itsm/tickets?caller=lea", 401), ("/nothing", 404), ("/desk/nothing/", 302)],
)
def test_an_answer_over_tls_says_to_come_only_so_errors_too(path: str, status: int) -> None:
    answer = Client(headers=TLS).get(path)
    assert (answer.status_code, answer["Strict-Transport-Security"]) == (status, YEAR)


def test_a_refused_host_is_told_nothing_about_its_future() -> None:
    answer = Client(headers={"Host": "elsewhere.example"}).get("/")
    assert answer.status_code == 400
    assert "Strict-Transport-Security" not in answer


def test_cookies_travel_over_tls_alone() -> None:
    User.objects.create_superuser("ada", password="x")
    client = Client(headers=TLS | {"Origin": "https://testserver"})
    client.get("/desk/login/", secure=True)
    client.post("/desk/login/", {"username": "ada", "password": "x"}, secure=True)
    assert client.cookies["sessionid"]["secure"]
    assert client.cookies["csrftoken"]["secure"]
    assert client.cookies["known_device"]["secure"]


def test_api_gateway_has_tls_and_is_sent_nowhere() -> None:
    event = gateway.event("GET", "/tickets")
    del event["headers"]["X-Forwarded-Proto"], event["multiValueHeaders"]["X-Forwarded-Proto"]
    assert lambda_handler(event, None)["statusCode"] == 401
