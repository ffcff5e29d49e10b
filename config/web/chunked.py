"""Bodies in chunks, as streaming clients send them. Django accepts only bodies whose length is given."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Gathered:
    """The application, but a body in chunks is read whole first and passed on with its length.

    At most one byte more than `limit` is read. The view's own check of the size then rejects the body as too large.
    """

    def __init__(self, application: "WSGIApplication", limit: int) -> None:
        self._application, self._limit = application, limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Without this mark, the server does not signal the end of the body, and reading might wait for ever.
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(self._limit + 1)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self._application(environ, start_response)
