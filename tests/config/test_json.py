"""JSON exactly as sent, or refused; never a crash."""

import re
import time
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from config import json
from config.web.renderers import ExactJSONRenderer


@pytest.mark.parametrize(
    "text",
    ["1", "0.10", "1.000", "12345678901234567890.123456789012345678901234567890", "-7.50", "0", "-0", "-0.0", "[0,-0]"],
)
def test_a_number_keeps_every_digit(text: str) -> None:
    assert json.dumps(json.loads(text)) == text


def test_a_whole_number_stays_whole_and_another_becomes_a_decimal() -> None:
    assert json.loads("[1, 1.0]") == [1, Decimal("1.0")]
    assert [type(one) for one in json.loads("[1, 1.0, 1e2]")] == [int, Decimal, Decimal]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "[Infinity]"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)


@pytest.mark.parametrize(
    "text", ["1e9999999999999999999999", "-1.5e-9999999999999999999999", "1e100001", "0e100001", "9" * 5000]
)
def test_a_number_out_of_range_is_refused_and_does_not_break(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)


def test_nesting_is_taken_to_a_depth_and_refused_beyond() -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = opening * json.MAX_DEPTH + "1" + closing * json.MAX_DEPTH
        assert json.loads(deep)
        with pytest.raises(ValueError, match="nested too deeply"):
            json.loads(opening + deep + closing)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_absurd_nesting_does_not_overflow(opening: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(opening * 100_000)


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"\udfff":"a"}', r'"\u0000"', r'"\ud83d\ude00"'])
def test_lone_surrogates_and_nuls_come_back_as_they_went_in(text: str) -> None:
    assert json.dumps(json.loads(text)) == text
    assert json.fingerprint(json.loads(text))


_CODES = ("4e2d", "D83D", "dda8", "0041", "0022", "005c", "0000", "0080", "00e9")
_ODD = ["a", "u4", "\N{PRINTER}", "\\\\", "\\n", "\\/", '\\"', "\\", "\\u12", "\\uD8", "\ud83d", "\udda8", '","', "\n"]
_PIECES = st.sampled_from([*(rf"\u{code}" for code in _CODES), *_ODD])


@given(st.lists(_PIECES, max_size=12).map("".join), st.integers(1, 3))
def test_a_text_is_read_alike_whether_it_has_few_escapes_or_many(text: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "_MOST_ESCAPES", most)
        patch.setattr(json, "_SOME", re.compile(json._SOME.pattern.replace("10000", str(most)), re.DOTALL))
        for given_text in (f'["{text}"]', f'{{"{text}":["{text}",1]}}'):
            try:
                expected = simplejson.loads(given_text)
            except ValueError:
                with pytest.raises(ValueError, match=r"."):
                    json.loads(given_text)
            else:
                assert json.loads(given_text) == expected


def test_a_long_name_that_is_there_twice_is_refused_however_it_is_written() -> None:
    name, other = r"\n" * 20_000, r"\u000a" * 20_000
    with pytest.raises(ValueError, match="is there twice"):
        json.loads(f'{{"{name}":1,"{other}":2}}')


UNITS = [r"\ud83d", r"\ud83d\udda8", r"a\udda8", r"\u4e2d\u0022", r"ab\n", "\N{CJK UNIFIED IDEOGRAPH-4E2D}\\n", r"\\"]


@pytest.mark.parametrize("unit", UNITS, ids=range(len(UNITS)))
def test_very_many_escapes_cost_little_memory_and_time(unit: str) -> None:
    text = ('"' + unit * 300_000 + '"').encode()
    tracemalloc.start()
    try:
        json.loads(text)
        assert tracemalloc.get_traced_memory()[1] < 6 * len(text)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"b": {"a": 1, "a": 1}}]'])
def test_a_name_that_is_there_twice_is_refused_since_only_one_could_be_shown(text: str) -> None:
    with pytest.raises(ValueError, match='the name "a" is there twice'):
        json.loads(text)


