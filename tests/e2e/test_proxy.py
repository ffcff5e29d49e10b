"""nginx in front, as docs/deploy.md configures it: conditional requests, chunks, compression, ids and refusals."""

import getpass
import gzip
import json
import re
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.e2e.copy import ROOT, Copy, within

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

MIB = 1024 * 1024
WAYS = {
    "as documented": "",
    "unbuffered": "proxy_request_buffering off; proxy_http_version 1.1;",
    "kept alive": 'proxy_http_version 1.1; proxy_set_header Connection "";',
}


def configuration(folder: Path, port: int, upstream: str, more: str) -> str:
    """The documented lines, with what a server needs that runs on its own, as any user."""
    [documented] = re.findall(r"(?ms)^```nginx\n(.*?)^```$", (ROOT / "docs/deploy.md").read_text())
    assert "http://127.0.0.1:8000" in documented
    parts = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return f"""
    daemon off;
    user {getpass.getuser()};
    pid {folder}/nginx.pid;
    error_log {folder}/error.log;
    events {{}}
    http {{
        access_log {folder}/access.log;
        {" ".join(f"{part}_temp_path {folder}/{part};" for part in parts)}
        server {{
            listen 127.0.0.1:{port};
            {more}
            {documented.replace("http://127.0.0.1:8000", upstream)}
        }}
    }}
    """


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module", params=WAYS)
def proxied(copy: Copy, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx in front of the copy."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")
    assert program, "these tests need nginx: `make nginx`"
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, port, copy.url, WAYS[request.param]))
    server = subprocess.Popen([program, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")])
    try:
        url = f"http://127.0.0.1:{port}"
        within(30, lambda: answers(url))
        yield url
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def session(copy: Copy) -> Iterator[requests.Session]:
    """It asks for gzip, as every browser and most programs do."""
    with requests.Session() as asking:
        asking.headers.update({"Token": copy.tokens["general", "itsm"], "Content-Type": "application/json"})
        yield asking


def new(caller: str = "lea", text: str = "long " * 100) -> bytes:
    return json.dumps({"caller_id": caller, "issue_description": text}).encode()


def test_what_nginx_compressed_can_be_changed_by_the_tag_that_it_weakened(
    proxied: str, session: requests.Session
) -> None:
    path = f"{proxied}/itsm/tickets/{session.post(f'{proxied}/itsm/tickets', new(), timeout=10).json()['ticket_id']}"
    read = session.get(path, timeout=10)
    assert (read.headers["Content-Encoding"], read.headers["ETag"]) == ("gzip", 'W/"1"')
    assert session.get(path, headers={"If-None-Match": read.headers["ETag"]}, timeout=10).status_code == 304

    change, seen = b'{"priority": "high"}', {"If-Match": read.headers["ETag"]}
    changed = session.patch(path, change, headers=seen, timeout=10)
    assert (changed.status_code, changed.json()["version"], changed.headers["ETag"]) == (200, 2, 'W/"2"')
    assert session.patch(path, change, headers=seen, timeout=10).status_code == 412
    listed = {"If-Match": f"{read.headers['ETag']}, {changed.headers['ETag']}"}
    assert session.patch(path, b'{"priority": "low"}', headers=listed, timeout=10).json()["version"] == 3
    assert session.get(path, headers={"If-None-Match": read.headers["ETag"]}, timeout=10).json()["version"] == 3


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_bodies_in_chunks_and_in_gzip_come_through(
    proxied: str, session: requests.Session, chunked: bool, packed: bool
) -> None:
    text = "é" * 90_000
    body = gzip.compress(new(text=text)) if packed else new(text=text)
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    headers = {"Content-Encoding": "gzip"} if packed else {}
    made = session.post(f"{proxied}/itsm/tickets", pieces if chunked else body, headers=headers, timeout=30)
    assert (made.status_code, made.json()["issue_description"]) == (201, text)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_a_413_of_ours_and_not_a_bad_gateway(
    proxied: str, session: requests.Session, chunked: bool
) -> None:
    session.headers["Connection"] = "close"  # unbuffered, nginx ends the connection after an early answer
    for _ in range(5):
        body = (b"x" * MIB for _ in range(5)) if chunked else b"x" * 5 * MIB
        answer = session.post(f"{proxied}/itsm/tickets", body, timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (413, f"Request body is larger than {MIB} bytes")


def test_a_large_body_without_a_token_is_a_401_and_not_a_bad_gateway(proxied: str, session: requests.Session) -> None:
    for _ in range(5):
        headers = {"Token": "foyer_no", "Connection": "close"}
        answer = session.post(f"{proxied}/itsm/tickets", b"x" * 5 * MIB, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (401, "The token is not known")


@pytest.mark.parametrize("ticket_id", ["FD-22", "a/b c", "//a//", "x?y#z%2F"])
def test_an_imported_ticket_is_named_through_it(
    copy: Copy, proxied: str, session: requests.Session, tmp_path: Path, ticket_id: str
) -> None:
    ticket_id += str(uuid.uuid4())
    line = {"ticket_id": ticket_id, "customer_id": "acme", "caller_id": "lea", "issue_description": "Old"}
    (tmp_path / "tickets.jsonl").write_text(json.dumps(line))
    assert copy.manage("import_tickets", str(tmp_path / "tickets.jsonl")).returncode == 0
    path = f"{proxied}/itsm/tickets/{quote(ticket_id, safe='')}"
    assert session.get(path, timeout=10).json()["ticket_id"] == ticket_id
    assert session.post(f"{path}/comments", b'{"comment": "New"}', timeout=10).json()["ticket_id"] == ticket_id
