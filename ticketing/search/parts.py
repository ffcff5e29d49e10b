"""A ticket's texts as the parts of its search document: the words, in order, with what they weigh."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ticketing.search.words import words

# Of all words together PostgreSQL remembers a megabyte in a document, which 3,000 words of 80 characters fit; of one
# word 256 places, and a phrase with it would not be found in those behind.
MOST_WORDS = 3000
MOST_PLACES = 250
OVERLAP = 20  # words of a text that stand in two parts, so that a phrase of as many is found across their border
BORDER = "\ue000"  # between two texts, so that no phrase reaches across; no text's word, since it is no letter
SEVERAL = "\ue001"  # stands in each part of a document that has several
FOLLOWED = "\ue002"  # stands in each part that another one follows, so that a lost one is missed

SUBJECT, DESCRIPTION, COMMENT = "A", "B", "C"  # as PostgreSQL calls its weights
PERSON = DESCRIPTION  # whose ticket it is says as much of it as what it is about


@dataclass
class Part:
    """One part, or what is added to it: its texts as words, and how much of MOST_WORDS is taken with them."""

    ticket_id: str
    number: int
    length: int = 0
    stands: bool = False  # in the database already
    texts: list[tuple[str, list[str]]] = field(default_factory=list)
    several: bool = False
    followed: bool = False

    def add(self, weight: str, text: list[str]) -> None:
        """Put a text's words at the end, a place apart from what is there."""
        self.texts.append((weight, text))
        self.length += _length(text)

    @property
    def signs(self) -> list[str]:
        """The words that say what part it is."""
        return [SEVERAL] * self.several + [FOLLOWED] * self.followed

    def has_room(self, text: list[str]) -> bool:
        """Whether the text's words still fit."""
        return self.length + _length(text) <= MOST_WORDS


def whole(ticket_id: str, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """The parts of a document that is made anew."""
    return _fill(Part(ticket_id, 0), texts)


def continued(ticket_id: str, number: int, length: int, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """What is added to a document whose last part has this number and length: to that part, and parts after it."""
    last, *new = _fill(Part(ticket_id, number, length, stands=True), texts)
    last.several = bool(new) and number == 0  # else it says so already
    return [last, *new] if last.texts or last.followed else new


def _fill(first: Part, texts: Iterable[tuple[str, str]]) -> list[Part]:
    filled = list(_filled(first, texts))
    for part in filled:
        part.several = len(filled) > 1 or part.number > 0
        part.followed = part is not filled[-1]
    return filled


def _filled(part: Part, texts: Iterable[tuple[str, str]]) -> Iterator[Part]:
    for weight, text in texts:
        for piece in _pieces(words(text)):
            if not part.has_room(piece):
                yield part
                part = Part(part.ticket_id, part.number + 1)
            part.add(weight, piece)
    yield part


def _length(text: list[str]) -> int:
    """What a text takes of a part: its words and a place behind; if one stands often, as much more as it does.

    So texts that fit together have no word more than MOST_PLACES times, whatever words they share.
    """
    return max(len(text) + 1, max(Counter(text).values()) * (MOST_WORDS // MOST_PLACES))


def _pieces(text: list[str]) -> Iterator[list[str]]:
    """The words in pieces of which each fits a part: nearly always one, none of a text without words."""
    start = 0
    while start < len(text):
        piece = _fitting(text[start : start + MOST_WORDS - 1])
        yield piece
        start += len(piece)
        if start < len(text):
            start -= OVERLAP


def _fitting(text: list[str]) -> list[str]:
    """As many of the words, from the first on, as fit an empty part."""
    if _length(text) <= MOST_WORDS:
        return text
    places: Counter[str] = Counter()
    for number, word in enumerate(text):
        places[word] += 1
        if places[word] > MOST_PLACES:
            return text[:number]
    return text
