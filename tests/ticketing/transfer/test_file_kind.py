"""What a file is, seen from its beginning: one complaint, not one a line, where it cannot be JSON Lines."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile

import pytest

from config import json
from config.refusals import Invalid
from tests.ticketing.transfer.transferring import line
from ticketing.transfer import file_kind

LINES = b"".join(json.dumps(line(subject=str(one))).encode() + b"\n" for one in range(5))


def zipped() -> bytes:
    with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
        file.writestr("tickets.jsonl", LINES)
    return made.getvalue()


def complaint(beginning: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        file_kind.check(beginning)
    return refused.value.sentence


@pytest.mark.parametrize(
    ("content", "tool"),
    [
        (gzip.compress(LINES), "zcat"),
        (bz2.compress(LINES), "bzcat"),
        (lzma.compress(LINES), "xzcat"),
        (zipped(), "unzip -p"),
    ],
)
def test_what_is_compressed_is_to_be_unpacked_first(content: bytes, tool: str) -> None:
    assert complaint(content).startswith(f"It is compressed: `{tool} FILE | ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_has_two_or_four_bytes_for_a_character_is_to_be_converted_first(encoding: str) -> None:
    assert complaint(LINES.decode().encode(encoding)).startswith("It is UTF-16 or UTF-32, and has to be UTF-8")


def test_lines_that_cr_alone_ends_are_one() -> None:
    assert complaint(LINES.replace(b"\n", b"\r")).startswith("Its lines end with CR alone")


@pytest.mark.parametrize(
    "content",
    [
        b"id;subject\n1;Printer\n2;Paper\n",
        b'[\n  {\n    "caller_id": "lea"\n  }\n]\n',
        b"<tickets>\n<ticket/>\n</tickets>\n",
        b"[" + LINES.replace(b"\n", b",\n") + b"]",
    ],
)
def test_what_has_no_json_object_on_any_of_its_first_lines_is_no_json_lines(content: bytes) -> None:
    assert complaint(content).startswith("None of its first ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        LINES,
        codecs.BOM_UTF8 + LINES,
        LINES.replace(b"\n", b"\r\n"),
        b"\n\n  " + LINES,
        LINES[:20],  # the beginning of a long line
        LINES.decode().replace("No", "é").encode("latin-1"),  # each line that has none is good
        b"bad\nbad\nbad\n" + LINES,
        b"bad\n",
        b'{"a":\r{"b": 1}}',
        LINES[:-1] + b'\r{"two": 1}\n' + LINES,  # one line is wrong, not all
    ],
)
def test_what_may_be_json_lines_is_read(content: bytes) -> None:
    file_kind.check(content)
