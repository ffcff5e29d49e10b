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


PRETTY = b'{\n  "tickets": [\n    {"id": 1},\n    {\n      "id": 2\n    }\n  ]\n}\n'


@pytest.mark.parametrize(
    ("content", "is_"),
    [
        (b"id;subject\n1;Printer\n2;Paper\n", "It is CSV or another table"),
        (b"\xef\xbb\xbfid,subject\r\n1,Printer", "It is CSV or another table"),
        (b"id\tsubject\n1\tPrinter\n2\tPa", "It is CSV or another table"),
        (b'[\n  {\n    "caller_id": "lea"\n  }\n]\n', "It is one JSON array"),
        (b"[" + LINES.replace(b"\n", b",\n") + b"]", "It is one JSON array"),
        (json.dumps([line()]).encode(), "It is one JSON array"),
        (b" \r\n[]", "It is one JSON array"),
        (PRETTY, "It is JSON over several lines"),
        (codecs.BOM_UTF8 + PRETTY.replace(b"\n", b"\r\n"), "It is JSON over several lines"),
        (b"<tickets>\n<ticket/>\n</tickets>\n", "It is XML or HTML"),
        (b"\n<?xml version='1.0'?><tickets/>", "It is XML or HTML"),
        (b"From lea@family.test\nSubject: Hi\n\nHello\n", "None of its first 3 lines is a JSON object"),
    ],
)
def test_what_is_no_json_lines_is_named_and_what_is_wanted(content: bytes, is_: str) -> None:
    said = complaint(content)
    assert said.startswith(is_)
    assert "has to be JSON Lines, a ticket a line" in said


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "shift-jis"])
@pytest.mark.parametrize("count", [1, 5])
def test_what_is_of_another_encoding_is_to_be_converted_first(encoding: str, count: int) -> None:
    text = {"latin-1": "é", "cp1252": "“é”", "cp1251": "Принтер", "shift-jis": "プリンター"}[encoding]
    one = f'{{"caller_id": "lea", "issue_description": "{text}"}}\n'.encode(encoding)
    said = complaint(one * count + LINES * (count > 1))
    assert said.startswith("It is not UTF-8, but perhaps Latin-1")
    assert "`iconv -f WINDOWS-1252 -t UTF-8 FILE | python manage.py import_tickets -`, with the same options" in said


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
        LINES + '{"subject": "é"}\n'.encode("latin-1") * 2,  # two damaged lines
        LINES + '{"subject": "é"}\n'.encode("latin-1") * 9 + '{"subject": "é"}\n'.encode(),
        '{"subject": "é"}'.encode()[:-3],  # cut inside a letter
        b"[1]\n" + LINES,
        b'{"a": "1,2"}\n{"a": "3,4"}',
        b"bad\nbad\nbad\n" + LINES,
        b"bad\n",
        b'{"a":\r{"b": 1}}',
        LINES[:-1] + b'\r{"two": 1}\n' + LINES,  # one line is wrong, not all
    ],
)
def test_what_may_be_json_lines_is_read(content: bytes) -> None:
    file_kind.check(content)
