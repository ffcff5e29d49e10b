"""Compressed bodies at every door: gzip is unpacked, within the door's own limit, and any other coding is named."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

JSON = "application/json"
EVENT = {"event_type": "session_started", "payload": {"session_id": "s", "student_id": "u", "tutor_id": "t"}}
DOORS: dict[str, tuple[str, dict[str, Any], int]] = {
    "itsm": ("/itsm/tickets", {"caller_id": "lea", "issue_description": "é" * 500}, 201),
    "route": ("/routing/tickets", {"type": "question", "message": "é" * 500}, 201),
    "submit": ("/ticketing/submissions", {"subject": "é" * 500}, 202),
    "events": ("/ingest/batch", {"events": [EVENT]}, 202),
}


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, token_client: Callable[..., APIClient]) -> tuple[APIClient, Any]:
    return token_client(request.param), DOORS[request.param]


def send(door: tuple[APIClient, Any], coding: str, packed: bytes) -> Any:
    client, (path, _, _) = door
    return client.generic("POST", path, packed, content_type=JSON, headers={"Content-Encoding": coding})  # type: ignore[arg-type]


def text(door: tuple[APIClient, Any]) -> bytes:
    return json.dumps(door[1][1]).encode()


def test_gzip_is_taken(door: tuple[APIClient, Any]) -> None:
    assert send(door, "gzip", gzip.compress(text(door))).status_code == door[1][2]


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd"])
def test_any_other_coding_is_415(door: tuple[APIClient, Any], coding: str) -> None:
    answer = send(door, coding, zlib.compress(text(door)))
    sentence = f"Content-Encoding {coding} is not taken: send the body in gzip, or as it is"
    assert (answer.status_code, answer.json()["error"], answer["Accept-Encoding"]) == (415, sentence, "gzip")


def test_each_doors_limit_is_for_what_is_unpacked(door: tuple[APIClient, Any], settings: Any) -> None:
    large = door[1][0] in ("/ticketing/submissions", "/ingest/batch")
    limit = settings.LARGE_REQUEST_MAX_BYTES if large else settings.REQUEST_MAX_BYTES
    fits, exceeds = (gzip.compress(text(door).ljust(limit + more)) for more in (0, 1))
    assert send(door, "gzip", fits).status_code == door[1][2]
    answer = send(door, "gzip", exceeds)
    assert (answer.status_code, answer.json()["error"]) == (413, f"Request body is larger than {limit} bytes")
