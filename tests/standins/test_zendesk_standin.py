"""The Zendesk stand-in answers as Zendesk does."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.standins.zendesk import ZendeskStandIn

pytestmark = pytest.mark.enable_socket


@pytest.fixture(name="zendesk")
def _zendesk() -> Iterator[ZendeskStandIn]:
    with ZendeskStandIn() as zendesk:
        yield zendesk


def get(zendesk: ZendeskStandIn, path: str, **params: str) -> requests.Response:
    return requests.get(f"{zendesk.url}{path}", params=params, auth=zendesk.auth, timeout=5)


def test_a_ticket_is_the_same_at_every_call(zendesk: ZendeskStandIn) -> None:
    first, second = (get(zendesk, "/api/v2/tickets/12345.json").json() for _ in range(2))
    assert first == second
    assert first["ticket"]["id"] == 12345
    assert "need_sme" in first["ticket"]["tags"]


def test_comments_come_with_their_authors(zendesk: ZendeskStandIn) -> None:
    page = get(zendesk, "/api/v2/tickets/12345/comments.json", include="users").json()
    assert {comment["author_id"] for comment in page["comments"]} == {user["id"] for user in page["users"]}
    assert {comment["public"] for comment in page["comments"]} == {True, False}
    assert page["meta"] == {"has_more": False, "after_cursor": None, "before_cursor": None}


def test_who_is_not_beside_the_comments_is_found_by_the_id(zendesk: ZendeskStandIn) -> None:
    ticket = get(zendesk, "/api/v2/tickets/1888.json").json()["ticket"]
    beside = get(zendesk, "/api/v2/tickets/1888/comments.json", include="users").json()["users"]
    assert ticket["requester_id"] not in {user["id"] for user in beside}
    found = get(zendesk, f"/api/v2/users/{ticket['requester_id']}.json").json()["user"]
    assert (found["id"], found["role"]) == (ticket["requester_id"], "end-user")
    named = get(zendesk, f"/api/v2/organizations/{ticket['organization_id']}.json").json()
    assert named["organization"]["name"] == "Lindqvist Family"
    assert get(zendesk, "/api/v2/users/1.json").status_code == 404


def test_inline_pictures_are_listed_if_they_are_asked_for(zendesk: ZendeskStandIn) -> None:
    path = "/api/v2/tickets/1888/comments.json"
    assert get(zendesk, path).json()["comments"][0]["attachments"] == []
    [picture] = get(zendesk, path, include_inline_images="true").json()["comments"][0]["attachments"]
    assert picture["inline"]


def test_a_long_conversation_has_pages_by_cursor_and_by_link(zendesk: ZendeskStandIn) -> None:
    path, by_cursor, more = "/api/v2/tickets/12377/comments.json", list[dict[str, Any]](), {"page[size]": "100"}
    while "page[after]" not in more or more["page[after]"]:
        page = get(zendesk, path, **more).json()
        by_cursor += page["comments"]
        more["page[after]"] = page["meta"]["after_cursor"]
    assert len({comment["id"] for comment in by_cursor}) == 250

    first = get(zendesk, path, **{"page[size]": "100"}).json()
    second = requests.get(first["links"]["next"], auth=zendesk.auth, timeout=5).json()
    assert second["comments"] == by_cursor[100:200]


def test_wrong_credentials_and_unknown_tickets_get_zendesks_errors(zendesk: ZendeskStandIn) -> None:
    refused = requests.get(f"{zendesk.url}/api/v2/tickets/1.json", auth=("a/token", "b"), timeout=5)
    assert (refused.status_code, refused.json()) == (401, {"error": "Couldn't authenticate you"})
    absent = get(zendesk, "/api/v2/tickets/900000000.json")
    assert (absent.status_code, absent.json()["error"]) == (404, "RecordNotFound")


def test_failures_come_in_the_order_asked_for_and_then_stop() -> None:
    with ZendeskStandIn(fail_next=[429, 500], retry_after=7) as zendesk:
        answers = [get(zendesk, "/api/v2/tickets/1.json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 500, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert len(zendesk.calls) == 3


def test_status_0_hangs_up() -> None:
    with ZendeskStandIn(fail_next=[0]) as zendesk, pytest.raises(requests.ConnectionError):
        get(zendesk, "/api/v2/tickets/1.json")


def test_oauth_gives_tokens_whose_scope_and_life_count(zendesk: ZendeskStandIn) -> None:
    def token(**more: Any) -> requests.Response:
        asked = {"grant_type": "client_credentials", "client_id": "foyer", "client_secret": "local"} | more
        return requests.post(f"{zendesk.url}/oauth/tokens", json=asked, timeout=5)

    def read(given: requests.Response) -> int:
        headers = {"Authorization": f"Bearer {given.json()['access_token']}"}
        return requests.get(f"{zendesk.url}/api/v2/tickets/1.json", headers=headers, timeout=5).status_code

    good = token(scope="tickets:read", expires_in=600)
    assert (good.json()["expires_in"], read(good)) == (600, 200)
    assert read(token(scope="no:such")) == 403
    assert token(client_secret="another").json()["error"] == "invalid_client"
    assert [token(expires_in=seconds).status_code for seconds in (300, 172_800)] == [400, 400]
    zendesk.endpoint.revoke()
    assert read(good) == 401
