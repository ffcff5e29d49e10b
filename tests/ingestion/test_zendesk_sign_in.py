"""Signing in to Zendesk by OAuth: once for all threads, renewed in time, and each fault with a sentence for people."""

import threading
import traceback
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses

from ingestion.zendesk import client, sign_in, token_request
from ingestion.zendesk.errors import GiveUp, PipelineError, TryLater
from tests.ingestion.conftest import API
from tests.standins.zendesk import ZendeskStandIn

TOKENS = f"{API}/oauth/tokens"
TICKET = f"{API}/api/v2/tickets/12345.json"
SECRET, TOKEN = "client-secret-4711", "access-token-4711"
GIVEN = {"access_token": TOKEN, "token_type": "bearer", "scope": "tickets:read users:read", "expires_in": 7200}


@pytest.fixture(autouse=True)
def oauth(settings: Any) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID, settings.ZENDESK_OAUTH_CLIENT_SECRET = "foyer", SECRET
    settings.ZENDESK_OAUTH_SCOPE = "tickets:read users:read"


class Clock:
    """A monotonic clock that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    set_by_tests = Clock()
    monkeypatch.setattr("ingestion.zendesk.sign_in.time.monotonic", set_by_tests)
    return set_by_tests


@pytest.fixture
def standin(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZendeskStandIn]:
    """A Zendesk that answers over a socket. Its delays take their time, unlike the product's waits."""
    monkeypatch.setattr("tests.standins.zendesk.time", SimpleNamespace(sleep=threading.Event().wait))
    with ZendeskStandIn(oauth=("foyer", SECRET)) as zendesk:
        settings.ZENDESK_API_URL = zendesk.url
        yield zendesk


def signed(http: responses.RequestsMock, url: str = TICKET) -> list[str]:
    """The `Authorization` of each request to the address."""
    return [str(call.request.headers.get("Authorization")) for call in http.calls if call.request.url == url]


def test_signs_in_with_client_credentials_and_reads_with_the_token(http: responses.RequestsMock) -> None:
    asked: dict[str, Any] = {"grant_type": "client_credentials", "client_id": "foyer", "client_secret": SECRET}
    asked |= {"scope": "tickets:read users:read", "expires_in": 7200}
    http.post(TOKENS, json=GIVEN, match=[responses.matchers.json_params_matcher(asked)])
    http.get(TICKET, json={"ticket": {"id": 12345}})
    http.get(TICKET.replace(".json", "/comments.json"), json={"comments": []})
    assert client.fetch("12345")["ticket"] == {"id": 12345}
    assert signed(http) == [f"Bearer {TOKEN}"]
    assert [call.request.method for call in http.calls] == ["POST", "GET", "GET"]


def test_oauth_comes_before_the_api_token(http: responses.RequestsMock, settings: Any) -> None:
    settings.ZENDESK_EMAIL, settings.ZENDESK_API_TOKEN = "desk@foyer.test", "token"
    assert isinstance(sign_in.auth(), sign_in.Bearer)
    settings.ZENDESK_OAUTH_CLIENT_ID = ""
    assert isinstance(sign_in.auth(), sign_in.ApiToken)


def test_one_token_serves_until_four_fifths_of_its_life(standin: ZendeskStandIn, clock: Clock) -> None:
    first = sign_in.tokens.current()
    clock.now += 0.8 * 7200 - 1
    assert sign_in.tokens.current() == first
    clock.now += 1
    assert sign_in.tokens.current() != first
    assert standin.sign_ins == 2


@pytest.mark.parametrize("expires_in", [None, 0, "7200", True, -5])
def test_a_token_that_does_not_say_how_long_it_lives_is_renewed_early(
    http: responses.RequestsMock, clock: Clock, expires_in: Any
) -> None:
    http.post(TOKENS, json=GIVEN | {"expires_in": expires_in})
    sign_in.tokens.current()
    clock.now += 1800
    sign_in.tokens.current()
    assert len(http.calls) == 2


def test_threads_share_one_sign_in(standin: ZendeskStandIn) -> None:
    standin.sign_in_delay = 0.2
    assert len(set(in_threads(8, sign_in.tokens.current))) == 1
    assert standin.sign_ins == 1


def test_threads_that_ask_at_one_moment_share_one_failure(standin: ZendeskStandIn, settings: Any, clock: Clock) -> None:
    settings.ZENDESK_OAUTH_CLIENT_SECRET = "another"
    assert {type(one) for one in in_threads(8, sign_in.tokens.current)} == {GiveUp}
    assert standin.sign_ins == 1


def test_threads_whose_token_was_refused_get_one_new_token(standin: ZendeskStandIn) -> None:
    old = sign_in.tokens.current()
    standin.endpoint.revoke()
    assert len(set(in_threads(8, lambda: sign_in.tokens.instead_of(old))) - {old}) == 1
    assert standin.sign_ins == 2


