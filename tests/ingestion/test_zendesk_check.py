"""`manage.py zendesk_check`: a line for each thing that must be right, and what to do where it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import pytest
import requests
import responses
from django.conf import settings
from django.core.management import CommandError, call_command

from ingestion.zendesk import setup_check
from tests.ingestion.conftest import API
from tests.standins.zendesk import ZendeskStandIn

ASKED = f"{API}/api/v2/tickets/1.json"
SECRET = "client-secret-4711"


@pytest.fixture(autouse=True)
def standin(settings: Any) -> Iterator[ZendeskStandIn]:
    """A Zendesk to which Foyer is connected as it should be."""
    settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_OAUTH_CLIENT_SECRET = "foyer", SECRET
    settings.ZENDESK_OAUTH_SCOPE = "tickets:read users:read"
    settings.ZENDESK_WEBHOOK_SECRET = "a-webhook-secret"
    with ZendeskStandIn(oauth=("foyer", SECRET), api_token="token", email="desk@foyer.test") as zendesk:
        settings.ZENDESK_API_URL = zendesk.url
        yield zendesk


def told() -> dict[str, str]:
    """The command's lines by what they are about; the command fails if, and only if, one is not right."""
    out = StringIO()
    try:
        call_command("zendesk_check", stdout=out)
    except CommandError:
        assert "wrong" in out.getvalue()
    else:
        assert "wrong" not in out.getvalue()
    lines = out.getvalue().splitlines()
    assert not [line for line in lines if SECRET in line or "a-webhook-secret" in line]
    about = dict(line.split(": ", 1) for line in lines)
    answers = ["answer back"] if settings.ZENDESK_ANSWER_BACK else []
    assert list(about) == ["address", "sign-in", "scopes", "webhook secret", "clock", *answers]
    return about


def test_all_is_right(standin: ZendeskStandIn) -> None:
    assert {how.split(".")[0] for how in told().values()} == {"right"}
    assert standin.sign_ins == 1


def test_one_that_is_not_makes_the_command_fail_and_say_how_many(settings: Any) -> None:
    settings.ZENDESK_WEBHOOK_SECRET = ""
    with pytest.raises(CommandError, match="1 of 5 is not right"):
        call_command("zendesk_check", stdout=StringIO())


def test_an_api_token_is_right_and_its_end_is_told(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID = ""
    assert told()["sign-in"].startswith("right. Zendesk ends API tokens on 30 April 2027")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Set ZENDESK_DOMAIN to your host at Zendesk"),
        ("company.zendesk.com", "must have a host and nothing else"),
        ("https://company.zendesk.com/agent", "must have a host and nothing else"),
        ("https://me:a-password@company.zendesk.com", "must have a host and nothing else"),
        ("https://company.zendesk.com:port", "is no address"),
        ("http://company.zendesk.com", "must begin with https://"),
    ],
)
def test_a_wrong_address_says_how_it_must_look(settings: Any, address: str, sentence: str) -> None:
    settings.ZENDESK_API_URL = address
    about = told()
    assert about["address"].startswith("wrong. ")
    assert sentence in about["address"]
    assert "a-password" not in about["address"]
    assert {about[what] for what in ("sign-in", "scopes", "clock")} == {"not checked. Mend the address first."}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"status": 404, "body": "<html>No help desk</html>"}, "Zendesk has no account at https://zendesk.test"),
        ({"status": 302, "headers": {"Location": "https://www.zendesk.com"}}, "Zendesk has no account at"),
        ({"status": 503}, "cannot answer now (status 503): run this again"),
        ({"body": requests.ConnectTimeout()}, "Zendesk could not be reached (ConnectTimeout): check ZENDESK_DOMAIN"),
    ],
    ids=["no account", "redirect", "bad day", "no answer"],
)
def test_an_address_at_which_there_is_no_zendesk_says_so(
    http: responses.RequestsMock, settings: Any, answer: dict[str, Any], sentence: str
) -> None:
    settings.ZENDESK_API_URL = API
    http.get(ASKED, **answer)
    assert sentence in told()["address"]


