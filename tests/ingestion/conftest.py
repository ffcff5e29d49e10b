"""What the doors' tests share: a Zendesk of answers made here, and an embedding function that remembers."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from celery.app.trace import build_tracer
from django.test import Client

from config import aws, celery, times
from ingestion.zendesk import measures, sign_in, signature, tasks
from tests.ingestion.answering import World
from tests.standins.zendesk import ZendeskStandIn
from ticketing import deliveries, service
from ticketing.deliveries import Delivery
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Conversation

NOTICE = {"ticket_id": 12345, "tag_added": "need_sme"}
INVOCATION = {"X-Zendesk-Webhook-Invocation-Id": "01H0000"}
SECRET = "webhook secret"
API = "https://zendesk.test"


@pytest.fixture(autouse=True)
def zendesk_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API token signs in, unless a test sets OAuth; no test has another's access token, or has counted before."""
    monkeypatch.setattr(sign_in, "tokens", sign_in.Tokens())
    monkeypatch.setattr(measures, "_sampled", {})
    settings.ZENDESK_API_URL = API
    settings.ZENDESK_OAUTH_CLIENT_ID = settings.ZENDESK_OAUTH_CLIENT_SECRET = ""
    settings.ZENDESK_EMAIL = "desk@foyer.test"
    settings.ZENDESK_API_TOKEN = "token"
    settings.ZENDESK_WEBHOOK_SECRET = SECRET


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between tries take no time; the list has their seconds."""
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    return waits


class Zendesk:
    """Zendesk's API for one ticket: change `ticket` and `comments`, and it answers with them.

    `users` stand beside the comments. `others` has what is found by its path alone, such as `users/7`. What is asked
    for so stands in `asked`, and `refusal` is the status of what is not there. Comments come in pages of `page`; where
    each page began that was asked for stands in `cursors`; `no_page` has the status of those that are refused.
    """

    page = 1_000

    def __init__(self, mock: responses.RequestsMock, zendesk_id: int = 12345) -> None:
        self.mock = mock
        self.users = [{"id": 7, "name": "Léa Moreau", "email": "lea@family.test"}, {"id": 8, "name": "Jonas Weber"}]
        self.ticket: dict[str, Any] = {
            "id": zendesk_id,
            "subject": "No lesson",
            "description": "The lesson did not start.",
            "requester_id": 7,
            "status": "open",
            "priority": "high",
            "type": "incident",
            "tags": ["need_sme", "ib"],
            "updated_at": "2026-01-05T10:00:00Z",
        }
        self.others: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.refusal = 404
        self.cursors: list[str | None] = []
        self.no_page: dict[str, int] = {}
        self.comments: list[dict[str, Any]] = []
        self.comment("The lesson did not start.", author_id=7)
        base = f"{API}/api/v2/tickets/{zendesk_id}"
        mock.add_callback(responses.GET, f"{base}.json", lambda _: self._answer({"ticket": self.ticket}))
        mock.add_callback(responses.GET, f"{base}/comments.json", self._page)
        mock.add_callback(responses.GET, re.compile(f"{API}/api/v2/((users|organizations)/.*)[.]json"), self._other)

    def _page(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.cursors.append(request.params.get("page[after]"))
        first = int(self.cursors[-1] or 0)
        if refused := self.no_page.get(str(first)):
            return refused, {}, "{}"
        some, after = self.comments[first : first + self.page], first + self.page
        meta = {"has_more": after < len(self.comments), "after_cursor": str(after)}
        return self._answer({"comments": some, "users": self.users, "meta": meta})

    def _other(self, request: Any) -> tuple[int, dict[str, str], str]:
        path = request.url.partition("/api/v2/")[2].removesuffix(".json")
        self.asked.append(path)
        if path not in self.others:
            return self.refusal, {}, "{}"
        return self._answer({path.partition("s/")[0]: self.others[path]})

    def comment(self, body: str, **more: Any) -> None:
        """One more comment, a minute after the last."""
        number = len(self.comments)
        values = {"id": 900 + number, "body": body, "author_id": 8, "public": True}
        self.comments.append(values | {"created_at": f"2026-01-05T{10 + number // 60}:{number % 60:02}:00Z"} | more)

    def _answer(self, body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        return 200, {"Content-Type": "application/json"}, json.dumps(body)


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """No request leaves; what is not answered here fails. AWS is moto's business."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def zendesk(http: responses.RequestsMock) -> Zendesk:
    return Zendesk(http)


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The payloads that the embedding function was invoked with."""
    payloads: list[dict[str, Any]] = []

    class Function:
        def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
            assert (FunctionName, InvocationType) == ("embedding-generator", "Event")
            payloads.append(json.loads(Payload))
            return {"StatusCode": 202}

    client = aws.client
    monkeypatch.setattr(aws, "client", lambda name, *more: Function() if name == "lambda" else client(name, *more))
    return payloads


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the deliveries whose jobs were queued."""
    jobs: list[str] = []
    monkeypatch.setattr(celery, "send", lambda _, delivery_id: jobs.append(delivery_id))
    return jobs


@pytest.fixture
def received(aws: None) -> Delivery:
    """A delivery about Zendesk ticket 12345, written down and not worked yet."""
    delivery = Delivery(delivery_id="d-1", door="zendesk", customer_id="default", key="12345")
    deliveries.receive(delivery)
    return stored("d-1")


def stored(delivery_id: str) -> Delivery:
    """The delivery as it stands."""
    delivery = deliveries.get(delivery_id)
    assert delivery
    return delivery


def desk_ticket(zendesk_id: str = "12345") -> Conversation:
    """The desk ticket of a Zendesk ticket, with its comments."""
    key = Key("default", "zendesk", zendesk_id, "")
    return service.get_conversation(key.keyed_id, "default")


Post = Callable[..., Any]


@pytest.fixture
def webhook(client: Client) -> Post:
    """Send a webhook as Zendesk would; every part of it may be given."""

    def send(body: Any, *, timestamp: str | None = None, secret: str = SECRET, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = timestamp if timestamp is not None else times.now()
        signed = {
            "X-Zendesk-Webhook-Signature": signature.sign(secret, at, raw),
            "X-Zendesk-Webhook-Signature-Timestamp": at,
        }
        return client.post("/webhooks/zendesk", raw, content_type="application/json", headers=signed | headers)

    return send


class Worker:
    """Runs a job as a worker does, one try at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.countdowns: list[float] = []
        self.retries: list[int] = []  # that each message which was queued names
        monkeypatch.setattr(tasks.ingest, "signature_from_request", self._again)

    def _again(self, *_: Any, countdown: float, retries: int, **__: Any) -> Any:
        self.countdowns.append(countdown)
        self.retries.append(retries)
        return self

    def apply_async(self) -> None:
        """The message of the next try, queued."""

    def run(self, retries: int, *, redelivered: bool = False) -> Any:
        """One try, as what state it left the job in."""
        tracer = build_tracer(tasks.ingest.name, tasks.ingest, app=tasks.ingest.app)
        info = {"redelivered": redelivered}
        request = {"id": "j-1", "retries": retries, "is_eager": False, "called_directly": False, "delivery_info": info}
        return tracer("j-1", ["d-1"], {}, request)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(monkeypatch)


@pytest.fixture
def world(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A desk ticket of a Zendesk that is answered back."""
    settings.ZENDESK_ANSWER_BACK = True
    with ZendeskStandIn(email="desk@foyer.test", api_token="token") as zendesk:
        settings.ZENDESK_API_URL = zendesk.url
        yield World(zendesk, monkeypatch)
