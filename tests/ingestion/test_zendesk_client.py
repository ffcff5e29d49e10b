"""Reading tickets from Zendesk's API."""

import base64
import gzip
import tracemalloc
from typing import Any

import pytest
import requests
import responses

from ingestion.zendesk import answers, client, token_request
from ingestion.zendesk.errors import GiveUp, TryLater
from tests.ingestion.conftest import API, Zendesk
from tests.standins.zendesk import ZendeskStandIn

TICKET = f"{API}/api/v2/tickets/12345.json"
COMMENTS = f"{API}/api/v2/tickets/12345/comments.json"
FIRST = {"page[size]": "100", "include": "users", "include_inline_images": "true"}


def page(*ids: int, after: str | None = None, **links: str) -> dict[str, Any]:
    """A page of comments, and where the next is."""
    return {
        "comments": [{"id": one} for one in ids],
        "users": [{"id": 7}],
        "meta": {"has_more": after is not None or bool(links), "after_cursor": after},
        "links": links,
    }


def test_reads_ticket_comments_and_users(zendesk: Zendesk, http: responses.RequestsMock) -> None:
    zendesk.comment("Any news?")
    context = client.fetch("12345")
    assert context == {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users}
    expected = "Basic " + base64.b64encode(b"desk@foyer.test/token:token").decode()
    assert {call.request.headers["Authorization"] for call in http.calls} == {expected}


def test_a_requester_who_wrote_nothing_and_the_organization_are_asked_for_once(zendesk: Zendesk) -> None:
    zendesk.ticket |= {"requester_id": 55, "organization_id": 5}
    zendesk.others = {"users/55": {"id": 55, "name": "Omar"}, "organizations/5": {"id": 5, "name": "Haddad"}}
    context = client.fetch("12345")
    assert context["users"] == [*zendesk.users, zendesk.others["users/55"]]
    assert context["organizations"] == [{"id": 5, "name": "Haddad"}]
    assert zendesk.asked == ["users/55", "organizations/5"]


@pytest.mark.parametrize("requester", [7, "7", -1, None, 0.5, "../me"])
def test_nobody_is_asked_for_who_is_there_already_or_is_no_person(zendesk: Zendesk, requester: Any) -> None:
    zendesk.ticket["requester_id"] = requester
    assert client.fetch("12345")["users"] == zendesk.users
    assert zendesk.asked == []


@pytest.mark.parametrize("status", [403, 404, 410, 422])
def test_a_person_whom_zendesk_does_not_show_is_done_without(zendesk: Zendesk, status: int) -> None:
    zendesk.ticket |= {"requester_id": 55, "organization_id": 5}
    zendesk.refusal = status
    assert client.fetch("12345") == {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users}


@pytest.mark.parametrize("answer", [{"id": 56, "name": "Somebody else"}, {}, None, "55"])
def test_an_answer_about_somebody_else_is_nobodys(zendesk: Zendesk, answer: Any) -> None:
    zendesk.ticket["requester_id"] = 55
    zendesk.others = {"users/55": answer}
    assert client.fetch("12345")["users"] == zendesk.users


def test_a_lookup_that_zendesk_cannot_answer_now_is_for_later(zendesk: Zendesk) -> None:
    zendesk.ticket["requester_id"] = 55
    zendesk.refusal = 503
    with pytest.raises(TryLater, match="503"):
        client.fetch("12345")


def test_follows_the_cursor_to_the_end(http: responses.RequestsMock) -> None:
    http.get(TICKET, json={"ticket": {"id": 12345}})
    http.get(COMMENTS, json=page(1, 2, after="abc="), match=[responses.matchers.query_param_matcher(FIRST)])
    http.get(COMMENTS, json=page(3), match=[responses.matchers.query_param_matcher({**FIRST, "page[after]": "abc="})])
    context = client.fetch("12345")
    assert [one["id"] for one in context["comments"]] == [1, 2, 3]
    assert context["users"] == [{"id": 7}]


