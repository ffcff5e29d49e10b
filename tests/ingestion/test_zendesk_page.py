"""What docs/zendesk.md tells an admin to paste works as it stands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.zendesk import intake
from tests.ingestion.conftest import Post

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "zendesk.md").read_text()


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


def texts_of_the_door() -> Iterator[str]:
    for file in (ROOT / "ingestion" / "zendesk").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_each_sentence_that_the_page_explains_is_one_that_foyer_says() -> None:
    _, _, table = PAGE.partition("| the sentence begins | do |")
    beginnings = re.findall(r"(?m)^\| ([A-Z][^|]+) \|", table)
    said = list(texts_of_the_door())
    assert len(beginnings) > 20
    assert [one for one in beginnings if not any(text.startswith(one) for text in said)] == []
