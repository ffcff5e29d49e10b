"""The two databases that search runs on. Only this file asks which of them is in use."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db import connection
from django.db.models import QuerySet

from ticketing.models import IndexedTicket, SearchDocument
from ticketing.search import postgres, sqlite
from ticketing.search.parts import Part
from ticketing.search.query import Term


class Backend(Protocol):
    """Stores and finds search documents in one kind of database. Each backend is a module."""

    HAS_WORDS: str  # SQL condition: a part's row has its words
    IS_FOLLOWED: str  # SQL condition: a part's row says that another part follows

    def insert(self, parts: Sequence[Part]) -> None:
        """Write new parts."""

    def extend(self, parts: Sequence[Part]) -> None:
        """Add words to parts that exist already."""

    def forget(self) -> None:
        """Remove what the database still keeps of the words of deleted documents, as far as it is cheap."""

    def forget_all(self) -> None:
        """As `forget`, whatever it costs. Inside a transaction, what cannot be done there is left out."""

    def newest(self, terms: Sequence[Term], tickets: QuerySet[IndexedTicket] | None, most: int) -> dict[str, float]:
        """The newest of the tickets (None: of all) that have all terms, `most` at most: id, and how well it matches."""

    def has(self, term: Term, tickets: QuerySet[IndexedTicket] | None) -> bool:
        """Whether any of the tickets (None: of all) has the term."""

    def words_with(self, term: Term, newest: QuerySet[SearchDocument], most: int) -> list[str]:
        """The words of these parts with the term behind their first letter, the most frequent first, `most` at most."""

    def in_order(self, tickets: QuerySet[IndexedTicket], ticket_ids: list[str]) -> QuerySet[Any]:
        """Those of the tickets that are in the list of ids, annotated with their `place` in it."""


_BACKENDS: dict[str, Backend] = {"postgresql": postgres, "sqlite": sqlite}


def backend() -> Backend:
    """The backend of the database in use."""
    return _BACKENDS[connection.vendor]
