"""JSON exactly as sent: numbers keep every digit, NaN is rejected, and neither depth nor mass can break the server."""

import hashlib
import io
import re
import secrets
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

# Deeper than anything people send, and well within what Python's stack allows.
MAX_DEPTH = 200
OWN_DEPTH = MAX_DEPTH + 10  # for what we wrote ourselves: a few levels around what came in

# A value has two bytes of text (`{}`) and takes up to 400 in memory. So values are counted before any is made.
BYTES_PER_VALUE = 64  # of the largest body
MAX_VALUES = 1 + 5 * 1024 * 1024 // BYTES_PER_VALUE  # in the largest body that a door takes, and in a message

_PIECE = 1024 * 1024

# The parser keeps an object of some 80 bytes for what is before each escape, until its text ends. So a text with very
# many is read in pieces. A piece ends after so many escapes, and never within one.
_MOST_ESCAPES = 10_000
_SOME = re.compile(rf"(?:[^\\]++|\\u.{{4}}|\\.){{1,{_MOST_ESCAPES}}}+", re.DOTALL)
_SECOND_HALF = re.compile(r"\\u[dD][c-fC-F]")  # of a letter: it stays with the first

# The possessive `+`: text is never looked at again from another place, and nothing is kept for that.
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_TEXT_BYTES = re.compile(_TEXT.pattern.encode(), re.DOTALL)


class Refused(ValueError):
    """Valid JSON that could not be shown again as it was sent. Its text is the reason, worded to follow a colon."""


def loads(text: str | bytes, max_depth: int = MAX_DEPTH, max_values: int | None = MAX_VALUES) -> Any:
    """JSON text as Python values. A number with a point or an exponent becomes a Decimal, and so does `-0`.

    Raises ValueError if it is not JSON; NaN, Infinity and text that is not UTF-8 are not. Raises Refused (a ValueError
    too) if it is nested deeper than `max_depth`, has more values than `max_values` (None: any number), has a number out
    of range, or has a name twice in one object. An empty list or object counts as two values.
    """
    if max_values is not None and _has_more_than(max_values, text):
        raise Refused(f"it has more than {max_values} values")
    if isinstance(text, bytes):
        text = text.decode("utf-8")  # UnicodeDecodeError is a ValueError
    kept: dict[str, str] = {}
    if text.count("\\") > _MOST_ESCAPES:
        text = _without_long_texts(text, kept)
    try:
        value = simplejson.loads(text, parse_float=_decimal, parse_int=_whole, object_pairs_hook=_object)
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    except (simplejson.JSONDecodeError, Refused):
        raise
    except ValueError:  # Python limits the digits of a whole number
        raise Refused("a number is out of range") from None
    if _deeper_than(value, max_depth):
        raise Refused("it is nested too deeply")
    return _put_back(value, kept) if kept else value


def dumps(value: Any) -> str:
    """Python values as compact ASCII JSON, the inverse of `loads`."""
    return simplejson.dumps(value, use_decimal=True, separators=(",", ":"))


def fingerprint(value: Any) -> str:
    """The SHA-256 (hex) of the value as canonical JSON, the same whatever the spacing or the order of names."""
    canonical = simplejson.dumps(value, use_decimal=True, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256()
    for start in range(0, len(canonical), _PIECE):  # encoded at once, a large one would be there a second time
        digest.update(canonical[start : start + _PIECE].encode())
    return digest.hexdigest()


def _without_long_texts(text: str, kept: dict[str, str]) -> str:
    """The JSON with a name in place of each text that has very many escapes. `kept` gets the texts, by these names."""
    made, end, names = io.StringIO(), 0, dict[str, str]()
    for one in _TEXT.finditer(text):
        if text.count("\\", one.start(), one.end()) > _MOST_ESCAPES and text[one.end() - 1] == '"':
            read = _in_pieces(text, one.start() + 1, one.end() - 1)
            name = names.setdefault(read, secrets.token_hex(16))  # nobody can send this name
            kept[name] = read
            made.write(text[end : one.start()])
            made.write(f'"{name}"')
            end = one.end()
    made.write(text[end:])
    return made.getvalue()


def _in_pieces(text: str, start: int, end: int) -> str:
    """What the inside of a JSON text stands for. Raises ValueError as the parser does."""
    made = io.StringIO()
    while start < end:
        piece = _SOME.match(text, start, end)
        stop = piece.end() if piece else end
        stop += 6 if _SECOND_HALF.match(text, stop, end) else 0
        made.write(simplejson.loads(f'"{text[start:stop]}"'))
        start = stop
    return made.getvalue()


def _put_back(value: Any, kept: dict[str, str]) -> Any:
    """The value with the kept texts in place of their names."""
    if isinstance(value, dict):
        return {kept.get(name, name): _put_back(one, kept) for name, one in value.items()}
    if isinstance(value, list):
        return [_put_back(one, kept) for one in value]
    return kept.get(value, value) if isinstance(value, str) else value


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that Decimal itself cannot hold
        raise Refused("a number is out of range") from None
    if not number.is_finite() or abs(number.adjusted()) > 100_000:
        raise Refused("a number is out of range")
    return number


def _whole(text: str) -> int | Decimal:
    return Decimal(text) if text == "-0" else int(text)  # an int has no minus zero


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, one in pairs:
        if name in value:
            raise Refused(f"the name {dumps(name)[:200]} is there twice")
        value[name] = one
    return value


def _has_more_than(most: int, text: str | bytes) -> bool:
    """Whether the text has more values. If it is no JSON, the answer may be wrong, and the parser says what it is.

    A value follows each comma and each opening bracket. Those in texts count only if there may be too many.
    """
    if 1 + _marks(text, 0, len(text)) <= most:
        return False
    values, end = 1, 0
    pattern: re.Pattern[Any] = _TEXT if isinstance(text, str) else _TEXT_BYTES
    for number, one in enumerate(pattern.finditer(text)):
        values += _marks(text, end, one.start())
        end = one.end()
        if values > most or number > 2 * most:  # each name and each text has its value
            return True
    return values + _marks(text, end, len(text)) > most


def _marks(text: str | bytes, start: int, end: int) -> int:
    if isinstance(text, str):
        return text.count(",", start, end) + text.count("[", start, end) + text.count("{", start, end)
    return text.count(b",", start, end) + text.count(b"[", start, end) + text.count(b"{", start, end)


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested deeper than `depth`. Goes level by level, since recursion could overflow."""
    level = [value]
    for _ in range(depth):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    return []
