"""AWS as it behaves under many hands and on bad days."""

from typing import Any

import pytest
import tenacity
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from rest_framework.test import APIClient

from config import aws as config_aws
from config.aws import patience
from ticketing.index import comparing


@pytest.fixture
def aws_answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the next writes end with, instead of their answer: `lost` (it happens, the answer does not come),
    or an exception (it does not happen). A repeat with the same token has happened already, as DynamoDB does it."""
    plan: list[Any] = []
    tokens: dict[str, Any] = {}
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(self: Any, operation: str, parameters: Any) -> Any:
        if operation not in ("PutItem", "TransactWriteItems"):
            return original(self, operation, parameters)
        token = parameters.get("ClientRequestToken")
        if token in tokens:
            return tokens[token]
        ending = plan.pop(0) if plan else None
        if isinstance(ending, Exception):
            raise ending
        answered = original(self, operation, parameters)
        if token:
            tokens[token] = answered
        if ending == "lost":
            raise ReadTimeoutError(endpoint_url="http://nowhere")
        return answered

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)
    return plan


@pytest.fixture
def submitter(token_client: Any) -> APIClient:
    made: APIClient = token_client("submit", tier="gold")
    return made


@pytest.fixture(autouse=True)
def looked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What seems to differ is looked at again without a wait for the index: nothing moves it here meanwhile."""
    monkeypatch.setattr(comparing, "LAG_SECONDS", 0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for AWS for long tries again at once."""
    monkeypatch.setattr(patience.patiently, "wait", tenacity.wait_none())


@pytest.fixture
def refuse(impatient: None, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of AWS operations that answer with an error as long as they are in the set."""
    refused: set[str] = set()
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(self: Any, operation: str, parameters: Any) -> Any:
        if operation in refused:
            raise ClientError({"Error": {"Code": "InternalError", "Message": "arn:aws:secret"}}, operation)
        return original(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)
    return refused
