"""Bodies in chunks: given whole and with their length, read no further than the largest body that is taken."""

import io
from typing import Any

import pytest

from config.web.chunked import Gathered


def given(content: bytes, **environ: Any) -> tuple[bytes, str | None, int]:
    """What the application can read, the length it is told, and how much was read before it was asked."""
    stream = io.BytesIO(content)
    seen: list[tuple[bytes, str | None, int]] = []

    def application(environ: dict[str, Any], _: Any) -> list[bytes]:
        seen.append((environ["wsgi.input"].read(), environ.get("CONTENT_LENGTH"), before(stream)))
        return []

    def before(stream: io.BytesIO) -> int:
        return stream.tell() if environ.get("HTTP_TRANSFER_ENCODING") else 0

    Gathered(application, 10)({"wsgi.input": stream, "wsgi.input_terminated": True} | environ, lambda *_: None)  # type: ignore[arg-type]
    return seen[0]


def test_a_body_in_chunks_is_given_whole_with_its_length() -> None:
    assert given(b"12345", HTTP_TRANSFER_ENCODING="chunked") == (b"12345", "5", 5)


def test_a_body_that_is_too_large_is_read_one_byte_further() -> None:
    assert given(b"1" * 1000, HTTP_TRANSFER_ENCODING="chunked") == (b"1" * 11, "11", 11)


def test_a_body_with_its_length_is_left_to_the_application() -> None:
    assert given(b"1" * 1000, CONTENT_LENGTH="1000") == (b"1" * 1000, "1000", 0)


@pytest.mark.parametrize("mark", [False, None])
def test_a_body_whose_end_the_server_does_not_tell_is_not_read(mark: bool | None) -> None:
    _, length, _ = given(b"12345", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": mark})
    assert length is None
