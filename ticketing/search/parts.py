"""Turns a ticket's texts into the parts of its search document: the words in order, with their weights."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ticketing.search import numbers
from ticketing.search.words import BORDER, words

# PostgreSQL takes a megabyte of words in a document, which 3,000 words of 80 characters fit. It remembers 256 places of
# one word. In the places behind them, a phrase with that word would not be found.
MOST_WORDS = 3000
MOST_PLACES = 250
OVERLAP = 20  # words of a text that are in two parts, so that a phrase of as many is found across their border
SEVERAL = "\ue001"  # is in each part of a document that has several
FOLLOWED = "\ue002"  # is in each part that another one follows, so that a lost part is noticed

SUBJECT, DESCRIPTION, COMMENT = "A", "B", "C"  # PostgreSQL's names for weights
PERSON = DESCRIPTION  # whom a ticket is about says as much of it as its description


@dataclass
class Part:
    """One part of a document, or what is added to it."""

    ticket_id: str
    number: int  # from 0
    length: int = 0  # how much of MOST_WORDS is taken, as `_length` counts it
    stands: bool = False  # in the database already
    texts: list[tuple[str, list[str]]] = field(default_factory=list)  # the weight and the words of each
    several: bool = False  # the document has other parts
    followed: bool = False  # another part follows

    def add(self, weight: str, text: list[str]) -> None:
        """Add a text's words at the end, one place apart from the text before."""
        self.texts.append((weight, text))
        self.length += _length(text)

    @property
    def signs(self) -> list[str]:
        """The special words that say what part it is."""
        return [SEVERAL] * self.several + [FOLLOWED] * self.followed

    def has_room(self, text: list[str]) -> bool:
        """Whether the text's words still fit."""
        return self.length + _length(text) <= MOST_WORDS


def whole(ticket_id: str, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """The parts of a new document. `texts` are pairs of weight and text."""
    return _fill(Part(ticket_id, 0), texts)


def continued(ticket_id: str, number: int, length: int, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """What to add to a document whose last part has this number and length: words for that part, and further parts."""
    last, *new = _fill(Part(ticket_id, number, length, stands=True), texts)
    last.several = bool(new) and number == 0  # with a higher number, it says so already
    return [last, *new] if last.texts or last.followed else new


def _fill(first: Part, texts: Iterable[tuple[str, str]]) -> list[Part]:
    filled = list(_filled(first, texts))
    for part in filled:
        part.several = len(filled) > 1 or part.number > 0
        part.followed = part is not filled[-1]
    return filled


def _filled(part: Part, texts: Iterable[tuple[str, str]]) -> Iterator[Part]:
    for weight, text in texts:
        for piece in (*_pieces(words(text)), *_pieces(_further(text))):
            if not part.has_room(piece):
                yield part
                part = Part(part.ticket_id, part.number + 1)
            part.add(weight, piece)
    yield part


def _further(text: str) -> list[str]:
    """The further spellings of the text's numbers. A border is behind one of several words: v1.7 v2.3 has no `7 2`."""
    return [word for one in numbers.further(text) for word in (one if len(one) == 1 else (*one, BORDER))]


def _length(text: list[str]) -> int:
    """How much of a part a text takes: one place for each word, and one behind it. A frequent word makes it more.

    A word that occurs n times makes the length at least n times MOST_WORDS // MOST_PLACES. Texts that fit into a part
    together thus have no word more than MOST_PLACES times, whatever words they share.
    """
    return max(len(text) + 1, max(Counter(text).values()) * (MOST_WORDS // MOST_PLACES))


def _pieces(text: list[str]) -> Iterator[list[str]]:
    """Cut the words of a text into pieces that each fit an empty part.

    1. Take as many words as fit (`_fitting`). This is nearly always the whole text.
    2. If words are left, go back by OVERLAP words, so that the next piece repeats them.
    3. Go on from there. A text without words has no piece.
    """
    start = 0
    while start < len(text):
        piece = _fitting(text[start : start + MOST_WORDS - 1])
        yield piece
        start += len(piece)
        if start < len(text):
            start -= OVERLAP


def _fitting(text: list[str]) -> list[str]:
    """The words from the first on, as many as fit an empty part."""
    if _length(text) <= MOST_WORDS:
        return text
    places: Counter[str] = Counter()
    for number, word in enumerate(text):
        places[word] += 1
        if places[word] > MOST_PLACES:
            return text[:number]
    return text
