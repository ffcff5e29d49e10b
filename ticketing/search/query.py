"""What a person typed, as terms that must all match: words, "quoted phrases", beginnings of words*."""

import re
from dataclasses import dataclass

from ticketing.search.words import words

MOST_WORDS = 20  # in one search; further ones are ignored

# A quotation, closed or not, or the text between two spaces. Either may have a star behind it.
_PIECE = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?(\*?)|([^\s"“”„«»]+)')


_OPERATORS = ("AND", "OR", "NOT")  # of other search engines; here they are words like any other


@dataclass(frozen=True)
class Term:
    """Words that are adjacent, in this order. With `prefix`, the last one may be only the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False


def parse(text: str) -> list[Term]:
    """The terms of a search; none if nothing in it can be searched for.

    Text with punctuation inside, such as an address or a file name, is a phrase of its words.
    """
    terms: dict[Term, None] = {}
    room = MOST_WORDS
    for quoted, star, plain in _PIECE.findall(text):
        found = tuple(words(quoted or plain)[:room])
        room -= len(found)
        if found:
            terms[Term(found, bool(star) or plain.endswith("*"))] = None
    return list(terms)


def has_operators(text: str) -> bool:
    """Whether somebody seems to mean operators, such as OR or -word. Foyer has none."""
    pieces = [plain for _, _, plain in _PIECE.findall(text)]
    return any(one in _OPERATORS or (one.startswith("-") and words(one)) for one in pieces)