def test_a_name_that_is_there_twice_is_found_at_once_among_many() -> None:
    names = ",".join(f'"{n}":0' for n in [*range(20_000), 19_999])
    began = time.process_time()
    with pytest.raises(ValueError, match='the name "19999" is there twice'):
        json.loads(f"{{{names}}}")
    assert time.process_time() - began < 2  # comparing each with each takes five seconds and more


@pytest.mark.parametrize("body", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', '{"a": 1}'.encode("utf-16")])
def test_bytes_that_are_no_utf8_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(body)


@pytest.mark.parametrize("text", ["", "{", "{} {}", "[1,]", "{'a': 1}", "nul", '"\x01"', "01"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)


def test_a_fingerprint_ignores_order_and_spacing_and_nothing_else() -> None:
    one = json.fingerprint(json.loads('{"a": 1, "b": [1, {"c": "é", "d": null}]}'))
    assert one == json.fingerprint(json.loads('{"b":[1,{"d":null,"c":"\\u00e9"}],\n"a":1}'))
    others = ['{"a": 1, "b": [{"c": "é", "d": null}, 1]}', '{"a": "1"}', '{"a": true}', '{"a": 1}', '{"a": 1.5}']
    assert len({one, *(json.fingerprint(json.loads(other)) for other in others)}) == 1 + len(others)


_numbers = st.integers(-(10**40), 10**40) | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9))
_scalars = st.none() | st.booleans() | _numbers | st.text(st.characters(exclude_categories=()))
_texts = st.text(st.characters(exclude_categories=()))
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_texts, inner, max_size=5), max_leaves=20
)


@given(_values)
def test_any_value_comes_back_as_it_went(value: Any) -> None:
    text = json.dumps(value)
    assert json.loads(text) == json.loads(text.encode())
    assert json.dumps(json.loads(text)) == text
    assert json.fingerprint(json.loads(text)) == json.fingerprint(json.loads(text))


def test_an_answer_is_written_with_every_digit() -> None:
    renderer = ExactJSONRenderer()
    assert renderer.render({"n": Decimal("1.10")}) == b'{"n":1.10}'
    assert renderer.render(None) == b""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", 1),
        ("[1,2,3]", 4),
        ('{"a":1,"b":2}', 3),
        ('{"a,[{":"\\",[{","b":"]\\\\"}', 3),
        ('["[[[[",",,,,",[1]]', 5),
        ("[[1],[2]]", 5),
        ("[{},[]]", 5),  # an empty one counts twice
    ],
)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_values_are_counted_and_no_more_than_the_limit_are_made(text: str, values: int, as_bytes: bool) -> None:
    given = text.encode() if as_bytes else text
    assert json.loads(given, max_values=values) == json.loads(text)
    with pytest.raises(json.Refused, match=f"more than {values - 1} values"):
        json.loads(given, max_values=values - 1)


def _size(value: Any) -> int:
    """Its values, where each empty list or object counts twice."""
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return 1 + (isinstance(value, dict | list) and not children) + sum(map(_size, children))


@given(st.recursive(st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_any_values_are_counted(value: Any) -> None:
    for text in (json.dumps(value), simplejson.dumps(value, ensure_ascii=False, indent=1)):
        assert json.loads(text, max_values=_size(value)) == value
        with pytest.raises(json.Refused):
            json.loads(text, max_values=_size(value) - 1)


@pytest.mark.parametrize("text", ['"' * 3_000_000, "," * 3_000_000, '"' + '\\"' * 1_500_000, "[" * 3_000_000])
def test_what_is_no_json_is_refused_soon(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("unit", ["{}", "[]", "0", '""', '{"":0}'])
def test_millions_of_small_values_cost_no_memory(unit: str) -> None:
    text = f"[{','.join([unit] * 2_000_000)}]"
    tracemalloc.start()
    try:
        with pytest.raises(json.Refused, match="it has more than"):
            json.loads(text)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
