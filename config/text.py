"""Text that every database can store: without lone surrogates, which UTF-8 lacks, and NUL, which PostgreSQL rejects."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def fault(text: str) -> str | None:
    """Why a text cannot be stored as it is, worded to follow its name; None if it can be."""
    if has_lone_surrogate(text):
        return "has a lone surrogate, which is no character"
    return "has a NUL character, which cannot be kept" if "\0" in text else None


def is_plain(text: str) -> bool:
    """Whether a text can be stored as it is, for doors that reject the rest."""
    return fault(text) is None


def has_lone_surrogate(text: str) -> bool:
    """Whether the text contains half of a surrogate pair, which cannot be written in UTF-8."""
    return _LONE_SURROGATE.search(text) is not None


def plain(text: str) -> str:
    """The text as it can be stored, for readers that repair it: U+FFFD for NUL, `?` for a lone surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def mended(text: str) -> str:
    """As `plain`, but U+FFFD for a lone surrogate too, for what another system wrote and keeps."""
    return plain(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def shown(text: str) -> str:
    """The text as a terminal can show it: `?` for what is no letter, sign or space, such as the codes of colours."""
    return "".join(one if one.isprintable() else "?" for one in text)