def test_while_one_thread_renews_the_others_go_on_with_the_old_token(
    monkeypatch: pytest.MonkeyPatch, standin: ZendeskStandIn, clock: Clock
) -> None:
    old = sign_in.tokens.current()
    clock.now += 6000
    asked, go_on, ask = threading.Event(), threading.Event(), token_request.ask

    def slow() -> token_request.Token:
        asked.set()
        go_on.wait(10)
        return ask()

    monkeypatch.setattr(token_request, "ask", slow)
    renewing = threading.Thread(target=sign_in.tokens.current)
    renewing.start()
    asked.wait(10)
    assert sign_in.tokens.current() == old
    go_on.set()
    renewing.join()
    assert sign_in.tokens.current() != old


def test_a_token_that_cannot_be_renewed_serves_to_its_end(
    standin: ZendeskStandIn, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    old = sign_in.tokens.current()
    standin.fail_sign_in += [429, 429]
    clock.now += 6000
    assert (sign_in.tokens.current(), sign_in.tokens.current()) == (old, old)
    assert standin.sign_ins == 2  # the second was not asked for: the first had just failed
    assert caplog.text.count("could not be renewed") == 1
    clock.now += 1200
    with pytest.raises(TryLater):
        sign_in.tokens.current()


def test_a_renewal_that_failed_is_tried_again_however_many_ask(standin: ZendeskStandIn, clock: Clock) -> None:
    old = sign_in.tokens.current()
    standin.fail_sign_in += [429]
    clock.now += 6000
    for _ in range(5):
        clock.now += 10
        last = sign_in.tokens.current()
    assert standin.sign_ins == 3
    assert last != old


def test_an_expired_token_is_replaced_once_and_the_ticket_is_read(
    standin: ZendeskStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in.tokens.current()
    standin.endpoint.revoke()
    assert client.fetch("12345")["ticket"]["id"] == 12345
    assert standin.sign_ins == 2
    assert "Zendesk no longer accepts the access token: asking for a new one" in caplog.text


def test_a_new_token_that_is_refused_too_says_where_to_look(http: responses.RequestsMock) -> None:
    http.post(TOKENS, json=GIVEN)
    http.get(TICKET, status=401, json={"error": "invalid_token"})
    with pytest.raises(GiveUp) as raised:
        client.fetch("12345")
    assert raised.value.sentence == (
        "Zendesk refused a token that it had just given (status 401): look in Zendesk's Admin Center whether the "
        "OAuth client and the user whom it acts for are active"
    )
    assert [call.request.method for call in http.calls] == ["POST", "GET", "POST", "GET"]


def test_a_client_that_was_revoked_says_so(standin: ZendeskStandIn) -> None:
    sign_in.tokens.current()
    standin.endpoint.revoke()
    standin.endpoint.client = ("another", "secret")
    with pytest.raises(GiveUp, match="Zendesk does not accept the OAuth client"):
        client.fetch("12345")


@pytest.mark.parametrize("scope", ["users:read", "tickets:raed"])
def test_a_wrong_scope_says_which_one_it_must_be(standin: ZendeskStandIn, settings: Any, scope: str) -> None:
    settings.ZENDESK_OAUTH_SCOPE = scope
    with pytest.raises(GiveUp) as raised:
        client.fetch("12345")
    assert raised.value.sentence == (
        "Zendesk does not let Foyer read this (status 403): ZENDESK_OAUTH_SCOPE must name tickets:read and "
        "users:read, and the OAuth client's user must be allowed to see the ticket"
    )
    assert standin.sign_ins == 1


def test_an_api_token_that_is_refused_says_that_oauth_is_to_be_set_up(
    http: responses.RequestsMock, settings: Any
) -> None:
    settings.ZENDESK_OAUTH_CLIENT_ID = ""
    http.get(TICKET, status=401)
    with pytest.raises(GiveUp, match=r"set up OAuth as docs/zendesk\.md says, or check ZENDESK_EMAIL"):
        client.fetch("12345")


WRONG_CLIENT = (
    "Zendesk does not accept the OAuth client (status {}): check ZENDESK_OAUTH_CLIENT_ID and "
    "ZENDESK_OAUTH_CLIENT_SECRET, and that the client is confidential"
)
FAULTS: dict[str, tuple[dict[str, Any], type[PipelineError], str]] = {
    "wrong client": (
        {"status": 401, "json": {"error": "invalid_client", "error_description": SECRET}},
        GiveUp,
        WRONG_CLIENT.format(401),
    ),
    "public client": (
        {"status": 400, "json": {"error": "unauthorized_client"}},
        GiveUp,
        WRONG_CLIENT.format(400),
    ),
    "wrong scope": (
        {"status": 400, "json": {"error": "invalid_scope"}},
        GiveUp,
        "Zendesk refused the scope (status 400): ZENDESK_OAUTH_SCOPE must be tickets:read users:read",
    ),
    "slow": (
        {"body": requests.ReadTimeout(SECRET)},
        TryLater,
        "Zendesk's sign-in did not answer within 10 seconds",
    ),
    "unreachable": (
        {"body": requests.ConnectionError(SECRET)},
        TryLater,
        "Zendesk's sign-in could not be reached (ConnectionError)",
    ),
    "HTML": (
        {"body": f"<html>{SECRET}</html>", "content_type": "text/html"},
        TryLater,
        "Zendesk's sign-in answered with something else than JSON: if it goes on, check ZENDESK_API_URL",
    ),
    "too many": (
        {"status": 429, "body": "Number of allowed API requests exceeded", "headers": {"Retry-After": "7"}},
        TryLater,
        "Zendesk allows no more sign-ins for now (status 429)",
    ),
    "bad day": ({"status": 503}, TryLater, "Zendesk's sign-in could not answer (status 503)"),
    "another address": (
        {"status": 302, "headers": {"Location": "https://elsewhere.test/"}},
        GiveUp,
        "Zendesk's sign-in is not at this address (status 302): check ZENDESK_API_URL",
    ),
    "no such account": (
        {"status": 404, "body": "<html>No help desk</html>"},
        GiveUp,
        "Zendesk's sign-in is not at this address (status 404): check ZENDESK_API_URL",
    ),
    "refused": (
        {"status": 400, "json": {"error": "invalid_request", "error_description": SECRET}},
        GiveUp,
        "Zendesk refused to sign Foyer in (status 400): run manage.py zendesk_check and read docs/zendesk.md",
    ),
    "no token": (
        {"json": {"token": TOKEN}},
        TryLater,
        "Zendesk's sign-in gave no token: its answer is not as documented",
    ),
    "a token that no header can carry": (
        {"json": GIVEN | {"access_token": f"{TOKEN}\r\nX: y"}},
        TryLater,
        "Zendesk's sign-in gave no token: its answer is not as documented",
    ),
}


@pytest.mark.parametrize(("answer", "error", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_has_its_sentence_and_quotes_no_secret(
    http: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    answer: dict[str, Any],
    error: type[PipelineError],
    sentence: str,
) -> None:
    caplog.set_level("DEBUG")
    http.post(TOKENS, **answer)
    with pytest.raises(error) as raised:
        client.fetch("12345")
    assert raised.value.sentence == sentence
    told = caplog.text + "".join(traceback.format_exception(raised.value)) + repr(sign_in.tokens)
    assert not [secret for secret in (SECRET, TOKEN) if secret in told]


def test_the_token_endpoint_is_left_alone_as_long_as_it_asks(http: responses.RequestsMock, clock: Clock) -> None:
    http.post(TOKENS, status=429, headers={"Retry-After": "40"})
    for seconds in (0, 39):
        clock.now += seconds
        with pytest.raises(TryLater) as raised:
            sign_in.tokens.current()
        assert raised.value.after == 40
    assert len(http.calls) == 1
    clock.now += 2
    http.replace(responses.POST, TOKENS, json=GIVEN)
    assert sign_in.tokens.current() == TOKEN


def test_a_wait_beyond_reason_does_not_keep_foyer_out(http: responses.RequestsMock, clock: Clock) -> None:
    http.post(TOKENS, status=429, headers={"Retry-After": "999999999"})
    with pytest.raises(TryLater):
        sign_in.tokens.current()
    clock.now += 301
    http.replace(responses.POST, TOKENS, json=GIVEN)
    assert sign_in.tokens.current() == TOKEN


def test_a_slow_sign_in_is_given_up_over_a_real_socket(
    standin: ZendeskStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_request, "READ_SECONDS", 0.1)
    standin.sign_in_delay = 0.5
    with pytest.raises(TryLater, match=r"did not answer within 0\.1 seconds"):
        client.fetch("12345")
    assert standin.sign_ins == 1


def test_a_bad_moment_of_the_sign_in_passes(standin: ZendeskStandIn) -> None:
    standin.fail_sign_in += [503, 500]
    assert client.fetch("12345")["ticket"]["id"] == 12345
    assert standin.sign_ins == 3


def test_credentials_go_to_zendesks_host_alone(http: responses.RequestsMock, settings: Any) -> None:
    elsewhere = ["https://elsewhere.test/file", "http://zendesk.test/file", "https://zendesk.test:8443/file"]
    for url in elsewhere:
        http.get(url)
        for client_id in ("foyer", ""):
            settings.ZENDESK_OAUTH_CLIENT_ID = client_id
            requests.get(url, auth=sign_in.auth(), timeout=1)
    assert {call.request.headers.get("Authorization") for call in http.calls} == {None}
    assert {str(call.request.url) for call in http.calls} == set(elsewhere)


def in_threads(number: int, work: Any) -> list[Any]:
    """What each of so many threads got from the work, or the error that it met."""
    got: list[Any] = []

    def one() -> None:
        try:
            got.append(work())
        except PipelineError as error:
            got.append(error)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
