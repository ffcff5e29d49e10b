"""Bodies in chunks: read when the application asks, and no further than the largest body that is taken."""

import io
from typing import Any

import pytest

from config.web.chunked import Unchunked


def given(content: bytes, **environ: Any) -> tuple[str | None, int]:
    """The length that the application is told, and how much was read before it was asked."""
    stream = io.BytesIO(content)
    seen: list[tuple[str | None, int]] = []

    def application(environ: dict[str, Any], _: Any) -> list[bytes]:
        seen.append((environ.get("CONTENT_LENGTH"), stream.tell()))
        return []

    Unchunked(application, 10)({"wsgi.input": stream, "wsgi.input_terminated": True} | environ, lambda *_: None)  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize("size", [0, 5, 1000])
def test_a_body_in_chunks_is_not_read_before_somebody_asks(size: int) -> None:
    assert given(b"1" * size, HTTP_TRANSFER_ENCODING="chunked") == ("11", 0)


def test_a_body_with_its_length_is_left_to_the_application() -> None:
    assert given(b"1" * 1000, CONTENT_LENGTH="1000") == ("1000", 0)


@pytest.mark.parametrize("mark", [False, None])
def test_a_body_whose_end_the_server_does_not_tell_is_not_read(mark: bool | None) -> None:
    length, _ = given(b"12345", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": mark})
    assert length is None
