"""Numbers that people write in several ways: telephone numbers, MAC addresses, UUIDs, groups of digits, v1.7.

A number has further spellings, which are stored beside its words: the digits without separators, and a telephone number
without its country code and its leading zero. Whatever way somebody types it, one spelling is the same.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ticketing.search.words import words

# Spellings stored of one text, and tried: a log has very many numbers, and hardly anybody searches for them.
MOST, _MOST_TRIED = 1000, 5000
LEAST, _LEAST_GROUPED, _LONGEST = 6, 4, 20  # digits: of any number, of thousands in groups, and at most
_LEAST_MAC = 12  # letters and digits; a word of so many letters from A to F is nothing else
_MOST_GROUPS = 12

_SPACES, _HYPHENS = " \xa0\u2009\u202f", "\u2010-\u2013-"
_SEPARATOR = f"(?:[{_SPACES}{_HYPHENS}/()]{{1,3}}|[.,'\u2019])"
_BEFORE, _BEHIND = "(?<![0-9A-Za-z])", "(?![0-9A-Za-z]|:[0-9])"  # behind the last digit is no time of day
# A telephone number with several groups, and any number in groups, as somebody types it without quotes.
PHONE = f"(?:[+(]{{1,2}}|(?=0))[0-9]+(?:{_SEPARATOR}[0-9]+){{1,{_MOST_GROUPS - 1}}}"
GROUPS = f"[0-9]+(?:[{_SPACES}]+[0-9]+){{1,{_MOST_GROUPS - 1}}}"

_DIGIT = re.compile("[0-9]")
_GROUPS = re.compile(
    f"{_BEFORE}(?:[+(]{{1,2}}[0-9]+|0[0-9]{{5,}}|[0-9]+(?={_SEPARATOR}[0-9]))"
    f"(?:{_SEPARATOR}[0-9]+){{0,{_MOST_GROUPS - 1}}}{_BEHIND}"
)
_GROUP = re.compile("[0-9]+")
_START = f"\\(|0|[0-9]+[^{_SPACES}0-9]"
_LATER_START = re.compile(f"[{_SPACES}]/?({_START})")
_END = re.compile(f"(?<=[0-9])(?=[/)({_HYPHENS}]*[{_SPACES}])")
# The slashes of a date divide no numbers, so a date is passed over as a whole.
_DATE_OR_SLASH = re.compile(
    "(?<![0-9/])(?:[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{2}){1,2})(?![0-9/])"
    f"|(?<=[0-9])/(?=({_START}))"
)
_HEX = "[0-9A-Fa-f]"
_HEX_WORD = re.compile(f"{_HEX}+")
_MAC = re.compile(
    f"{_BEFORE}(?:{_HEX}{{2}}([:-]){_HEX}{{2}}(?:\\1{_HEX}{{2}}){{4,30}}"
    f"|{_HEX}{{4}}([.:-]){_HEX}{{4}}\\2{_HEX}{{4}}|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}){_BEHIND}"
)
_VERSION = re.compile(f"{_BEFORE}[A-Za-z]{{1,20}}([0-9]+(?:\\.[0-9]+)+){_BEHIND}")
_THOUSANDS = re.compile(f"[0-9]{{1,3}}(?:[{_SPACES}.,'\u2019][0-9]{{3}})+")
# Addresses, versions and dates: without the dots, 10.1.12.34 and 10.11.2.34 would be the same number.
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_DIVIDED = re.compile(
    f"{_BYTE}(?:\\.{_BYTE}){{3}}"
    "|[1-9][0-9]*(?:\\.[0-9]+)*\\.[0-9](?:\\.[0-9]+)*"
    "|[0-9]{4}[-./](?:[0-9][-./][0-9]{1,2}|[0-9]{2}[-./][0-9])"
    "|(?:[0-9][-./][0-9]{1,2}|[0-9]{2}[-./][0-9])[-./][0-9]{4}"
)
_COUNTRY = re.compile("(?:00)?(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})(0?)([0-9]{5,})")


@dataclass(frozen=True, order=True)
class Spelling:
    """Other words for what is written between two places of a text."""

    start: int
    end: int
    words: tuple[str, ...]


def further(text: str) -> list[tuple[str, ...]]:
    """The spellings to store beside the words of a text, each once, MOST at most."""
    return list(dict.fromkeys(one.words for one in islice(_all(text), _MOST_TRIED)))[:MOST]


def spellings(text: str) -> list[Spelling]:
    """The further spellings of numbers in a text, in order. Somebody waits, so only of so many as take milliseconds."""
    return sorted(islice(_all(text), MOST))


def is_there(number: Iterable[str], text: str) -> bool:
    """Whether a text has these digits in this order, whatever is between them. If not, it has no spelling of them."""
    written = (text, text.replace("(0)", ""))
    return any("".join(number) in "".join(_HEX_WORD.findall(one)).lower() for one in written)


def joined(typed: str) -> tuple[str, ...]:
    """The spellings of one word that mean the same as a typed number. None if something else is typed too."""
    wanted = words(typed)
    whole = (one.words for one in _all(typed) if words(typed[one.start : one.end]) == wanted)
    return tuple(dict.fromkeys(one for one, *more in whole if not more and [one] != wanted))


def is_long(typed: str) -> bool:
    """Whether groups of digits have enough digits to be one number."""
    return len(_digits(typed)) > LEAST


def may_be_grouped(word: str) -> bool:
    """Whether a word may be a number that others write with separators."""
    least = _LEAST_GROUPED if _DIGIT.search(word) else _LEAST_MAC
    return len(word) >= least and bool(_HEX_WORD.fullmatch(word))


def _all(text: str) -> Iterator[Spelling]:
    for match in _MAC.finditer(text):
        yield Spelling(match.start(), match.end(), ("".join(words(match[0])),))
    if not _DIGIT.search(text):
        return
    for match in _GROUPS.finditer(text):
        yield from _of_groups(text, match)
    for match in _VERSION.finditer(text):
        yield Spelling(match.start(1), match.end(), tuple(words(match[1])))


def _of_groups(text: str, run: re.Match[str]) -> Iterator[Spelling]:
    """The numbers in a run of groups of digits. Before a space or slash, one may end; behind it, one may begin."""
    slashes = list(_slashes(text, run))
    later = [*_LATER_START.finditer(text, run.start() + 1, run.end()), *slashes]
    earlier = [*_END.finditer(text, run.start(), run.end()), *slashes]
    for start in (run.start(), *(one.start(1) for one in later)):
        for end in (*(one.start() for one in earlier), run.end()):
            yield from (Spelling(start, end, (one,)) for one in _written(text[start:end]))


def _slashes(text: str, run: re.Match[str]) -> Iterator[re.Match[str]]:
    """The slashes between two numbers. 030/901820 is one, because its left side alone has too few digits."""
    for one in _DATE_OR_SLASH.finditer(text, run.start(), run.end()):
        if one[1] and is_long(text[run.start() : one.start()]) and is_long(text[one.start(1) : run.end()]):
            yield one


def _written(number: str) -> list[str]:
    """A number's further spellings; none if it is too short or too long."""
    if _DIVIDED.fullmatch(number):
        return []
    digits = _digits(number)
    least = _LEAST_GROUPED if _THOUSANDS.fullmatch(number) else LEAST
    if not least <= len(digits) <= _LONGEST:
        return []
    spelled = {digits: None}
    if ("+" in number[:2] or digits.startswith("00")) and (abroad := _COUNTRY.fullmatch(digits)):
        spelled |= {abroad[1] + abroad[3]: None, abroad[3]: None}
    if digits[0] == "0" and digits[1] != "0":
        spelled[digits[1:]] = None
    return [one for one in spelled if [one] != words(number)]


def _digits(number: str) -> str:
    return "".join(_GROUP.findall(number))