def test_never_goes_to_the_host_that_a_link_names(http: responses.RequestsMock) -> None:
    elsewhere = "https://elsewhere.test/comments.json?page%5Bafter%5D=abc"
    http.get(TICKET, json={"ticket": {"id": 12345}})
    http.get(COMMENTS, json=page(1, next=elsewhere))
    http.get(COMMENTS, json=page(2))
    assert len(client.fetch("12345")["comments"]) == 2
    assert {str(call.request.url).partition("/api")[0] for call in http.calls} == {API}


def test_follows_no_redirect(http: responses.RequestsMock) -> None:
    http.get(TICKET, status=302, headers={"Location": "https://elsewhere.test/"})
    with pytest.raises(GiveUp, match="ZENDESK_API_URL"):
        client.fetch("12345")
    assert len(http.calls) == 1


@pytest.mark.parametrize("second", [page(2, after="abc"), page(2) | {"meta": {"has_more": True}}])
def test_a_list_without_an_end_is_for_later(http: responses.RequestsMock, second: dict[str, Any]) -> None:
    http.get(TICKET, json={"ticket": {"id": 12345}})
    http.get(COMMENTS, json=page(1, after="abc"))
    http.get(COMMENTS, json=second)
    with pytest.raises(TryLater):
        client.fetch("12345")


def test_a_bad_moment_passes(http: responses.RequestsMock) -> None:
    http.get(TICKET, status=503)
    http.get(TICKET, status=500)
    http.get(TICKET, json={"ticket": {"id": 12345}})
    http.get(COMMENTS, json=page(1))
    assert client.fetch("12345")["ticket"] == {"id": 12345}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_fails_three_times_is_for_later(http: responses.RequestsMock, status: int) -> None:
    http.get(TICKET, status=status, body="not JSON")
    with pytest.raises(TryLater, match=str(status)):
        client.fetch("12345")
    assert len(http.calls) == 3


@pytest.mark.parametrize(
    ("failures", "retry_after", "waits"),
    [
        ([500, 502], 0, [0.5, 1.0]),
        ([429, 503], 3, [3, 3]),
        ([429, 429], "2, 4", [4, 4]),
        ([429, 429], "-1", [0.5, 1.0]),
        ([429, 429], "1.5", [2, 2]),
        ([429, 429], "soon", [0.5, 1.0]),
        ([0, 0], 0, [0.5, 1.0]),
    ],
)
def test_waits_longer_each_time_or_as_zendesk_asks(
    settings: Any, no_waiting: list[float], failures: list[int], retry_after: int | str, waits: list[float]
) -> None:
    with ZendeskStandIn(fail_next=failures, retry_after=retry_after, api_token="token") as standin:
        settings.ZENDESK_API_URL, settings.ZENDESK_EMAIL = standin.url, "desk@foyer.example"
        context = client.fetch("12377")
    assert context["ticket"]["id"] == 12377
    assert len(context["comments"]) == 250
    assert [wait for wait in no_waiting if wait] == waits


@pytest.mark.parametrize(("header", "asked"), [("93", 93), ("50, 47", 50), ("6", 6)])
def test_a_longer_wait_is_left_to_the_task(settings: Any, no_waiting: list[float], header: str, asked: int) -> None:
    with ZendeskStandIn(fail_next=[429], retry_after=header, api_token="token") as standin:
        settings.ZENDESK_API_URL, settings.ZENDESK_EMAIL = standin.url, "desk@foyer.example"
        with pytest.raises(TryLater, match=f"status 429. and asks to wait {asked} seconds") as raised:
            client.fetch("12377")
    assert raised.value.after == asked
    assert len(standin.calls) == 1
    assert not [wait for wait in no_waiting if wait]


