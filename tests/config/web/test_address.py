"""Whose address counts, with proxies in front and without."""

from typing import Any

import pytest
from django.test import RequestFactory

from config.web.address import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.1"),
        (0, "198.51.100.9", "192.0.2.1"),  # anybody can send that
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "203.0.113.5, 198.51.100.9", "198.51.100.9"),  # the first is the client's own word
        (2, "203.0.113.5, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (2, "10.0.0.1", "192.0.2.1"),  # it did not come through both
        (1, "", "192.0.2.1"),
        (1, "2001:db8::0:1", "2001:db8::1"),
        (1, "nonsense", "192.0.2.1"),
    ],
)
def test_the_address_of_a_client(settings: Any, proxies: int, forwarded: str, address: str) -> None:
    settings.PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)) == address
