"""What every answer says to browsers and caches, whoever made it."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient
from unfold.settings import CONFIG_DEFAULTS as UNFOLD

from config.web.headers import BARE
from itsm.lambda_handler import lambda_handler

pytestmark = pytest.mark.django_db
PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS: Final = {name: BARE[name] for name in ("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")}
COLOURS: Final = UNFOLD["COLORS"]
LIST: Final = "/desk/ticketing/indexedticket/"


def page(answer: Any, status: int) -> None:
    """A page: its policy lets in nothing but our own files."""
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert answer["Content-Security-Policy"] == PAGE
    assert "no-store" in answer["Cache-Control"]
    assert ALWAYS.items() <= answer.headers.items()


def bare(answer: Any, status: int) -> None:
    """No page: its policy lets in nothing, and nobody keeps it."""
    assert answer.status_code == status, answer.content
    assert BARE.items() <= answer.headers.items()
    assert {"Token", "Authorization"} <= set(answer["Vary"].split(", "))


@pytest.mark.parametrize("where", ["", LIST, f"{LIST}add/", "/desk/auth/user/", "/desk/routing/apitoken/add/"])
def test_a_page_of_the_desk_has_the_policy(aws: None, admin_client: Client, where: str) -> None:
    page(admin_client.get(where or "/desk/login/", follow=True), 200)


def test_the_description_of_the_api_has_the_policy_and_no_script_within() -> None:
    answer = Client().get("/api/docs")
    page(answer, 200)
    assert b"<style" not in answer.content
    assert answer.content.count(b"<script") == answer.content.count(b"<script src=")
    bare(Client().get("/api/schema"), 200)


def test_an_error_page_has_the_policy(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page(admin_client.get("/desk/nothing/"), 404)
    monkeypatch.setattr("ticketing.admin.TicketAdmin.get_changelist", lambda *_: 1 / 0)
    admin_client.raise_request_exception = False
    page(admin_client.get(LIST), 500)


def test_a_page_that_may_not_be_seen_has_the_policy(client: Client) -> None:
    client.force_login(User.objects.create_user("staff", is_staff=True))
    page(client.get(LIST), 403)


def test_a_form_without_its_token_is_refused_by_a_page_that_says_what_to_do(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    answer = client.post("/desk/logout/")
    page(answer, 403)
    assert "Nothing was saved. Go back, load the page again" in answer.content.decode()


def test_a_redirect_to_sign_in_is_not_kept() -> None:
    answer = Client().get(LIST)
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == PAGE


@pytest.mark.parametrize("tls", [True, False])
def test_a_host_that_is_not_ours_is_refused_with_the_headers(settings: Any, tls: bool) -> None:
    settings.SECURE_SSL_REDIRECT = tls  # then another middleware is the first to look at the host
    bare(Client().get("/itsm/tickets", headers={"Host": "elsewhere.example"}), 400)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/nothing", 404),
        ("get", "/healthz", 200),
        ("get", "/itsm/tickets?caller=lea", 401),
        ("post", "/ingest", 401),
        ("post", "/ticketing/submissions", 401),
        ("get", "/routing/tickets", 401),
        ("post", "/webhooks/zendesk", 401),
        ("delete", "/webhooks/zendesk", 405),
    ],
)
def test_a_refusal_of_the_apis_is_not_kept(method: str, path: str, status: int) -> None:
    bare(getattr(APIClient(), method)(path), status)


def test_an_answer_of_the_apis_is_not_kept_by_others_and_its_tag_still_works(
    aws: None, token_client: Callable[..., APIClient]
) -> None:
    client = token_client("itsm")
    made = client.post("/itsm/tickets", {"caller_id": "lea", "issue_description": "x"}, format="json")
    bare(made, 201)
    bare(client.get("/itsm/tickets?caller=lea"), 200)
    seen = client.get(made["Location"])
    bare(seen, 200)
    bare(client.get(made["Location"], headers={"If-None-Match": seen["ETag"]}), 304)
    bare(client.post("/itsm/tickets", {}, format="json"), 400)


def test_a_failure_that_nobody_expected_is_not_kept(
    token_client: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("itsm.views.service", None)
    bare(token_client("itsm").get("/itsm/tickets?caller=lea"), 500)


def test_a_static_file_may_be_kept() -> None:
    answer = Client().get("/static/ticketing/desk.css")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "max-age=60, public")
    assert "Token" not in answer.get("Vary", "")
    answer.close()


def test_lambda_refuses_what_is_no_request_with_the_headers() -> None:
    answer = lambda_handler({"httpMethod": 1, "headers": 1}, None)
    assert answer["statusCode"] == 400
    assert BARE.items() <= answer["headers"].items()


def test_the_colours_are_those_that_unfold_would_write_into_each_page() -> None:
    written = (settings.BASE_DIR / "ticketing/static/ticketing/colours.css").read_text()
    colours = {f"--color-{name}-{weight}": value for name, ones in COLOURS.items() for weight, value in ones.items()}
    assert dict(re.findall(r"(--[\w-]+): (.*);", written)) == colours


def test_the_alpine_that_is_served_is_the_one_that_evaluates_nothing() -> None:
    """Unfold's own turns attributes into functions, for which the policy would need `unsafe-eval`."""
    answer = Client().get("/static/unfold/js/alpine/alpine.js")
    served = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    assert b"CSP Parser Error" in served
    assert b"AsyncFunction" not in served
    assert hashlib.sha256(served).hexdigest() == "0d18d7f8d7910e2e0212f0f056b12f50bebc3abb7d88d2f7c7cb4c336fe4519a"
