"""What somebody should know about the settings: told at the start, by `/readyz`, and at the desk."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from config import gunicorn, notices
from config.celery import app
from config.consumer import pulse, queue_loop

DAY = "Zendesk ends API tokens on 30 April 2027"


@pytest.fixture
def api_token(settings: Any) -> None:
    settings.ZENDESK_EMAIL, settings.ZENDESK_API_TOKEN = "desk@foyer.test", "secret-4711"
    settings.ZENDESK_OAUTH_CLIENT_ID = ""


@pytest.mark.usefixtures("api_token")
def test_an_api_token_ends_and_oauth_does_not(settings: Any) -> None:
    [sentence] = notices.notices()
    assert sentence.startswith(DAY)
    settings.ZENDESK_OAUTH_CLIENT_ID = "foyer"
    assert notices.notices() == []
    settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_API_TOKEN = ""
    assert notices.notices() == []


def test_answering_back_without_the_scope_or_a_sign_in_is_told(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_OAUTH_SCOPE = "foyer", "tickets:read users:read"
    assert notices.notices() == []
    settings.ZENDESK_ANSWER_BACK = True
    [sentence] = notices.notices()
    assert "does not name tickets:write" in sentence
    settings.ZENDESK_OAUTH_SCOPE = "tickets:read users:read tickets:write"
    assert notices.notices() == []
    settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_API_TOKEN = ""
    [sentence] = notices.notices()
    assert "cannot sign in to Zendesk" in sentence


@pytest.mark.usefixtures("api_token")
def test_the_web_server_says_so_once_however_many_processes_it_has(caplog: pytest.LogCaptureFixture) -> None:
    for age in (1, 2, 3):
        gunicorn.post_worker_init(SimpleNamespace(age=age))
    assert [record.levelno for record in caplog.records if DAY in record.message] == [logging.WARNING]
    assert "secret-4711" not in caplog.text


@pytest.mark.usefixtures("api_token")
def test_the_worker_says_so_when_it_starts(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "watch", lambda: None)
    monkeypatch.setattr(queue_loop, "run", lambda *_: None)
    monkeypatch.setattr(app.loader, "import_default_modules", lambda: None)  # it sets up logging anew, without caplog
    monkeypatch.setattr("signal.signal", lambda *_: None)
    call_command("worker")
    assert caplog.text.count(DAY) == 1


@pytest.mark.usefixtures("api_token", "aws")
@pytest.mark.django_db
def test_readiness_says_so_beside_a_200(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "notices": notices.notices()})


@pytest.mark.usefixtures("api_token", "aws")
@pytest.mark.django_db
def test_the_page_deliveries_says_so(admin_client: Client, settings: Any) -> None:
    assert DAY in admin_client.get("/desk/ticketing/delivery/").content.decode()
    settings.ZENDESK_OAUTH_CLIENT_ID = "foyer"
    assert DAY not in admin_client.get("/desk/ticketing/delivery/").content.decode()
