"""What a request carries beside its path: refused with a sentence, or taken as it is."""

import gzip
import tracemalloc
import zlib
from contextlib import suppress
from typing import Any

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from config.web import body
from config.web.errors import ApiError, BadRequest

JSON = "application/json"


def post(content: bytes, content_type: str | None = JSON, **headers: str) -> Request:
    request = APIRequestFactory().generic(
        "POST",
        "/",
        content,  # type: ignore[arg-type]  # bytes are what it is for
        content_type=content_type or "",
        headers=headers,
    )
    if content_type is None:
        del request.META["CONTENT_TYPE"]
    return Request(request)


def get(**query: str) -> Request:
    return Request(APIRequestFactory().get("/", query))


def refusal(call: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        call(*arguments)
    return caught.value.status_code, str(caught.value.detail)


@pytest.mark.parametrize("content", [b"", b"  ", b"\n\t"])
def test_an_empty_body_is_required(content: bytes) -> None:
    assert refusal(body.read_json, post(content)) == (400, "Request body is required")


@pytest.mark.parametrize("content", [b"{", b"no", b'{"a": NaN}', b"[-Infinity]", b"\xff", b'"\xed\xa0\x80"', b"{} {}"])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    assert refusal(body.read_json, post(content)) == (400, "Request body is not valid JSON")


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b'"text"', b'[{"a": 1}]'])
def test_what_is_no_object_is_refused_where_one_is_due(content: bytes) -> None:
    assert refusal(body.read_object, post(content)) == (400, "Request body is not valid JSON")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 201 + b"]" * 201, "it is nested too deeply"),
        (b'{"n": 1e99999999999999999999}', "a number is out of range"),
        (b"9" * 5000, "a number is out of range"),
        (b'{"a": 1, "a": 2}', 'the name "a" is there twice'),
    ],
)
def test_json_that_cannot_be_shown_as_sent_is_refused_with_the_reason(content: bytes, why: str) -> None:
    assert refusal(body.read_json, post(content)) == (400, f"Request body cannot be kept as it is: {why}")


