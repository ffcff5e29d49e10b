"""What a job's work is made of: stretches, and of each a page after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ticketing.models import JobPart

Place = dict[str, str]
Stretch = dict[str, Any]  # what can be kept as JSON


class Finding(Protocol):
    """Something about a ticket that a job's reader should know, in a few words."""

    @property
    def ticket_id(self) -> str: ...

    @property
    def what(self) -> str: ...


@dataclass(frozen=True)
class Page:
    """How many items a page had, what was found, and where the next one begins (None after the last).

    `counted` is called with the part, as it was before this page, in the transaction in which the page counts: what the
    kind keeps of a page stands there if, and only if, the page counted.
    """

    seen: int
    found: Sequence[Finding] = ()
    next: Place | None = None
    counted: Callable[[JobPart], object] | None = None
