"""Which database search is on: the one place where it is asked."""

from types import ModuleType

from django.db import connection

from ticketing.search import postgres, sqlite


def backend() -> ModuleType:
    """The module that stores and finds documents in the database in use; both have the same functions."""
    return postgres if connection.vendor == "postgresql" else sqlite
