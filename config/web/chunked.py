"""Bodies in chunks, as streaming clients send them. Django accepts only bodies whose length is given."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class _Chunks:
    """A body in chunks. What the server finds wrong with them is an OSError, as Django expects it of a body."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        return self._or_error(self._body.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._or_error(self._body.readline, size)

    def _or_error(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except OSError:
            raise
        except Exception as error:  # each server has its own
            raise OSError("The chunks are not valid") from error


class Unchunked:
    """The application, but a body in chunks has a length: one byte more than `limit`, which is the most that is read.

    Nothing is read here. A view reads the body when it knows who sent it, and the server says where it ends. Its own
    check of the size then rejects a body that is too large.
    """

    def __init__(self, application: "WSGIApplication", limit: int) -> None:
        self._application, self._limit = application, limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Without this mark, the server does not signal the end of the body, and reading might wait for ever.
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            environ |= {"CONTENT_LENGTH": str(self._limit + 1), "wsgi.input": _Chunks(environ["wsgi.input"])}
        return self._application(environ, start_response)