def test_a_body_up_to_the_limit_is_taken_and_a_byte_more_is_too_large(settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 20
    assert body.read_json(post(b'"' + b"x" * 18 + b'"')) == "x" * 18
    assert refusal(body.read_json, post(b'"' + b"x" * 19 + b'"'))[0] == 413
    assert body.read_json(post(b'"' + b"x" * 19 + b'"'), 21) == "x" * 19


@pytest.mark.parametrize("content_type", [JSON, None, "", "application/json; charset=utf-8", "Application/JSON"])
def test_json_and_no_content_type_are_taken(content_type: str | None) -> None:
    assert body.read_object(post(b'{"a": 1}', content_type)) == {"a": 1}


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", "x"])
def test_any_other_content_type_is_refused(content_type: str) -> None:
    assert refusal(body.read_json, post(b"{}", content_type)) == (415, "Content-Type must be application/json")


NO_GZIP = (400, "Request body is not valid gzip, which its Content-Encoding says it is")
PACKED = gzip.compress(b'{"n": 1.10}', mtime=0)


@pytest.mark.parametrize("coding", ["gzip", "GZip", "x-gzip", " gzip ", "identity, gzip", "gzip,"])
@pytest.mark.parametrize("name", [b"", b"body.json"])
def test_a_body_in_gzip_is_unpacked(coding: str, name: bytes) -> None:
    packed = PACKED[:3] + b"\x08" + PACKED[4:10] + name + b"\0" + PACKED[10:]
    assert str(body.read_object(post(packed, Content_Encoding=coding))["n"]) == "1.10"


@pytest.mark.parametrize("coding", ["", "identity", "Identity", ",", "identity, identity"])
def test_a_body_that_is_not_packed_may_say_so(coding: str) -> None:
    assert body.read_object(post(b'{"a": 1}', Content_Encoding=coding)) == {"a": 1}


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br", "utf-8", "gzip;q=1", "x" * 100])
def test_any_other_coding_is_415_that_names_it_and_the_one_that_is_taken(coding: str) -> None:
    with pytest.raises(ApiError) as caught:
        body.read_json(post(zlib.compress(b"{}"), Content_Encoding=coding))
    sentence = f"Content-Encoding {coding} is not taken: send the body in gzip, or as it is"
    assert (caught.value.status_code, str(caught.value.detail)) == (415, sentence)
    assert caught.value.headers == {"Accept-Encoding": "gzip"}


def test_an_empty_body_is_required_whatever_its_coding() -> None:
    for coding in ("gzip", "br"):
        assert refusal(body.read_json, post(b"", Content_Encoding=coding)) == (400, "Request body is required")
    assert refusal(body.read_json, post(gzip.compress(b" "), Content_Encoding="gzip"))[1] == "Request body is required"


@pytest.mark.parametrize(
    "content",
    [b"{}", PACKED[:-1], PACKED[:5], PACKED[:-8] + b"\0" * 8, PACKED + b"x", PACKED * 2, zlib.compress(b"{}"), b"\x1f"],
)
def test_what_is_no_gzip_or_cut_or_damaged_or_followed_by_more_is_refused(content: bytes) -> None:
    assert refusal(body.read_json, post(content, Content_Encoding="gzip")) == NO_GZIP


@given(st.binary(min_size=1) | st.binary(max_size=40).map(lambda tail: PACKED[:12] + tail))
def test_any_bytes_as_gzip_are_read_or_refused(content: bytes) -> None:
    with suppress(BadRequest):
        body.read_json(post(content, Content_Encoding="gzip"))


def test_the_limit_is_for_the_packed_and_for_the_unpacked_body(settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 100
    text = b'"' + b"x" * 98 + b'"'
    assert body.read_json(post(gzip.compress(text), Content_Encoding="gzip")) == "x" * 98
    larger = post(gzip.compress(text + b" "), Content_Encoding="gzip")
    assert refusal(body.read_json, larger) == (413, "Request body is larger than 100 bytes")
    assert body.read_json(post(gzip.compress(text + b" "), Content_Encoding="gzip"), 101) == "x" * 98
    padded = (
        gzip.compress(b'""')[:3] + b"\x08" + gzip.compress(b'""')[4:10] + b"n" * 100 + b"\0" + gzip.compress(b'""')[10:]
    )
    assert refusal(body.read_json, post(padded, Content_Encoding="gzip"))[0] == 413


def test_a_small_body_that_would_fill_the_memory_is_unpacked_no_further_than_the_limit() -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < 200_000
    tracemalloc.start()
    assert refusal(body.read_json, post(bomb, Content_Encoding="gzip"))[0] == 413
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii", "ISO-8859-1", "none-such"])
def test_a_body_in_ascii_is_taken_whatever_charset_it_names(charset: str) -> None:
    assert body.read_object(post(b'{"a": "e"}', f"{JSON}; charset={charset}")) == {"a": "e"}


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "none-such", "utf-16"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_body_in_another_charset_is_415_and_never_read_as_if_it_were_utf_8(charset: str, encoding: str) -> None:
    sentence = f"Content-Type's charset {charset} is not taken: send JSON in UTF-8"
    request = post('{"a": "é"}'.encode(encoding), f"{JSON}; charset={charset}")
    assert refusal(body.read_json, request) == (415, sentence)
    request = post(gzip.compress('{"a": "é"}'.encode(encoding)), f"{JSON}; charset={charset}", Content_Encoding="gzip")
    assert refusal(body.read_json, request) == (415, sentence)


@pytest.mark.parametrize(
    ("sent", "key"),
    [("abc", "abc"), ('"abc"', "abc"), ('"', '"'), ("a b~", "a b~"), ('""a""', '"a"'), ("k" * 255, "k" * 255)],
)
def test_an_idempotency_key_may_be_quoted_or_not(sent: str, key: str) -> None:
    assert body.idempotency_key(post(b"{}", Idempotency_Key=sent)) == key


@pytest.mark.parametrize("sent", ["", '""', "k" * 256, '"' + "k" * 256 + '"', "é", "a\tb", "a\x7f"])
def test_what_can_be_no_idempotency_key_is_refused(sent: str) -> None:
    request = post(b"{}", Idempotency_Key=sent)
    assert refusal(body.idempotency_key, request) == (400, "Idempotency-Key is not valid")


def test_no_idempotency_key_is_none() -> None:
    assert body.idempotency_key(post(b"{}")) is None


@pytest.mark.parametrize(("query", "limit"), [({}, 20), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_a_limit_from_1_to_100_is_taken_and_20_is_the_default(query: dict[str, str], limit: int) -> None:
    assert body.page_limit(get(**query)) == limit


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "ten", "", " 5", "٣", "1e1", "9" * 50])
def test_any_other_limit_is_refused(limit: str) -> None:
    assert refusal(body.page_limit, get(limit=limit)) == (400, "limit must be a whole number from 1 to 100")


def test_a_cursor_brings_back_its_position_in_its_own_list() -> None:
    cursor = body.seal_cursor({"ticket_id": "1"}, "tickets", "acme")
    assert cursor
    assert body.open_cursor(get(cursor=cursor), "tickets", "acme") == {"ticket_id": "1"}
    assert body.seal_cursor(None, "tickets", "acme") is None
    assert body.open_cursor(get(), "tickets", "acme") is None


@pytest.mark.parametrize("place", [("tickets", "other"), ("comments", "acme"), ("tickets",), ("tickets", "acme", "x")])
def test_a_cursor_of_another_list_or_customer_is_refused(place: tuple[str, ...]) -> None:
    cursor = body.seal_cursor("position", "tickets", "acme")
    assert cursor
    assert refusal(body.open_cursor, get(cursor=cursor), *place) == (400, "cursor is not valid")


def test_a_cursor_that_was_tampered_with_is_refused() -> None:
    cursor = body.seal_cursor("a position", "tickets", "acme")
    assert cursor
    forged = [cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "x" + cursor, cursor[:10], "::", "é", "\0", "a" * 5000]
    for one in [*forged, signing.dumps("a position")]:
        assert refusal(body.open_cursor, get(cursor=one), "tickets", "acme") == (400, "cursor is not valid"), one


def test_a_body_with_too_many_values_is_told_how_many_it_may_have(settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 64 * 9
    assert len(body.read_json(post(b"[1,2,3,4,5,6,7,8,9]"))) == 9
    with pytest.raises(BadRequest, match="it has more than 10 values"):
        body.read_json(post(b"[1,2,3,4,5,6,7,8,9,0]"))
    assert len(body.read_json(post(b"[1,2,3,4,5,6,7,8,9,0]"), 64 * 10)) == 10
