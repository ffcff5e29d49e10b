"""The web server as it is run: what it refuses itself is JSON too, and every answer can be read."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from config.web.headers import BARE

WEBHOOK = "/webhooks/zendesk"  # it reads a body before it asks who sent it
CHUNKED = f"POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web") / "web.log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    """The port of a gunicorn with the product's own settings. Nothing that is tried here needs AWS or a database."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        number = listener.getsockname()[1]
        command = ["-m", "gunicorn", "--config", "python:config.gunicorn", "--bind", f"fd://{listener.fileno()}"]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, *command, "--workers", "1", "config.wsgi"],
                cwd=Path(__file__).resolve().parents[3],
                env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=output,
            )
    try:
        requests.get(f"http://127.0.0.1:{number}/healthz", timeout=60).raise_for_status()
        yield number
    finally:
        server.terminate()
        server.wait(30)


def said(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """The first answer to these bytes: status, headers and body, read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, {name.title(): value for name, value in answer.getheaders()}, answer.read()


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"GARBAGE\r\n\r\n", 400, "not valid HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "not valid HTTP"),  # TLS to the plain port
        (b"get-it! / HTTP/1.1\r\n\r\n", 400, "not valid HTTP"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "not valid HTTP"),
        (b"GET / HTTP/1.1\r\nToken secret-7 and no colon\r\n\r\n", 400, "not valid HTTP"),
        (b"GET / HTTP/1.1\r\nBad name: secret-7\r\n\r\n", 400, "not valid HTTP"),
        (b"GET / HTTP/1.1\r\nToken: secret-7\x00\r\n\r\n", 400, "not valid HTTP"),
        (b"GET / HTTP/1.1\r\nA: secret-7\r\n folded\r\n\r\n", 400, "not valid HTTP"),
        (b"POST / HTTP/1.1\r\nContent-Length: secret-7\r\n\r\n", 400, "not valid HTTP"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "not valid HTTP"),
        (b"GET /" + b"secret-7" * 2000 + b" HTTP/1.1\r\n\r\n", 414, "shorten the path or the query"),
        (b"GET / HTTP/1.1\r\nA: " + b"secret-7" * 2000 + b"\r\n\r\n", 431, "send fewer or shorter ones"),
        (b"GET / HTTP/1.1\r\n" + b"A: secret-7\r\n" * 500 + b"\r\n", 431, "send fewer or shorter ones"),
        (b"GET / HTTP/1.1\r\nExpect: secret-7\r\n\r\n", 417, "Only 100-continue"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: secret-7\r\n\r\n", 501, "chunked"),
        (CHUNKED + b"secret-7\r\n", 400, "chunks"),
        (CHUNKED + b"1\r\nsecret-7", 400, "chunks"),
        (CHUNKED + b"0\r\nno trailer of secret-7\r\n\r\n", 400, "chunks"),
    ],
)
def test_what_is_no_http_is_refused_in_json_that_repeats_nothing(
    port: int, log: Path, sent: bytes, status: int, says: str
) -> None:
    answered, headers, body = said(port, sent)
    error = json.loads(body)
    assert (answered, headers["Content-Type"], set(error)) == (status, "application/json", {"error", "request_id"})
    assert says in error["error"]
    assert re.fullmatch(r"[0-9a-f-]{36}", error["request_id"])
    assert {name.title(): value for name, value in BARE.items()}.items() <= headers.items()
    assert headers["X-Request-Id"] == error["request_id"]
    assert b"secret-7" not in body + log.read_bytes()


@pytest.mark.parametrize("path", ["//[", "//[%2F", "//[%2f]/a", "/[%2F", "//]%2F?a=[", "http://a/%2F"])
def test_an_odd_path_is_not_found(port: int, path: str) -> None:
    status, _, body = said(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert (status, json.loads(body)["error"]) == (404, "Not found")


def test_each_refusal_has_a_request_id_of_its_own(port: int) -> None:
    requests.get(f"http://127.0.0.1:{port}/healthz", headers={"X-Request-Id": "of-another"}, timeout=30)
    ids = {json.loads(said(port, b"GARBAGE\r\n\r\n")[2])["request_id"] for _ in range(20)}
    assert len(ids) == 20
    assert "of-another" not in ids


def chunks(size: int, of: int = 65536) -> Iterator[bytes]:
    for _ in range(size // of):
        yield b"x" * of


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("mebibytes", [1.5, 3, 40])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_a_413_that_the_client_can_read(
    port: int, mebibytes: float, chunked: bool, connection: str
) -> None:
    size = int(mebibytes * MIB)
    answer = requests.post(
        f"http://127.0.0.1:{port}{WEBHOOK}",
        data=chunks(size) if chunked else b"x" * size,
        headers={"Connection": connection, "Content-Type": "application/json"},
        timeout=60,
    )
    assert (answer.status_code, answer.json()["error"]) == (413, f"Request body is larger than {MIB} bytes")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("path", [WEBHOOK, "/nowhere"])
def test_who_sends_all_before_reading_is_not_cut_off(port: int, path: str, connection: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\nContent-Length: {40 * MIB}\r\n"
    status, _, body = said(port, f"{head}Content-Type: application/json\r\n\r\n".encode() + b"x" * 40 * MIB)
    assert (status, bool(json.loads(body)["error"])) == (413 if path == WEBHOOK else 404, True)


@pytest.mark.parametrize("path", ["/nowhere", "/itsm/tickets/", "/ticketing/submissions"])
def test_an_answer_that_needs_no_body_can_be_read_by_who_sends_a_large_one(port: int, path: str) -> None:
    url = f"http://127.0.0.1:{port}{path}"
    answer = requests.put(url, data=b"x" * 8 * MIB, headers={"Connection": "close"}, timeout=60)
    assert answer.json()["error"]


def test_a_connection_is_kept_after_a_413_and_nothing_of_the_body_is_taken_for_the_next_request(port: int) -> None:
    body = b"GET /healthz HTTP/1.1\r\n\r\n" * 100_000
    with requests.Session() as session:
        for _ in range(3):
            url, headers = f"http://127.0.0.1:{port}{WEBHOOK}", {"Content-Type": "application/json"}
            assert session.post(url, data=body, headers=headers, timeout=30).status_code == 413
            assert session.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200


def test_who_sends_no_end_holds_no_thread_for_long(port: int) -> None:
    """Eight threads; nine such clients would stop the server."""
    unfinished = b"POST /nowhere HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"
    connections = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(9)]
    try:
        for one in connections:
            one.sendall(unfinished)
        began = time.monotonic()
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
        assert time.monotonic() - began < 1
    finally:
        for one in connections:
            with suppress(OSError):
                one.close()


@pytest.mark.parametrize("path", [WEBHOOK, "/nowhere"])
def test_who_waits_for_100_continue_has_one_final_answer(port: int, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {3 * MIB}\r\n\r\n".encode())
        received = connection.recv(65536)
        if received.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
            connection.sendall(b"x" * 3 * MIB)
        while more := connection.recv(65536):
            received += more
    assert received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").count(b"HTTP/1.1 ") == 1


SLOW = {
    "no first byte": b"",
    "half a header": b"POST /itsm/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Ty",
    "chunks to a door": b"POST /itsm/tickets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{",
    "chunks that are read": CHUNKED + b"2\r\n{",
    "a length": CHUNKED.replace(b"Transfer-Encoding: chunked", b"Content-Length: 1000") + b"{",
    "no HTTP": b"GARBAGE\r\n\r\n",
    "answered, and never closed": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
}


@pytest.fixture
def forty(port: int, request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """Forty clients that sent the beginning of a request, and send a byte now and then."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(40)]
    for one in connections:
        one.sendall(SLOW[request.param])
    over = threading.Event()
    dripping = threading.Thread(target=drip, args=(connections, over))
    dripping.start()
    yield connections
    over.set()
    dripping.join()
    for one in connections:
        one.close()


def drip(connections: list[socket.socket], over: threading.Event) -> None:
    while not over.wait(0.3):
        for one in connections:
            with suppress(OSError):
                one.sendall(b" ")


@pytest.mark.parametrize("forty", SLOW, indirect=True)
def test_forty_slow_clients_stop_nobody(port: int, forty: list[socket.socket]) -> None:
    for _ in range(5):
        began = time.monotonic()
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
        assert time.monotonic() - began < 1


def test_a_client_that_is_too_slow_is_told_so(port: int) -> None:
    began = time.monotonic()
    status, _, body = said(
        port, CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Type: application/json\r\n\r\n") + b"2\r\n{"
    )
    assert (status, json.loads(body)["error"]) == (
        408,
        "Request body did not arrive in time: send it again, without pauses",
    )
    assert 9 < time.monotonic() - began < 20


def test_a_body_that_comes_in_many_small_pieces_is_read_whole(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(CHUNKED)
        for _ in range(50):
            connection.sendall(b"1\r\n \r\n")
            time.sleep(0.01)
        connection.sendall(b"0\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["error"]) == (401, "Invalid signature")
