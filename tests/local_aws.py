"""A local AWS for tests: a server process of its own, on a free port, with a state that can be kept."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from config import aws
from config.aws import sqs

START_SECONDS = 120
STOP_SECONDS = 60  # it saves its state; killed before that, it would have forgotten


@contextmanager
def running(state_dir: Path, port: int | None = None) -> Iterator[str]:
    """Run a local AWS while the block lasts and give its endpoint, such as `http://127.0.0.1:40123`.

    `state_dir` keeps its state: it is saved when the block ends, and the next one with the same folder finds it.
    `port` is a free one unless given. Raises RuntimeError with the end of the server's log if it does not start.
    """
    port = port or _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    tmp = state_dir / "tmp"
    tmp.mkdir(parents=True, exist_ok=True)
    with (state_dir / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=_environment(state_dir, tmp, port), stdout=log, stderr=log
        )
    try:
        _wait_until_healthy(server, endpoint, state_dir / "server.log")
        yield endpoint
    finally:
        _stop(server)


@contextmanager
def pointed_at(endpoint: str) -> Iterator[None]:
    """Let every client of this process reach that server while the block lasts; those made before are put away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    aws.forget_clients()
    sqs.url.cache_clear()


def _environment(state_dir: Path, tmp: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "BIND_HOST": "127.0.0.1",  # it listens on every address otherwise
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state_dir / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state_dir / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",  # two servers would fight for its port
        "TMPDIR": str(tmp),  # its own, since it leaves pid files there
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(f"{endpoint}/_ministack/health", timeout=1).ok:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The local AWS did not start:\n{log.read_text()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask it to stop: only then does it save its state."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
