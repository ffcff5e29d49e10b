"""What a person typed, as terms that must all match: words, "quoted phrases", beginnings of words*, *inner parts*."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from operator import eq

from ticketing.search.numbers import GROUPS, PHONE, is_long, joined
from ticketing.search.words import plain, syllables, words

MOST_WORDS = 20  # in one search; further ones are ignored
LEAST_PART = 3  # letters of a word's inner part, or of a beginning that is tried: fewer are in too many words

# A quotation, closed or not; a telephone number; or the text between two spaces. Each may have a star behind it.
_FORM = r'["“”„«»]([^"“”„«»]*)["“”„«»]?(\*?)|(?<!\S)((?:%s)\*?)(?!\S)|([^\s"“”„«»]+)'
_PIECE, _WIDE_PIECE = re.compile(_FORM % PHONE), re.compile(_FORM % f"{PHONE}|{GROUPS}")

_OPERATORS = ("AND", "OR", "NOT")  # of other search engines; here they are words like any other
# A Korean word of one syllable is the beginning of too many others. These are what is written behind a noun.
_BEHIND_NOUNS = (
    "은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 까지 부터 나 이나 랑 이랑 보다 처럼 입니다 "
    "인데 이다 한테 하고 마다 밖에 께 조차 들 들이 들을 들은 들의"
)
_COMPOUNDS = [first + then for first in ("에", "에서", "로", "으로", "와", "과") for then in ("는", "도", "만")]
_PARTICLES = [plain(one) for one in (*_BEHIND_NOUNS.split(), *_COMPOUNDS)]


@dataclass(frozen=True)
class Term:
    """Words that are adjacent, in this order, or one of the `others`, which mean the same.

    With `prefix`, the last one may be only the beginning of a word. With `inside`, it may be only the end of a word;
    with both, any part of one.
    """

    words: tuple[str, ...]
    prefix: bool = False
    inside: bool = False
    others: tuple[str, ...] = ()
    typed: str = field(default="", compare=False)
    as_typed: bool = field(default=False, compare=False)  # in quotes or with a star, so that it means no more than that

    @cached_property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """Each of the ways in which it may be written."""
        return self.words, *((other,) for other in self.others)

    def is_open(self, way: tuple[str, ...]) -> bool:
        """Whether this way of writing it may go on. The words that have an inner part are whole words already."""
        return self.prefix and not (self.inside and way != self.words)

    @property
    def beginning(self) -> "Term":
        """The term with its last word as a beginning, or itself if it must not, or need not, be tried so."""
        least = LEAST_PART if len(self.words) == 1 else LEAST_PART - 1
        if self.as_typed or self.prefix or len(self.words[-1]) < least:
            return self
        return replace(self, prefix=True)

    def is_in(self, text: Sequence[str]) -> bool:
        """Whether these words are the term, written in one of its ways."""
        return len(text) == self.at_end(text)

    def at_end(self, text: Sequence[str]) -> int:
        """How many words at the end of the text are the term, written in one of its ways; 0 if it does not end so."""
        for *before, last in self.ways:
            length = len(before) + 1
            if (
                self._fits(text[-1], last)
                and length <= len(text)
                and all(map(eq, before, islice(text, len(text) - length, None)))
            ):
                return length
        return 0

    def _fits(self, word: str, wanted: str) -> bool:
        if self.inside:
            return wanted in word if self.prefix else word.endswith(wanted)
        return word.startswith(wanted) if self.prefix else word == wanted


@dataclass(frozen=True)
class _Piece:
    """Some of what was typed, in quotes or with stars."""

    text: str
    prefix: bool = False
    inside: bool = False
    quoted: bool = False


def parse(text: str, wide: bool = False) -> list[Term]:
    """The terms of a search; none if nothing in it can be searched for.

    Text with punctuation inside, such as an address or a file name, is a phrase of its words. With `wide`, groups of
    digits that stand side by side are one number.
    """
    terms: dict[Term, None] = {}
    room = MOST_WORDS
    for piece in _pieces(text, _WIDE_PIECE if wide else _PIECE):
        found = tuple(words(piece.text)[:room])
        room -= len(found)
        if found:
            terms[_term(piece, found)] = None
    return list(terms)


def has_operators(text: str) -> bool:
    """Whether somebody seems to mean operators, such as OR or -word. Foyer has none."""
    pieces = [plain for *_, plain in _PIECE.findall(text)]
    return any(one in _OPERATORS or (one.startswith("-") and words(one)) for one in pieces)


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterator[_Piece]:
    for quoted, star, number, typed in pattern.findall(text):
        if quoted:
            yield _Piece(quoted, bool(star), quoted=True)
            continue
        for one in [number] if number and is_long(number) else (number or typed).split():
            yield _Piece(one, one.endswith("*"), one.startswith("*"))


def _term(piece: _Piece, found: tuple[str, ...]) -> Term:
    term = Term(found, piece.prefix, typed=piece.text, as_typed=piece.quoted or piece.prefix or piece.inside)
    if piece.inside and len(found) == 1 and len(found[0]) >= LEAST_PART:
        return replace(term, inside=True)
    if piece.prefix or _takes_endings(found):
        return replace(term, prefix=True, others=joined(piece.text))
    if syllables(found[0]) == len(found) == 1:
        return replace(term, others=tuple(found[0] + particle for particle in _PARTICLES))
    return replace(term, others=joined(piece.text))


def _takes_endings(found: tuple[str, ...]) -> bool:
    """Whether the last word is Korean, so that endings may follow. One syllable alone would begin too many words."""
    last = syllables(found[-1])
    return last > 1 or (last == 1 and len(found) > 1)
