"""Tokens: kept hashed, known for half a minute without SQL, and no more once revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from config.refusals import Invalid
from routing import tokens
from routing.models import ApiToken

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def issued(**more: Any) -> str:
    values: dict[str, Any] = {"name": "crm", "customer_id": "acme", "tier": "gold", "scopes": ["route", "itsm"]}
    return tokens.issue(**values | more)


def test_a_token_is_its_holder() -> None:
    caller = tokens.caller_of(issued())
    assert caller
    assert (caller.customer_id, caller.tier, caller.scopes, caller.name) == (
        "acme",
        "gold",
        frozenset({"itsm", "route"}),
        "crm",
    )


def test_only_the_hash_is_kept() -> None:
    token = issued()
    row = ApiToken.objects.values().get()
    assert token not in str(row)
    assert token.removeprefix("foyer_") not in str(row)
    assert len(row["token_hash"]) == 64
    assert row["scopes"] == ["itsm", "route"]


def test_every_token_is_another_and_long() -> None:
    made = {issued() for _ in range(20)}
    assert len(made) == 20
    assert min(map(len, made)) >= 40


@pytest.mark.parametrize("token", ["", "foyer_", "x", "\ud800", "é", "x" * 10_000])
def test_an_unknown_token_is_nobodys(token: str) -> None:
    issued()
    assert tokens.caller_of(token) is None


def test_a_token_seen_lately_needs_no_sql(django_assert_num_queries: Any) -> None:
    token = issued()
    with django_assert_num_queries(1):
        tokens.caller_of(token)
    with django_assert_num_queries(0):
        for _ in range(10):
            assert tokens.caller_of(token)


def test_no_token_is_forgotten_for_the_many_others_that_were_seen_since(django_assert_num_queries: Any) -> None:
    many = [issued() for _ in range(400)]  # more than a cache of Django's keeps unless told otherwise
    for token in many:
        tokens.caller_of(token)
    with django_assert_num_queries(0):
        assert all(tokens.caller_of(token) for token in many)


def test_half_a_minute_later_it_is_looked_up_again(django_assert_num_queries: Any, settings: Any) -> None:
    token = issued()
    assert settings.TOKEN_CACHE_SECONDS == 30
    settings.TOKEN_CACHE_SECONDS = -1  # over as soon as it began
    tokens.caller_of(token)
    with django_assert_num_queries(1):
        tokens.caller_of(token)


def test_a_revoked_token_opens_no_door() -> None:
    token = issued()
    assert tokens.caller_of(token)
    tokens.revoke(tokens.find(token))
    assert tokens.caller_of(token) is None
    cache.clear()
    assert tokens.caller_of(token) is None
    first = ApiToken.objects.get().revoked_at
    tokens.revoke(tokens.find(token))
    assert ApiToken.objects.get().revoked_at == first


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "A token needs a name and a customer"),
        ({"customer_id": ""}, "A token needs a name and a customer"),
        ({"tier": "silver"}, "The tier must be general or gold"),
        ({"days": 0}, r"A token ends after 1 to 365 days \(TOKEN_DAYS\)"),
        ({"days": 366}, r"A token ends after 1 to 365 days \(TOKEN_DAYS\)"),
        ({"scopes": []}, "Scopes must be one or more of: itsm, events, submit, route"),
        ({"scopes": ["itsm", "admin"]}, "Scopes must be one or more of: itsm, events, submit, route"),
    ],
)
def test_a_token_that_means_nothing_is_not_issued(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        issued(**wrong)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        lambda t: {"Token": t},
        lambda t: {"Token": f" {t} "},
        lambda t: {"Authorization": f"Bearer {t}"},
        lambda t: {"Authorization": f"bearer  {t}"},
    ],
)
def test_both_headers_are_taken(aws: None, headers: Any) -> None:
    assert APIClient(headers=headers(issued())).get("/routing/tickets").status_code == 200


def test_a_ticket_is_taken_in_without_sql_once_its_token_was_seen(aws: None, django_assert_num_queries: Any) -> None:
    client = APIClient(headers={"Token": issued()})
    client.get("/routing/tickets")
    with django_assert_num_queries(0):
        for path, body in (
            ("/routing/tickets", {"type": "t", "message": "m"}),
            ("/itsm/tickets", {"caller_id": "c", "issue_description": "d"}),
        ):
            assert client.post(path, body, format="json").status_code == 201


@pytest.mark.parametrize(("given", "days"), [({}, 365), ({"days": None}, 365), ({"days": 1}, 1)])
def test_a_token_has_an_end(given: dict[str, Any], days: int) -> None:
    row = tokens.find(issued(**given))
    assert row.expires_at
    left = row.expires_at - datetime.now(UTC)
    assert timedelta(days=days) - timedelta(minutes=1) < left <= timedelta(days=days)


def test_the_setting_is_the_default_and_the_latest_end(settings: Any) -> None:
    settings.TOKEN_DAYS = 30
    end = tokens.find(issued()).expires_at
    assert end
    assert end - datetime.now(UTC) <= timedelta(days=30)
    with pytest.raises(Invalid):
        issued(days=31)


def test_an_ended_token_is_refused_at_that_moment_though_it_was_seen_lately(
    aws: None, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issued()
    client = APIClient(headers={"Token": token})
    assert client.get("/routing/tickets").status_code == 200

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=365)

    monkeypatch.setattr(tokens, "datetime", Later)
    with django_assert_num_queries(0):
        answer = client.get("/routing/tickets")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_an_ended_token_is_told_when_it_ended_and_what_to_do(aws: None) -> None:
    token = issued()
    ApiToken.objects.update(expires_at=datetime(2026, 2, 3, tzinfo=UTC))
    answer = APIClient(headers={"Authorization": f"Bearer {token}"}).get("/routing/tickets")
    assert answer.json()["error"] == ("The token ended on 3 February 2026: ask the people who run Foyer for a new one")


def test_a_token_from_before_ends_were_has_none() -> None:
    token = issued()
    ApiToken.objects.update(expires_at=None)
    assert tokens.caller_of(token)
