"""Terms as a regular expression that both databases read alike: it spells out case and accents, so it needs no locale.

A match may still be something else, so the words themselves are compared later. The expression never backtracks,
because what may follow a letter is never a letter.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from ticketing.search.query import Term
from ticketing.search.words import UNSEEN, counts, is_part_of_longer, plain

_CHARACTERS = [chr(code) for code in (*range(0x3000), *range(0xFB00, 0xFE00), *range(0xFF00, 0xFFF0))]
_MOST_LETTERS = 40  # of a term: more would hardly tell more apart
_BETWEEN = " -/:-@\\[-`{-~\t\n\r\xa0\xab\xb7\xbb\u2000-\u200a\u200e-\u205f\u2061-\u206f\u3000-\u3003"
_PIECES = re.compile("ae|oe|th|ss|ff?[il]|ff|.", re.DOTALL)  # may be one character: æ, œ, þ, ß, PDFs' ligatures


def expression(terms: Sequence[Term]) -> str:
    """An expression that finds any of the terms, without a letter before it.

    No letter may follow either, unless the term is the beginning of a word.
    """
    return "|".join(sorted({_one(term) for term in terms}))


def _one(term: Term) -> str:
    words = unicodedata.normalize("NFC", " ".join(term.words))
    known = words[:_MOST_LETTERS].split()
    text = f"[{_BETWEEN}]*".join(map(_word, known))
    begin = f"(?:^|[^{_letters()}])" if is_part_of_longer(words[0]) else ""
    open_end = term.prefix or len(words) > _MOST_LETTERS or not is_part_of_longer(words[-1])
    return begin + text + ("" if open_end else f"(?:$|[^{_letters()}])")


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
