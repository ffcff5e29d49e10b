"""What no store keeps: lone surrogates and NUL, told to who refuses and replaced for who mends."""

import pytest

from config import text

SURROGATE, NUL = "has a lone surrogate, which is no character", "has a NUL character, which cannot be kept"


@pytest.mark.parametrize(
    ("given", "fault", "plain"),
    [
        ("", None, ""),
        ("Zürich 中文 \U0001f642\n", None, "Zürich 中文 \U0001f642\n"),
        ("a\0b", NUL, "a\ufffdb"),
        ("a\ud800b", SURROGATE, "a?b"),
        ("\udfff", SURROGATE, "?"),
        ("\ud83d\ude42", SURROGATE, "??"),  # two halves are no character either: nobody has joined them
        ("\ud800\0", SURROGATE, "?\ufffd"),
    ],
)
def test_a_text_is_plain_or_its_fault_is_told_and_mended(given: str, fault: str | None, plain: str) -> None:
    assert text.fault(given) == fault
    assert text.is_plain(given) == (fault is None)
    assert text.has_lone_surrogate(given) == (fault == SURROGATE)
    assert text.plain(given) == plain
    assert text.is_plain(text.plain(given))