@pytest.mark.parametrize("error", [requests.ConnectionError(), requests.ReadTimeout(), requests.ConnectTimeout()])
def test_no_answer_is_for_later(http: responses.RequestsMock, error: Exception) -> None:
    http.get(TICKET, body=error)
    with pytest.raises(TryLater, match=type(error).__name__):
        client.fetch("12345")


@pytest.mark.parametrize("body", ["<html>Down for maintenance</html>", "[]", '{"ticket": {"id": 1'])
def test_an_answer_that_is_no_object_is_for_later(http: responses.RequestsMock, body: str) -> None:
    http.get(TICKET, body=body)
    with pytest.raises(TryLater, match="JSON"):
        client.fetch("12345")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "no such ticket"),
        (410, "no such ticket"),
        (401, "ZENDESK_API_TOKEN"),
        (403, "ZENDESK_API_TOKEN"),
        (422, "refused the request"),
    ],
)
def test_a_refusal_is_for_good(http: responses.RequestsMock, status: int, sentence: str) -> None:
    http.get(TICKET, status=status, json={"error": "RecordNotFound", "description": "Not found"})
    with pytest.raises(GiveUp, match=sentence):
        client.fetch("12345")
    assert len(http.calls) == 1


@pytest.mark.parametrize("address", ["", "zendesk.test", "https://"])
def test_a_wrong_setting_says_so(settings: Any, address: str) -> None:
    settings.ZENDESK_API_URL = address
    with pytest.raises(GiveUp, match="ZENDESK_API_URL"):
        client.fetch("12345")


@pytest.mark.parametrize(("by_oauth", "organizations"), [(False, ["Lindqvist Family"]), (True, [])])
def test_a_ticket_that_an_agent_opened_comes_with_its_customer_and_its_pictures(
    settings: Any, by_oauth: bool, organizations: list[str]
) -> None:
    with ZendeskStandIn(api_token="token") as standin:
        settings.ZENDESK_API_URL, settings.ZENDESK_EMAIL = standin.url, "desk@foyer.example"
        if by_oauth:  # whose usual scope does not have organizations
            settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_OAUTH_CLIENT_SECRET = standin.endpoint.client
        context = client.fetch("1888")
    assert context["ticket"]["requester_id"] in [user["id"] for user in context["users"]]
    assert [one["file_name"] for one in context["comments"][0]["attachments"]] == ["whiteboard.png"]
    assert [one["name"] for one in context.get("organizations", [])] == organizations


@pytest.mark.parametrize("path", ["12345.json", "12345/comments.json"])
def test_an_answer_of_any_size_is_read_to_a_limit(zendesk: Zendesk, http: responses.RequestsMock, path: str) -> None:
    """A hundred kilobytes that unpack to a hundred megabytes."""
    bomb = gzip.compress(b" " * 100_000_000)
    http.replace("GET", f"{API}/api/v2/tickets/{path}", body=bomb, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(GiveUp, match=f"more than {answers.MAX_BYTES} bytes"):
            client.fetch("12345")
        assert tracemalloc.get_traced_memory()[1] < 4 * answers.MAX_BYTES
    finally:
        tracemalloc.stop()


def test_an_answer_with_very_many_values_is_no_answer(zendesk: Zendesk, http: responses.RequestsMock) -> None:
    http.replace("GET", TICKET, body=b"[" + b"{}," * 1_000_000 + b"{}]")
    with pytest.raises(TryLater, match="is not JSON"):
        client.fetch("12345")


def test_credentials_go_to_no_address_that_can_be_read_on_its_way(http: responses.RequestsMock, settings: Any) -> None:
    settings.ZENDESK_API_URL = "http://zendesk.test"
    with pytest.raises(GiveUp, match="must begin with https://"):
        client.fetch("12345")
    settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_OAUTH_CLIENT_SECRET = "x"
    with pytest.raises(GiveUp, match="must begin with https://"):
        token_request.ask()
    assert len(http.calls) == 0
