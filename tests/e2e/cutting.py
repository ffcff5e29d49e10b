"""A proxy on loopback that passes everything on, and cuts some answers off in the middle while it is told to."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65_536


class Cutter:
    """`share` is the part of the answers that are cut: 0 at first, 1 for all. `cuts` counts them."""

    def __init__(self, listening: socket.socket, port: int) -> None:
        self.share = 0.0
        self.cuts = 0
        self._listening = listening
        self._port = port

    def run(self) -> None:
        """Take connections until the listening socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as server:
            threading.Thread(target=_pass_on, args=[client, server], daemon=True).start()
            while answer := server.recv(CHUNK):
                if random.random() < self.share:
                    self.cuts += 1
                    client.sendall(answer[: random.randrange(len(answer))])
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def before(port: int, of: int) -> Iterator[Cutter]:
    """Listen on `port` while the block lasts, and pass everything on to the port `of`."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        cutter = Cutter(listening, of)
        threading.Thread(target=cutter.run, daemon=True).start()
        yield cutter
        listening.shutdown(socket.SHUT_RDWR)
