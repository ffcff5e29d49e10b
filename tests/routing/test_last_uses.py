"""When a token was last used: noted without SQL, written by a thread, and never back in time."""

import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from routing import last_uses, tokens
from routing.models import ApiToken

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def used() -> datetime | None:
    return ApiToken.objects.get().last_used_at


@pytest.fixture
def token() -> str:
    return tokens.issue("crm", "acme", "gold", ["itsm"])


def test_a_use_is_noted_without_sql_and_written_later(token: str, django_assert_num_queries: Any) -> None:
    tokens.caller_of(token)
    with django_assert_num_queries(0):
        tokens.caller_of(token)
    assert used() is None
    with django_assert_num_queries(1):
        last_uses.write()
    seen = used()
    assert seen
    assert datetime.now(UTC) - seen < timedelta(minutes=1)


def test_a_process_writes_a_token_once_an_hour_however_often_it_is_used(
    token: str, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        tokens.caller_of(token)
        last_uses.write()
    first = used()
    with django_assert_num_queries(0):
        tokens.caller_of(token)
        last_uses.write()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    tokens.caller_of(token)
    last_uses.write()
    later = used()
    assert first
    assert later
    assert later > first


def test_what_another_process_knows_of_a_later_use_stays(token: str) -> None:
    tokens.caller_of(token)
    later = datetime.now(UTC) + timedelta(minutes=5)
    ApiToken.objects.update(last_used_at=later)
    last_uses.write()
    assert used() == later


def test_a_use_is_kept_while_the_database_is_away(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.caller_of(token)

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, "update", away)
        last_uses.write()
    assert used() is None
    last_uses.write()
    assert used()


def test_an_unknown_a_revoked_and_an_ended_token_are_not_used(token: str) -> None:
    tokens.caller_of("foyer_other")
    ApiToken.objects.update(expires_at=datetime.now(UTC))
    with pytest.raises(tokens.Ended):
        tokens.caller_of(token)
    tokens.revoke(ApiToken.objects.get())
    tokens.caller_of(token)
    last_uses.write()
    assert used() is None


def test_a_thread_writes_and_keeps_no_connection(token: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written, closed = threading.Event(), threading.Event()
    monkeypatch.setattr(last_uses, "write", written.set)
    monkeypatch.setattr(last_uses, "connection", SimpleNamespace(close=closed.set))
    settings.METRICS_FLUSH_SECONDS = 0.01
    tokens.caller_of(token)
    assert written.wait(10)
    assert closed.wait(10)
    writer = last_uses._noted.writer
    last_uses._noted.start_anew()  # as in a forked child
    assert writer
    writer.join(10)
    assert not writer.is_alive()
