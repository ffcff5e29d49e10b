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
_SEPARATORS = (b",", b";", b"\t")
_NO_ACCIDENT = 3  # lines: in a smaller file, all may be bad by accident
_WANTED = "and has to be JSON Lines, a ticket a line"
_READS_IT = "FILE | python manage.py import_tickets -`, with the same options, reads it"


def check(beginning: bytes) -> None:
    """Raise Invalid if a file with this beginning is of another kind. The sentence says of which, and what to do."""
    for magic, tool in _UNPACKED_BY.items():
        if beginning.startswith(magic):
            raise Invalid(f"It is compressed: `{tool} {_READS_IT}")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in beginning[:4]:
        raise Invalid(f"It is UTF-16 or UTF-32, and has to be UTF-8: `iconv -f UTF-16 -t UTF-8 {_READS_IT}")
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    if b"\n" not in text and re.search(rb"}\r+{", text):
        raise Invalid("Its lines end with CR alone, and have to end with LF: `tr '\\r' '\\n'` converts them")
    _check_format(text)
    _check_lines([one.strip() for one in text.split(b"\n")[:-1] if one.strip()])


def _check_format(text: bytes) -> None:
    if re.match(rb"\[\s*[{\]]", text):
        raise Invalid(f"It is one JSON array, {_WANTED}: `jq -c '.[]' {_READS_IT}")
    if text.startswith(b"<"):
        raise Invalid(f"It is XML or HTML, {_WANTED}")
    if _is_table([one for one in text.split(b"\n") if one.strip()]):
        raise Invalid(f"It is CSV or another table, {_WANTED}: one JSON object, with names such as issue_description")


def _check_lines(lines: list[bytes]) -> None:
    """Check the complete lines. A single bad line among good ones is not the file's kind, and is left to the import."""
    if _is_of_another_encoding(lines):
        raise Invalid(
            "It is not UTF-8, but perhaps Latin-1 or Windows-1252: "
            f"`iconv -f WINDOWS-1252 -t UTF-8 {_READS_IT}, with the name of its encoding"
        )
    if len(lines) < _NO_ACCIDENT or any(one.startswith(b"{") and one.endswith(b"}") for one in lines):
        return
    if lines[0].startswith(b"{"):
        raise Invalid(
            f"It is JSON over several lines, {_WANTED}: `jq -c . {_READS_IT}. "
            "If its tickets are in a list, use `jq -c '.tickets[]'`, with the name of that list"
        )
    raise Invalid(f"None of its first {len(lines)} lines is a JSON object: it has to be JSON Lines, a ticket a line")


def _is_table(lines: list[bytes]) -> bool:
    """Whether no line begins as JSON, and all, but for the last, which may be cut, have the same separator."""
    if len(lines) < 2 or any(one.lstrip().startswith(b"{") for one in lines):
        return False
    return any(all(separator in one for one in lines[:-1]) for separator in _SEPARATORS)


def _is_of_another_encoding(lines: list[bytes]) -> bool:
    """Whether every line with more than ASCII is no UTF-8. A few may be damaged, if the others are ASCII."""
    foreign = [one for one in lines if not one.isascii()]
    return (len(foreign) >= _NO_ACCIDENT or foreign == lines) and bool(foreign) and not any(map(_is_utf8, foreign))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
