"""The web server's worker: gunicorn's with threads, but its own refusals are JSON, and its answers can always be read.

gunicorn itself refuses what is not valid HTTP, before any application sees it. And if a client has still more than
64 KiB to send, gunicorn closes the connection. Then the client sees a broken connection in place of the 413, and nginx
makes a 502 of it. And whoever sends slowly holds a thread (waiting.py), or the main loop when a connection is closed.
"""

import socket
from contextlib import suppress
from typing import Any, Final

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import _DEFER, ThreadWorker

from config import json, request_id
from config.web.headers import BARE
from config.web.waiting import Patient, Places

_PATIENCE: Final = 5  # seconds for the rest of a request, and no more than this many bytes
_REST_BYTES: Final = 64 * 1024 * 1024
_STEP: Final = 64 * 1024
_FIRST_BYTE: Final = 0.02  # seconds for which a thread waits for it; then the main loop waits
_LINGER: Final = 2.0  # seconds for which a client may read the answer to what was not read to its end

_SENTENCES: Final = {
    403: "You may not do this",
    414: "The request line is too long: shorten the path or the query",
    417: "Only 100-continue can be expected",
    431: "There are too many headers, or one is too long: send fewer or shorter ones",
    500: "Internal server error",
    501: "The only Transfer-Encoding that is taken is chunked",
}
_NOT_HTTP: Final = "The request is not valid HTTP: look at its request line, its headers and its chunks"


class Log(Logger):  # type: ignore[misc]  # as below
    """gunicorn's log, which `config/gunicorn.py` names. It quotes nothing of a request that is not valid."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        said = msg.partition(": ")[0] if msg.startswith("Invalid request from") else msg
        super().warning(said, *args, **kwargs)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's `gthread`, which `config/gunicorn.py` names."""

    def init_process(self) -> None:
        util.write_error = _write_error  # gunicorn has no setting for it
        self.places = Places(self.cfg.threads)
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answer a connection's next request. The main loop waits for its first byte, and never for its last."""
        if self.cfg.is_ssl:
            return super().handle(conn)
        if not conn.initialized and not conn.data_ready and not conn.wait_for_data(_FIRST_BYTE):
            return _DEFER
        conn.sock.setblocking(True)
        conn.init()
        conn.parser.unreader.sock = Patient(conn.sock, self.places)
        keep = super().handle(conn)
        if not keep:
            self._close(conn)
        return keep

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request, then read what the view left of its body."""
        keep = super().handle_request(req, conn)
        with suppress(OSError, ParseException):
            return _read_rest(conn) and keep
        return False

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what the application never saw, or failed at, then read what still comes."""
        request_id.begin(None)
        super().handle_error(req, client, addr, exc)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            _drain(Patient(client, self.places, 0), _PATIENCE)

    def _close(self, conn: Any) -> None:
        """Close here what gunicorn would close in the main loop, where it waits for two seconds for each client."""
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
            _drain(Patient(conn.sock, self.places, 0), _LINGER)
        conn.close()


def _read_rest(conn: Any) -> bool:
    """Whether nothing is left of the request's body."""
    arriving = conn.parser.unreader.sock
    if isinstance(arriving, Patient):
        if arriving.gave_up:
            return False
        arriving.begin(_PATIENCE)
    return any(not conn.parser.mesg.body.read(_STEP) for _ in range(_REST_BYTES // _STEP))


def _drain(arriving: Patient, seconds: float) -> None:
    """Read until the client closes: if something is left unread, it may lose the end of its answer."""
    arriving.begin(seconds)
    any(not arriving.recv(_STEP) for _ in range(_REST_BYTES // _STEP))


def _write_error(client: socket.socket, status: int, reason: str, message: str) -> None:
    """In place of gunicorn's, which writes HTML. Its message repeats what came, which may be a secret."""
    current = request_id.request_id()
    body = json.dumps({"error": _SENTENCES.get(status, _NOT_HTTP), "request_id": current})
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {current}",
        *(f"{name}: {value}" for name, value in BARE.items()),
    ]
    util.write_nonblock(client, "\r\n".join([*headers, "", body]).encode())
