"""A ticket's texts as the parts of its search document: the words, in order, with what they weigh."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ticketing.search.words import words

# Of one word PostgreSQL remembers 256 places in a document, of all words together a megabyte: 3,000 words of 80
# characters fit, and the most frequent word of a language stands some 200 times among them.
MOST_WORDS = 3000
OVERLAP = 20  # words of a text that stand in two parts, so that a phrase of as many is found across their border
BORDER = "\ue000"  # between two texts, so that no phrase reaches across; no text's word, since it is no letter
SEVERAL = "\ue001"  # stands in each part of a document that has several

SUBJECT, DESCRIPTION, COMMENT = "A", "B", "C"  # as PostgreSQL calls its weights


@dataclass
class Part:
    """One part, or what is added to it: its texts as words, and the places that are taken with them."""

    ticket_id: str
    number: int
    length: int = 0
    stands: bool = False  # in the database already
    texts: list[tuple[str, list[str]]] = field(default_factory=list)
    several: bool = False

    def add(self, weight: str, text: list[str]) -> None:
        """Put a text's words at the end, a place apart from what is there."""
        self.texts.append((weight, text))
        self.length += len(text) + 1

    @property
    def room(self) -> int:
        """How many words still fit."""
        return MOST_WORDS - self.length


def whole(ticket_id: str, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """The parts of a document that is made anew."""
    return _fill(Part(ticket_id, 0), texts)


def continued(ticket_id: str, number: int, length: int, texts: Iterable[tuple[str, str]]) -> list[Part]:
    """What is added to a document whose last part has this number and length: to that part, and parts after it."""
    last, *new = _fill(Part(ticket_id, number, length, stands=True), texts)
    last.several = bool(new) and number == 0  # else it says so already
    return [last, *new] if last.texts or last.several else new


def _fill(first: Part, texts: Iterable[tuple[str, str]]) -> list[Part]:
    filled = list(_filled(first, texts))
    for part in filled:
        part.several = len(filled) > 1 or part.number > 0
    return filled


def _filled(part: Part, texts: Iterable[tuple[str, str]]) -> Iterator[Part]:
    for weight, text in texts:
        found = words(text)
        while found:
            if part.room < min(len(found), MOST_WORDS):
                yield part
                part = Part(part.ticket_id, part.number + 1)
            part.add(weight, found[:MOST_WORDS])
            found = found[MOST_WORDS - OVERLAP :] if len(found) > MOST_WORDS else []
    yield part
