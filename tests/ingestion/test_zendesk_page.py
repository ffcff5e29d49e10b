"""What docs/zendesk.md tells an admin to paste works as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.zendesk import intake
from tests.ingestion.conftest import Post

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "zendesk.md").read_text()


def test_the_triggers_body_is_accepted(webhook: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[Any, ...]] = []

    def take_in(*given: Any) -> str:
        taken.append(given)
        return "d-1"

    monkeypatch.setattr(intake, "take_in", take_in)
    [body] = re.findall(r"(?m)^ *(\{.*\{\{ticket\.id\}\}.*\})$", PAGE)
    answer = webhook(body.replace("{{ticket.id}}", "12345").encode())
    assert answer.status_code == 202
    assert [given[0] for given in taken] == ["12345"]
