"""What a job's work is made of: stretches, and of each a page after the other."""

from dataclasses import dataclass, field
from typing import Any

from ticketing.index.comparing import Difference

Place = dict[str, str]
Stretch = dict[str, Any]  # what can be kept as JSON


@dataclass(frozen=True)
class Piece:
    """What a page of an export made: where it is stored, and how many bytes that are."""

    name: str
    size: int


@dataclass(frozen=True)
class Page:
    """How many items a page had, what differed, and where the next one begins (None after the last)."""

    seen: int
    found: list[Difference] = field(default_factory=list)
    next: Place | None = None
    piece: Piece | None = None
    incomplete: list[str] = field(default_factory=list)  # tickets of an export whose description S3 has not any more
