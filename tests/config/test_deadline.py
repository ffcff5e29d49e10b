"""A web request ends within ten seconds, whatever AWS does: it is not tried again when there is no time for it."""

import random
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from django.core.files.storage import storages
from django.test import Client

from config import aws, deadline
from tests.itsm.asking import NEW

LARGE = random.Random(1).randbytes(300_000).hex()  # it goes to S3 from every door


@pytest.fixture
def silent_s3(own_clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """S3 takes connections and never says a word; the waits for it are short."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr(aws.clients, "client_config", _hasty(aws.client_config))
        monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
        _forget_storages()
        yield
    _forget_storages()


def _hasty(original: Callable[[], Config]) -> Callable[..., Config]:
    return lambda *_: original().merge(Config(read_timeout=0.1))


def _forget_storages() -> None:
    """They keep a connection each."""
    storages._storages.clear()  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.usefixtures("aws", "silent_s3")
@pytest.mark.parametrize(
    ("scope", "path", "body", "status"),
    [
        ("itsm", "/itsm/tickets", NEW | {"issue_description": LARGE}, 500),
        ("submit", "/ticketing/submissions", {"message": LARGE}, 503),
    ],
)
def test_a_request_that_s3_leaves_waiting_has_no_further_try_after_its_deadline(
    token_client: Any, calls: list[str], monkeypatch: pytest.MonkeyPatch, scope: str, path: str, body: Any, status: int
) -> None:
    client = token_client(scope)
    for seconds, tries in ((60.0, aws.calls.TRIES), (0.05, 1)):
        monkeypatch.setattr(deadline, "LAST_TRY_SECONDS", seconds)
        calls.clear()
        assert client.post(path, body, format="json").status_code == status
        assert calls.count("PutObject") == tries


def test_the_longest_try_that_begins_by_then_ends_within_ten_seconds() -> None:
    bucket: Any = storages["default"]
    configs: list[Any] = [aws.client("dynamodb").meta.config, aws.client("s3").meta.config, bucket.client_config]
    for config in configs:
        longest = 3 * config.connect_timeout + config.read_timeout  # it is also how long it has to be let send
        assert deadline.LAST_TRY_SECONDS + 2 * aws.calls.FIRST_WAIT * 1.5 + longest < 10


def test_outside_a_request_there_is_no_deadline(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert not deadline.passed()
    with deadline.within(-1):
        assert deadline.passed()
    assert not deadline.passed()


def test_a_first_try_is_made_however_late_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def silent() -> None:
        tries.append(1)
        raise ReadTimeoutError(endpoint_url="http://nowhere")

    monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
    with deadline.within(-1), pytest.raises(aws.Retryable):
        aws.call(silent)
    assert len(tries) == 1
