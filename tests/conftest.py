"""What tests stand on: an AWS in process (moto) or a real local one, callers with tokens, a counter of calls."""

from collections.abc import Callable, Iterator
from functools import cache as remembered
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from django.core.cache import cache
from django.core.management import call_command
from moto import mock_aws
from rest_framework.test import APIClient

from config import aws as config_aws
from config import queue, throttle
from routing import tokens
from tests import local_aws as local_server
from tests import moto_stack

_Client: Any = BaseClient
_moto_client = remembered(config_aws._client.__wrapped__)  # making clients is what takes time: these serve every test


@pytest.fixture(autouse=True)
def _fresh_process_state() -> Iterator[None]:
    """What a process remembers (clients, queue URLs, tokens seen, throttles) does not pass from test to test."""
    yield
    config_aws.forget_clients()
    queue.url.cache_clear()
    throttle._buckets.clear()
    cache.clear()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS in process, with every table, queue, topic, stream and bucket of the product."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # a local AWS that another test started
    monkeypatch.setattr(config_aws, "_client", _moto_client)
    config_aws.account_id.cache_clear()
    queue.url.cache_clear()
    with mock_aws():
        moto_stack.create()
        yield


@pytest.fixture(scope="session")
def local_aws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real local AWS, provisioned from infra/stack.yaml; started once, when the first test asks for it."""
    with local_server.running(tmp_path_factory.mktemp("aws")) as endpoint:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
            config_aws.forget_clients()
            call_command("provision", verbosity=0)
        config_aws.forget_clients()
        yield endpoint


@pytest.fixture
def local_aws(local_aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point this process at the real local AWS, which keeps what tests leave there: use ids of your own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws_endpoint)
    config_aws.forget_clients()
    queue.url.cache_clear()
    return local_aws_endpoint


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The AWS calls made so far, by name, e.g. `PutItem`; each try counts."""
    made: list[str] = []
    original = _Client._make_api_call

    def counted(self: Any, operation: str, parameters: Any) -> Any:
        made.append(operation)
        return original(self, operation, parameters)

    monkeypatch.setattr(_Client, "_make_api_call", counted)
    return made


@pytest.fixture
def token_client(db: None) -> Callable[..., APIClient]:
    """A client that calls with a new token: `token_client("itsm", customer="acme", tier="gold")`."""

    def make(*scopes: str, customer: str = "acme", tier: str = "general") -> APIClient:
        token = tokens.issue("test", customer, tier, list(scopes))
        return APIClient(headers={"Token": token})

    return make


@pytest.fixture
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent
