"""What a job's work consists of: stretches, each worked page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ticketing.models import JobPart

Place = dict[str, str]
Stretch = dict[str, Any]  # anything that JSON can hold


class Finding(Protocol):
    """Something about a ticket that readers of the job should know. `what` says it in 32 characters at most."""

    @property
    def ticket_id(self) -> str: ...

    @property
    def what(self) -> str: ...


@dataclass(frozen=True)
class Page:
    """How many items a page had, what was found, and where the next page begins (None after the last page).

    `counted` is called in the transaction that counts the page, with the part as it was before this page. So whatever
    it stores is there if, and only if, the page counted.
    """

    seen: int
    found: Sequence[Finding] = ()
    next: Place | None = None
    counted: Callable[[JobPart], object] | None = None
