"""Reads Zendesk's answers no further than an answer can be: a few packed bytes may unpack to any number."""

from typing import Final

import requests

from ingestion.zendesk.errors import GiveUp

MAX_BYTES: Final = 32 * 1024 * 1024  # unpacked; a hundred comments of 64 KB each, as text and as HTML, are half of it
_PIECE: Final = 16 * 1024  # packed, it may unpack to a thousand times as much


def bounded(response: requests.Response) -> requests.Response:
    """The response, which was asked for with `stream=True`, with its body read.

    Raises GiveUp if it is too large, and requests.RequestException if it breaks off.
    """
    pieces, size = [], 0
    with response:
        for piece in response.iter_content(_PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                raise GiveUp(f"Zendesk's answer has more than {MAX_BYTES} bytes: check ZENDESK_API_URL")
            pieces.append(piece)
    response._content = b"".join(pieces)  # noqa: SLF001 - where requests itself keeps what it read
    return response
