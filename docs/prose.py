"""Measures the prose of the documentation, and says where it is too long to be read at night.

`python docs/prose.py [PAGE …]` looks at these pages, or at every page of docs/ and the README. It prints a line of
figures for each page, a line for each thing to mend, and exits 1 if there is any.
"""  # noqa: INP001 - a script, in no package

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

MEDIAN_WORDS: Final = 17  # of a page's sentences,
LABEL_WORDS: Final = 2  # of which those up to here are none: `**Problem.**`
SENTENCE_WORDS: Final = 35
PARAGRAPH_WORDS: Final = 80

ROOT: Final = Path(__file__).resolve().parent.parent

_FENCE = re.compile(r"\s*(```|~~~)")
_NO_PROSE = re.compile(r"\s*(#|!\[[^\]]*\]\([^)]*\)\s*$|\|[\s:|-]+\|\s*$)")  # a heading, a picture, a table's rule
_ITEM = re.compile(r"^\s*([-*]|\d+\.)\s+")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_WORD = re.compile(r"\S*\w\S*")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|vs|approx|etc(?=\.\s+[^A-Z]))\.")
_END = re.compile(r"(?<=[.!?])[\"')*_]*\s+")


@dataclass(frozen=True)
class Sentence:
    """A sentence without its marks, and the line on which it begins."""

    line: int
    text: str

    @property
    def words(self) -> int:
        """How many words it has; a piece of code is one."""
        return len(_WORD.findall(self.text))


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, an item of a list, or a table's cell, and the line on which it begins."""

    line: int
    text: str
    is_cell: bool = False

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(_WORD.findall(_plain(self.text)))

    @property
    def sentences(self) -> list[Sentence]:
        """Its sentences in their order."""
        text, found, start = _plain(self.text), list[Sentence](), 0
        for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
            found.append(Sentence(self.line + text.count("\n", 0, start), text[start:end]))
            start = end
        return [one for one in found if one.words]


@dataclass(frozen=True)
class Page:
    """A page's name and its paragraphs."""

    name: str
    paragraphs: list[Paragraph]

    @property
    def sentences(self) -> list[Sentence]:
        """All that have to be short, those in tables too."""
        return [sentence for paragraph in self.paragraphs for sentence in paragraph.sentences]

    @property
    def median(self) -> float:
        """The median length of its sentences. Cells and labels are left out: such fragments would flatter it."""
        told = [one.words for part in self.paragraphs if not part.is_cell for one in part.sentences]
        return median([words for words in told if words > LABEL_WORDS] or [0])

    def __str__(self) -> str:
        longest, block = (max((one.words for one in some), default=0) for some in (self.sentences, self.paragraphs))
        return f"{self.name}: median sentence {self.median:g} words, longest {longest}, longest paragraph {block}"


def read(file: Path) -> Page:
    """The page in a Markdown file."""
    name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
    return Page(name, paragraphs(file.read_text()))


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a page, in their order; a list's items and a table's cells are each one."""
    found: list[Paragraph] = []
    goes_on = False
    for number, line in _prose(text):
        if line.startswith("|"):
            found += [Paragraph(number, cell, is_cell=True) for cell in _CELLS.split(line) if cell.strip()]
        elif line.strip() and goes_on and not _ITEM.match(line):
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line}")
        elif line.strip():
            found.append(Paragraph(number, _ITEM.sub("", line)))
        goes_on = bool(line.strip()) and not line.startswith("|")
    return found


def complaints(page: Page) -> Iterator[str]:
    """What is too long on the page: where it is, and what to do."""
    if page.median > MEDIAN_WORDS:
        yield f"{page.name}:1: the median sentence has {page.median:g} words, {MEDIAN_WORDS} at most: shorten some."
    for one in page.sentences:
        if one.words > SENTENCE_WORDS:
            yield f"{page.name}:{one.line}: a sentence of {one.words} words, {SENTENCE_WORDS} at most: {_begin(one)}"
    for block in page.paragraphs:
        if block.words > PARAGRAPH_WORDS:
            yield f"{page.name}:{block.line}: a paragraph of {block.words} words, {PARAGRAPH_WORDS} at most: divide it."


def main(names: list[str]) -> int:
    """Look at the pages with these names, or at all; the exit code."""
    files = [Path(name).resolve() for name in names] or [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
    pages = [read(file) for file in files]
    too_long = [line for page in pages for line in complaints(page)]
    sys.stdout.writelines(f"{line}\n" for line in [*map(str, pages), *too_long])
    return 1 if too_long else 0


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; empty where there is code, a heading or a picture."""
    in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        is_fence = bool(_FENCE.match(line))
        in_code ^= is_fence
        hidden = in_code or is_fence or _NO_PROSE.match(line)
        yield number, "" if hidden else line.lstrip("> ")


def _plain(text: str) -> str:
    """The text as it is read: links without their addresses, code as one word. Its lines stay."""
    text = _CODE.sub(lambda code: code[0].strip("`").replace(" ", "_"), text)
    return _ABBREVIATION.sub(r"\1", _LINK.sub(r"\1", text))


def _begin(sentence: Sentence) -> str:
    """What it begins with, so that it is found, and what to do."""
    return f'split the one that begins "{" ".join(sentence.text.split()[:6])} …".'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
