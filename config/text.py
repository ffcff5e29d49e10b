"""Text that every store keeps: UTF-8, which has no lone surrogates, and without NUL, which PostgreSQL refuses."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def fault(text: str) -> str | None:
    """What keeps a text from being stored as it is, in words that fit behind its name; None if nothing does."""
    if has_lone_surrogate(text):
        return "has a lone surrogate, which is no character"
    return "has a NUL character, which cannot be kept" if "\0" in text else None


def is_plain(text: str) -> bool:
    """Whether a text can be stored as it is, for a door that refuses the rest."""
    return fault(text) is None


def has_lone_surrogate(text: str) -> bool:
    """Whether there is half of a surrogate pair in it, which cannot be written in UTF-8."""
    return _LONE_SURROGATE.search(text) is not None


def plain(text: str) -> str:
    """The text as it can be stored, for a reader that mends: U+FFFD for NUL, `?` for a lone surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
