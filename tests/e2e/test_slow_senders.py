"""Forty clients that never end what they send, with a token and without: the others are answered as before."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e import doors
from tests.e2e.copy import Copy

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

SENDERS = 40


def beginning(path: str, token: str, length: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", length]
    head += [f"Token: {token}"] if token else []
    return "\r\n".join([*head, "", ""]).encode() + (b'2\r\n{"\r\n' if "chunked" in length else b'{"')


@pytest.fixture(params=["no token", "token", "no token, a length", "token, a length"])
def slow(copy: Copy, request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """The senders, each in the middle of its body."""
    at = urlsplit(copy.url)
    token = "" if "no" in request.param else copy.tokens["general", "submit"]
    length = "Content-Length: 1000" if "length" in request.param else "Transfer-Encoding: chunked"
    sent = beginning("/ticketing/submissions", token, length)
    connections = [socket.create_connection((at.hostname or "", at.port or 80), timeout=30) for _ in range(SENDERS)]
    for one in connections:
        one.sendall(sent)
    yield connections
    for one in connections:
        one.close()


def all_of(connection: socket.socket) -> bytes:
    """What is said until the connection ends; nothing if it is reset."""
    said = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(65536):
            said += more
    return said


def seconds(began: float) -> float:
    return time.monotonic() - began


def test_others_are_answered_within_a_second(copy: Copy, slow: list[socket.socket]) -> None:
    end = time.monotonic() + 12  # a sender is given up after ten
    while time.monotonic() < end:
        began = time.monotonic()
        assert requests.get(f"{copy.url}/healthz", timeout=30).status_code == 200
        assert seconds(began) < 1
        began = time.monotonic()
        assert doors.itsm(copy, "Printer on fire").status_code == 201
        assert seconds(began) < 1
        for one in slow:
            with suppress(OSError):
                one.sendall(b"1\r\n \r\n")


def test_each_sender_is_given_up_with_an_answer_or_a_closed_connection(slow: list[socket.socket]) -> None:
    began = time.monotonic()
    said = [all_of(one) for one in slow]
    assert seconds(began) < 20
    for one in filter(None, said):
        head, _, body = one.partition(b"\r\n\r\n")
        assert head.split()[1] in (b"401", b"408")
        assert json.loads(body)["error"]
