"""Sums up what is told of an import's lines, so that the same sentence about ten thousand lines comes once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from config.text import shown

FIRST = 5  # numbers of lines that are named
MOST = 50  # sentences; a file can have as many different ones as lines
_VARYING = re.compile(r"\"[^\"]*\"|F-\w{4}-\w{4}|\d+")
_REST = "other reasons"


@dataclass
class _Said:
    sentence: str
    numbers: list[int] = field(default_factory=list)
    count: int = 0
    varies: bool = False

    def add(self, number: int, sentence: str) -> None:
        self.count += 1
        self.varies |= sentence != self.sentence
        if len(self.numbers) < FIRST:
            self.numbers.append(number)

    @property
    def lines(self) -> str:
        more = self.count - len(self.numbers)
        *numbers, last = [*map(str, self.numbers), *([f"{more} more"] if more else [])]
        return f"Lines {', '.join(numbers)} and {last}" if numbers else f"Line {last}"

    def __str__(self) -> str:
        return f"{self.sentence}{', or the like' if self.varies and self.sentence != _REST else ''}"


class Account:
    """What is told of lines. Each sentence comes once, with the numbers of its first lines and how many there are.

    Its size is bounded: from the fifty-first sentence on, lines are counted together.
    """

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def add(self, number: int, sentence: str, *, exact: bool = False) -> None:
        """Note a sentence, which has no period, about a line.

        Sentences that differ only in a number, a reference or a quoted text count as one, unless they are `exact`.
        """
        sentence = shown(sentence)  # it may quote what stands in the line
        kind = sentence if exact else _VARYING.sub("#", sentence)
        if kind not in self._said and len(self._said) >= MOST:
            kind, sentence = _REST, _REST
        self._said.setdefault(kind, _Said(sentence)).add(number, sentence)

    def told(self) -> Iterator[str]:
        """What is told, in the order of the first lines. Sentences about the same lines are told together."""
        together: dict[str, list[_Said]] = {}
        for one in sorted(self._said.values(), key=lambda one: one.numbers[0]):
            together.setdefault(one.lines, []).append(one)
        yield from (f"{lines}: {'; '.join(map(str, said))}." for lines, said in together.items())
