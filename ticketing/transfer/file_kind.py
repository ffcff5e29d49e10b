"""Tells from its beginning whether a file can be JSON Lines in UTF-8. If not, the file is refused as a whole."""

import codecs
import re

from config.refusals import Invalid

_UNPACKED_BY = {
    b"\x1f\x8b": "zcat",
    b"BZh": "bzcat",
    b"\xfd7zXZ": "xzcat",
    b"\x28\xb5\x2f\xfd": "zstdcat",
    b"PK\x03\x04": "unzip -p",
}
_NO_ACCIDENT = 3  # lines: in a smaller file, all may be bad by accident


def check(beginning: bytes) -> None:
    """Raise Invalid if a file with this beginning is of another kind. The sentence says what to do."""
    for magic, tool in _UNPACKED_BY.items():
        if beginning.startswith(magic):
            raise Invalid(f"It is compressed: `{tool} FILE | python manage.py import_tickets -` reads it")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in beginning[:4]:
        raise Invalid("It is UTF-16 or UTF-32, and has to be UTF-8: `iconv` converts it")
    if b"\n" not in beginning and re.search(rb"}\r+{", beginning):
        raise Invalid("Its lines end with CR alone, and have to end with LF: `tr '\\r' '\\n'` converts them")
    complete = beginning.removeprefix(codecs.BOM_UTF8).split(b"\n")[:-1]
    lines = [one.strip() for one in complete if one.strip()]
    if len(lines) >= _NO_ACCIDENT and not any(one.startswith(b"{") and one.endswith(b"}") for one in lines):
        raise Invalid(
            f"None of its first {len(lines)} lines is a JSON object: it has to be JSON Lines, a ticket a line"
        )
