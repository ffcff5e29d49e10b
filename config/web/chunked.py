"""Bodies that come in chunks, as streaming clients send them: Django takes only those whose length is told."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Gathered:
    """The application, which is given such a body whole, with its length.

    One byte more than `limit` is read at most: whoever takes bodies of that size then refuses it as too large.
    """

    def __init__(self, application: "WSGIApplication", limit: int) -> None:
        self._application, self._limit = application, limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Without the mark the server does not tell where the body ends: reading might wait for ever.
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(self._limit + 1)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self._application(environ, start_response)
