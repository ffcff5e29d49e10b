"""The words of a text. They are the same for stored and for searched text, whichever database holds them.

A word is a run of letters and digits, without case and accents. Some scripts put no spaces between their words:
Chinese, Japanese, Thai, Lao, Burmese and Khmer. There, every letter is a word, and what is typed becomes a phrase.
Korean glues endings to its own words and to those of other scripts, so a word ends where Hangul begins or ends.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

# Raise it if the same text now gives another document. `documents.missing` then names every older document.
EDITION = 5
BORDER = "\ue000"  # between two texts, so that no phrase spans both; it is no letter, so no text has it as a word
LONGEST = 80  # characters; of a longer word, only the beginning counts

_BEGINNINGS = re.compile(f"([0-9a-z]{{1,{LONGEST}}})[0-9a-z]*")
_RUN = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")  # one word if it is ASCII; else it is searched for words
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb\uffa1-\uffdc"
# Soft hyphen, joiners, variation selectors: they say how a word looks, not which word it is.
UNSEEN = "\u00ad\u034f\u200b-\u200d\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef"
_HALF_WIDTH = "\uff9e\uff9f"
_unspaced = re.compile(f"[{_UNSPACED}]")
_hangul = re.compile(f"[{HANGUL}]")
_unseen = re.compile(f"[{UNSEEN}]")
# Letters that Unicode does not decompose, and what people type who do not have them on the keyboard.
_ELSE = str.maketrans("łøđðħŧıŋɓɗƙƴƀɨƶ", "loddhtinbdkybiz") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})
# Combining classes of marks that make another letter (vowel signs, nukta, voicing, virama). The rest are accents.
_LETTERS_OWN = (0, 7, 8, 9)


def words(text: str) -> list[str]:
    """The text's words, in order."""
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
    """The text's words, each with its start and end in the text."""
    for run in _RUN.finditer(text):
        if run[0].isascii():
            yield run[0][:LONGEST].lower(), run.start(), run.end()
            continue
        for match in _pattern().finditer(text, run.start(), run.end()):
            if word := _normal(match[0][:LONGEST]):
                yield word, match.start(), match.end()


@lru_cache(maxsize=2**15)
def _normal(written: str) -> str:
    """The word without case, accents and variants of its letters; empty if nothing is left."""
    return plain(written)[:LONGEST]


def plain(written: str) -> str:
    """The form in which words are compared: letters and digits in one case, and marks that are letters; no accents."""
    alike = unicodedata.normalize("NFKD", written).casefold().translate(_ELSE)
    return "".join(filter(counts, unicodedata.normalize("NFKD", alike)))


def counts(character: str) -> bool:
    """Whether a character is more than an accent or a sign of how the word looks."""
    if character.isalnum():
        return True
    is_mark = unicodedata.category(character) in ("Mn", "Mc") and not _unseen.match(character)
    return is_mark and unicodedata.combining(character) in _LETTERS_OWN


def is_part_of_longer(character: str) -> bool:
    """Whether a character is a letter or digit that joins others in a word, rather than a word of its own."""
    return _kind(character) in "lh"


def is_hangul(character: str) -> bool:
    """Whether a character is Korean."""
    return bool(_hangul.match(character))


def syllables(word: str) -> int:
    """How many Korean syllables the word has; 0 if it is in another script."""
    return len(unicodedata.normalize("NFC", word)) if is_hangul(word[0]) else 0


@cache
def _pattern() -> re.Pattern[str]:
    """Finds words in any script. It takes about 100 milliseconds to make, so the first text that needs it makes it."""
    kinds = "".join(map(_kind, map(chr, range(0x20000))))  # beyond are ideographs and variation selectors
    marks = _ranges("m", kinds) + UNSEEN + _HALF_WIDTH
    longer = "|".join(f"[{letters}][{letters}{marks}]*" for letters in (_ranges("l", kinds), _ranges("h", kinds)))
    return re.compile(f"[{_ranges('a', kinds)}\U00020000-\U0003ffff][{marks}]*|{longer}")


def _kind(character: str) -> str:
    """`l`: a letter or digit of a longer word, `h`: of a Korean one, `a`: a word alone, `m`: a mark on a letter."""
    if character.isalnum():
        return "a" if _unspaced.match(character) else "h" if _hangul.match(character) else "l"
    return "m" if unicodedata.category(character)[0] == "M" else " "


def _ranges(kind: str, kinds: str) -> str:
    """The characters of a kind, as ranges inside an expression's brackets."""
    return "".join(f"{chr(run.start())}-{chr(run.end() - 1)}" for run in re.finditer(f"{kind}+", kinds))
