"""Shows the beginning of a body that nobody could read, without what customers wrote in it."""

import re
from typing import Final

LONGEST: Final = 300  # characters that are shown

# A name is shown where JSON has its names: after `{` or `,`, and before `:`. All else may be a value.
_NAME_OR_ELSE = re.compile(r'([{,]\s*)("[a-z_][a-z0-9_.-]{0,39}")(?=\s*:)|.', re.ASCII | re.DOTALL | re.IGNORECASE)


def beginning(body: bytes) -> str:
    """The first characters of a body on one line, with its names and its punctuation as they came.

    Every other letter becomes `x`, every digit `0`, and a line break a sign that can be seen.
    """
    text = body[: LONGEST * 4].decode("utf-8", "replace").replace("\r\n", "\n")
    shown = _NAME_OR_ELSE.sub(lambda match: _masked(match[1] or match[0]) + (match[2] or ""), text)
    return shown if len(shown) <= LONGEST and len(body) <= LONGEST * 4 else shown[:LONGEST] + "…"


def _masked(text: str) -> str:
    return "".join(map(_sign, text))


def _sign(one: str) -> str:
    if one == "\n":
        return "↵"
    if one.isspace():
        return " "
    if one.isdigit():
        return "0"
    return one if one.isascii() and one.isprintable() and not one.isalpha() else "x"
