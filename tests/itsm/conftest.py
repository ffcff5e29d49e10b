"""Two customers' programs."""

from typing import Any

import pytest
from rest_framework.test import APIClient


@pytest.fixture
def client(token_client: Any) -> APIClient:
    made: APIClient = token_client("itsm", tier="gold")
    return made


@pytest.fixture
def rival(token_client: Any) -> APIClient:
    made: APIClient = token_client("itsm", customer="rival")
    return made