def test_a_wrong_client_says_which_settings_to_check(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID = "another"
    about = told()
    assert about["sign-in"].startswith("wrong. Zendesk does not accept the OAuth client (status 401): check ZENDESK_")
    assert about["scopes"] == "not checked. Mend the sign-in first."


def test_a_wrong_api_token_says_what_to_do(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_API_TOKEN = "", "another"
    assert told()["sign-in"].startswith("wrong. Zendesk refused the credentials (status 401): set up OAuth")


def test_no_sign_in_at_all_says_what_to_set(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_API_TOKEN = ""
    assert told()["sign-in"].startswith("wrong. Set ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET")


@pytest.mark.parametrize(
    ("scope", "lacks"),
    [("users:read", "tickets:read"), ("tickets:read", "users:read"), ("ticket:read", "tickets:read and users:read")],
)
def test_a_scope_that_is_not_asked_for_is_named(settings: Any, scope: str, lacks: str) -> None:
    settings.ZENDESK_OAUTH_SCOPE = scope
    assert told()["scopes"] == f"wrong. ZENDESK_OAUTH_SCOPE lacks {lacks}: set it to tickets:read users:read."


def test_a_token_that_may_read_nothing_is_told(standin: ZendeskStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standin.endpoint, "refusal", lambda *_: (403, {"error": "Forbidden"}))
    assert told()["scopes"].startswith("wrong. Zendesk does not let Foyer read this (status 403)")


def test_a_user_who_is_no_agent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.standins.zendesk_data.ME", {"id": 7, "role": "end-user"})
    assert told()["scopes"].startswith("wrong. The user whom Foyer acts for is no agent")


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        (" , ", "Set ZENDESK_WEBHOOK_SECRET to what Reveal secret shows"),
        (setup_check.PUBLIC_SECRET, "This secret is in Zendesk's documentation"),
        ('"quoted"', "has a space or a quotation mark in it"),
    ],
)
def test_a_webhook_secret_that_cannot_be_right_is_told(settings: Any, secret: str, sentence: str) -> None:
    settings.ZENDESK_WEBHOOK_SECRET = secret
    assert sentence in told()["webhook secret"]


@pytest.mark.parametrize(("minutes", "where"), [(-10, "ahead of"), (10, "behind")])
def test_a_clock_that_is_wrong_says_by_how_much(
    standin: ZendeskStandIn, monkeypatch: pytest.MonkeyPatch, minutes: int, where: str
) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.date_time_string", lambda *_: theirs)
    clock = told()["clock"]
    assert clock.startswith(("wrong. It is 600 s", "wrong. It is 599 s", "wrong. It is 601 s"))
    assert where in clock


def test_an_answer_without_a_time_leaves_the_clock_open(http: responses.RequestsMock, settings: Any) -> None:
    settings.ZENDESK_API_URL = API
    http.get(ASKED, status=401, json={})
    http.post(f"{API}/oauth/tokens", status=503)
    assert told()["clock"].startswith("not checked. Zendesk's answer names no time")


WRITES = "tickets:read users:read tickets:write"


def test_answering_back_has_a_line_if_it_is_on(settings: Any, standin: ZendeskStandIn) -> None:
    settings.ZENDESK_ANSWER_BACK, settings.ZENDESK_OAUTH_SCOPE = True, WRITES
    assert told()["answer back"] == "right. Foyer may post what staff write."
    assert standin.writing.comments == {}


def test_a_scope_that_writes_nothing_says_which_to_set(settings: Any) -> None:
    settings.ZENDESK_ANSWER_BACK = True
    assert told()["answer back"].endswith("set it to tickets:read users:read tickets:write.")


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (403, "wrong. Zendesk does not let Foyer write to this ticket (status 403): ZENDESK_OAUTH_SCOPE must name"),
        (401, "wrong. Zendesk refused a token that it had just given (status 401)"),
        (503, "wrong. Zendesk cannot answer now (status 503): run this again."),
        (0, "wrong. Zendesk could not be reached (ConnectionError)."),
    ],
)
def test_a_zendesk_that_takes_nothing_says_why(settings: Any, standin: ZendeskStandIn, day: int, sentence: str) -> None:
    settings.ZENDESK_ANSWER_BACK, settings.ZENDESK_OAUTH_SCOPE = True, WRITES
    standin.writing.bad_days = [day] * 2
    assert told()["answer back"].startswith(sentence)


def test_answering_back_is_not_looked_at_without_an_address(settings: Any) -> None:
    settings.ZENDESK_ANSWER_BACK, settings.ZENDESK_API_URL = True, ""
    assert told()["answer back"] == "not checked. Mend the address first."
