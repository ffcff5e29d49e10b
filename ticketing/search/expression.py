"""Terms as a regular expression that both databases read alike: it spells out case and accents, so it needs no locale.

A match may still be something else, so the words themselves are compared later. The expression never backtracks,
because what may follow a letter is never a letter.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from ticketing.search.numbers import LEAST, may_be_grouped
from ticketing.search.query import Term
from ticketing.search.words import HANGUL, UNSEEN, counts, is_hangul, is_part_of_longer, plain

_CHARACTERS = [chr(code) for code in (*range(0x3000), *range(0xFB00, 0xFE00), *range(0xFF00, 0xFFF0))]
_MOST_LETTERS = 40  # of a term: more would hardly tell more apart
_SEPARATORS = " \xa0\u2009\u202f\u2010-\u2013/().,:'\u2019-"  # of numbers
_VERSION = re.compile("[0-9]+(?: [0-9]+)+")
_FIRST_SYLLABLE, _SYLLABLES, _FINALS = 0xAC00, 11172, 28  # Unicode's Korean syllables, and those with the same vowel
_BETWEEN = " -/:-@\\[-`{-~\t\n\r\xa0\xab\xb7\xbb\u2000-\u200a\u200e-\u205f\u2061-\u206f\u3000-\u3003"
_PIECES = re.compile("ae|oe|th|ss|ff?[il]|ff|.", re.DOTALL)  # may be one character: æ, œ, þ, ß, PDFs' ligatures


def expression(terms: Sequence[Term]) -> str:
    """An expression that finds any of the terms, without a letter before it.

    No letter may follow either, unless the term is the beginning of a word. An inner part may have letters before it.
    """
    return "|".join(sorted({_one(term, way) for term in terms for way in term.ways}))


def _one(term: Term, way: tuple[str, ...]) -> str:
    words = unicodedata.normalize("NFC", " ".join(way))
    known = words[:_MOST_LETTERS]
    text = _number(known) if may_be_grouped(words) else f"[{_BETWEEN}]*".join(map(_word, known.split()))
    if term.prefix and is_hangul(known[-1]):
        text = text.removesuffix(_written(known[-1])) + _opened(known[-1])
    open_end = term.prefix or len(words) > _MOST_LETTERS or not is_part_of_longer(words[-1])
    return _before(term, words) + text + ("" if open_end else f"(?:$|[^{_letters()}])")


def _before(term: Term, words: str) -> str:
    """What may stand before a term: no letter; but v before 1.7, and the country's code before a telephone number."""
    if term.inside or not is_part_of_longer(words[0]):
        return ""
    if is_hangul(words[0]):
        return f"(?:^|[^{HANGUL}])"
    also = ""
    if may_be_grouped(words) and words[0].isdigit():
        also = f"(?:[0-9][0-9{_SEPARATORS}]{{0,8}})?"
    elif _VERSION.fullmatch(words):
        also = "(?:[A-Za-z]{1,20})?"
    return f"(?:^|[^{_letters()}]){also}"


def _number(digits: str) -> str:
    """A number with separators anywhere in it, or a zero in brackets: +49 (0)30. A short one only with thousands."""
    if len(digits) < LEAST:
        return f"{_word(digits[:-3])}[{_SEPARATORS}]?{_word(digits[-3:])}"
    return rf"[{_SEPARATORS}]{{0,3}}(?:0\)[{_SEPARATORS}]{{0,3}})?".join(map(_word, digits))


def _opened(letter: str) -> str:
    """A word's last letter as it may go on: a Korean syllable that ends in a vowel may get a consonant in it."""
    place = ord(letter) - _FIRST_SYLLABLE
    if not 0 <= place < _SYLLABLES or place % _FINALS:
        return _written(letter)
    return f"[{letter}-{chr(ord(letter) + _FINALS - 1)}]"


def _word(word: str) -> str:
    return "".join(map(_written, _PIECES.findall(word)))


def _written(letters: str) -> str:
    """Some letters of a word. Several of them may be one character."""
    ways = _spellings()
    if letters not in ways and len(letters) == 1:
        return f"{re.escape(letters)}[{_unread()}]*"
    beginnings = [(letters[:n], letters[n:]) for n in range(1, len(letters) + 1) if letters[:n] in ways]
    written = [f"[{ways[one]}][{_unread()}]*{rest and _written(rest)}" for one, rest in beginnings]
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


@cache
def _spellings() -> dict[str, str]:
    """The characters that read as a letter, or as several: by those letters."""
    ways: defaultdict[str, str] = defaultdict(str)
    for character in filter(str.isalnum, _CHARACTERS):
        ways[unicodedata.normalize("NFC", plain(character))] += character
    return dict(ways)


@cache
def _letters() -> str:
    """The letters by which a word would go on, for use inside brackets.

    Only those of the most used scripts, else the expression would be very long.
    """
    return _ranges([one for one in _CHARACTERS[:0x700] if is_part_of_longer(one)])


@cache
def _unread() -> str:
    """Accents and invisible characters, for use inside brackets. They may follow any letter."""
    accents = [one for one in _CHARACTERS if unicodedata.category(one) in ("Mn", "Mc") and not counts(one)]
    return _ranges(accents) + UNSEEN


def _ranges(characters: list[str]) -> str:
    """The characters, which are in order, as ranges inside an expression's brackets."""
    runs: list[list[str]] = []
    for one in characters:
        if runs and ord(one) == ord(runs[-1][1]) + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return "".join(f"{first}-{last}" for first, last in runs)
