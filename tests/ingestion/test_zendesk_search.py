"""Finding the tickets with a tag: every page of Zendesk's search export, within its rate limit."""

from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ingestion.zendesk import search
from ingestion.zendesk.client import TRIES
from ingestion.zendesk.errors import GiveUp, TryLater
from tests.ingestion.conftest import API
from tests.standins.zendesk import ZendeskStandIn

EXPORT = f"{API}/api/v2/search/export.json"
SINCE = "2026-02-09T00:00:00.000Z"
FIRST = {"query": "tags:need_sme updated>=2026-02-09T00:00:00Z", "filter[type]": "ticket", "page[size]": "100"}


def page(*ids: Any, after: str | None = None) -> dict[str, Any]:
    return {"results": [{"id": one} for one in ids], "meta": {"has_more": after is not None, "after_cursor": after}}


def found() -> list[list[str]]:
    return list(search.flagged("need_sme", SINCE))


def test_follows_the_cursor_to_the_end_and_pauses_between_pages(
    http: responses.RequestsMock, no_waiting: list[float]
) -> None:
    http.get(EXPORT, json=page(3, 1, after="abc="), match=[query_param_matcher(FIRST)])
    http.get(EXPORT, json=page(2), match=[query_param_matcher({**FIRST, "page[after]": "abc="})])
    assert found() == [["3", "1"], ["2"]]
    assert no_waiting == [1.0]


def test_waits_as_long_as_zendesk_asks(http: responses.RequestsMock, no_waiting: list[float]) -> None:
    for _ in range(TRIES):
        http.get(EXPORT, status=429, headers={"Retry-After": "47"})
    http.get(EXPORT, json=page(1))
    assert found() == [["1"]]
    assert no_waiting == [47]


def test_no_header_makes_it_wait_for_hours(http: responses.RequestsMock, no_waiting: list[float]) -> None:
    for _ in range(TRIES):
        http.get(EXPORT, status=429, headers={"Retry-After": "86400"})
    http.get(EXPORT, json=page(1))
    found()
    assert no_waiting == [300]


def test_gives_up_after_minutes_of_no_answer(http: responses.RequestsMock, no_waiting: list[float]) -> None:
    http.get(EXPORT, status=503, headers={"Retry-After": "60"})
    with pytest.raises(TryLater, match="status 503"):
        found()
    assert no_waiting == [60] * 5


def test_the_same_page_again_is_no_endless_loop(http: responses.RequestsMock) -> None:
    http.get(EXPORT, json=page(1, after="abc="))
    with pytest.raises(TryLater, match="the same page"):
        found()


@pytest.mark.parametrize("results", [None, "many", [7], [{"id": None}], [{"id": True}], [{"id": 0}], [{"id": "7"}]])
def test_what_is_no_list_of_tickets_is_refused(http: responses.RequestsMock, results: Any) -> None:
    http.get(EXPORT, json={"results": results, "meta": {"has_more": False}})
    with pytest.raises(GiveUp, match="not as documented"):
        found()


def test_a_scope_that_may_not_search_is_named(http: responses.RequestsMock, settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_OAUTH_CLIENT_SECRET = "foyer", "secret"
    http.post(f"{API}/oauth/tokens", json={"access_token": "t", "expires_in": 7200})
    http.get(EXPORT, status=403, json={"error": "Forbidden"})
    with pytest.raises(GiveUp, match="the OAuth scope `read`"):
        found()


def test_an_api_token_that_may_not_search_is_told_of_its_agent(http: responses.RequestsMock) -> None:
    http.get(EXPORT, status=403, json={"error": "Forbidden"})
    with pytest.raises(GiveUp, match="the agent in ZENDESK_EMAIL"):
        found()


@pytest.mark.enable_socket
def test_it_understands_what_the_stand_in_says(settings: Any) -> None:
    with ZendeskStandIn(flagged=range(1, 251), fail_next=[0, 500]) as zendesk:
        settings.ZENDESK_API_URL = zendesk.url
        settings.ZENDESK_EMAIL, settings.ZENDESK_API_TOKEN = "desk@foyer.example", "local"
        pages = list(search.flagged("need_sme", "2025-01-01T00:00:00.000Z"))
        later = list(search.flagged("need_sme", "2025-06-01T00:00:00.000Z"))
    assert [len(one) for one in pages] == [100, 100, 50]
    assert {one for page in pages for one in page} == {str(number) for number in range(1, 251)}
    assert 0 < sum(map(len, later)) < 250
