"""The words of a text, the same for what is stored and for what is searched, whichever database holds them.

A word is a run of letters and digits, without case and without accents. Where a script puts no spaces between its
words (Chinese, Japanese, Thai, Lao, Burmese, Khmer) every letter is a word, and what is typed becomes a phrase.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

# Raise it when the same text gives another document: `missing` then names every one of an older edition.
EDITION = 3
LONGEST = 80  # characters; of a longer word only its beginning counts

_BEGINNINGS = re.compile(f"([0-9a-z]{{1,{LONGEST}}})[0-9a-z]*")
_RUN = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")  # one word if it is ASCII, else what words are looked for in
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
# Soft hyphen, joiners, variation selectors: they say how a word looks, not what it is.
UNSEEN = "\u00ad\u034f\u200b-\u200d\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef"
_HALF_WIDTH = "\uff9e\uff9f"
_unspaced = re.compile(f"[{_UNSPACED}]")
_unseen = re.compile(f"[{UNSEEN}]")
# Letters that Unicode takes for letters of their own, and people without them on the keyboard for these.
_ELSE = str.maketrans("łøđðħŧıŋɓɗƙƴƀɨƶ", "loddhtinbdkybiz") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})
# Combining classes of marks that make another letter (vowel signs, nukta, voicing, virama); the rest are accents.
_LETTERS_OWN = (0, 7, 8, 9)


def words(text: str) -> list[str]:
    """The text's words in their order."""
    if text.isascii():
        return _BEGINNINGS.findall(text.lower())
    found: list[str] = []
    for run in _RUN.findall(text):
        if run.isascii():
            found.append(run[:LONGEST].lower())
        else:
            found.extend(word for one in _pattern().findall(run) if (word := _normal(one[:LONGEST])))
    return found


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """The text's words, each with where it starts and ends."""
    for run in _RUN.finditer(text):
        if run[0].isascii():
            yield run[0][:LONGEST].lower(), run.start(), run.end()
            continue
        for match in _pattern().finditer(text, run.start(), run.end()):
            if word := _normal(match[0][:LONGEST]):
                yield word, match.start(), match.end()


@lru_cache(maxsize=2**15)
def _normal(written: str) -> str:
    """The word without case, accents and variants of its letters; empty if nothing of it is left."""
    return plain(written)[:LONGEST]


def plain(written: str) -> str:
    """What a word is compared by: letters and digits in one case, without accents, and marks that are letters."""
    alike = unicodedata.normalize("NFKD", written).casefold().translate(_ELSE)
    return "".join(filter(counts, unicodedata.normalize("NFKD", alike)))


def counts(character: str) -> bool:
    """Whether a character is more than an accent, or how a word looks."""
    if character.isalnum():
        return True
    is_mark = unicodedata.category(character) in ("Mn", "Mc") and not _unseen.match(character)
    return is_mark and unicodedata.combining(character) in _LETTERS_OWN


def is_part_of_longer(character: str) -> bool:
    """Whether a character is a letter or digit that stands with others in a word, and is none alone."""
    return _kind(character) == "l"


@cache
def _pattern() -> re.Pattern[str]:
    """Finds words in any script. Made when the first text needs it, since it takes some 100 milliseconds."""
    kinds = "".join(map(_kind, map(chr, range(0x20000))))  # beyond are ideographs, and variation selectors
    letters, marks = _ranges("l", kinds), _ranges("m", kinds) + UNSEEN + _HALF_WIDTH
    return re.compile(f"[{_ranges('a', kinds)}\U00020000-\U0003ffff][{marks}]*|[{letters}][{letters}{marks}]*")


def _kind(character: str) -> str:
    """`l`: a letter or digit of a longer word, `a`: one that is a word alone, `m`: a mark on the letter before it."""
    if character.isalnum():
        return "a" if _unspaced.match(character) else "l"
    return "m" if unicodedata.category(character)[0] == "M" else " "


def _ranges(kind: str, kinds: str) -> str:
    """The characters of a kind, as the inside of an expression's brackets."""
    return "".join(f"{chr(run.start())}-{chr(run.end() - 1)}" for run in re.finditer(f"{kind}+", kinds))
