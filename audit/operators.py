"""Records that an operator runs a command, before it starts its work."""

from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError

from audit import trail
from audit.actions import Action


def runs(command: str, **options: Any) -> None:
    """Record the command, by the operating system's user, with those of its options that name no customer's words.

    Raises CommandError if it cannot be recorded. Nothing was done then.
    """
    given = {name: value for name, value in options.items() if value not in (None, False)}
    try:
        trail.record(Action.COMMAND_RUN, target=command, details=given)
    except DatabaseError as error:
        raise CommandError(
            f"The record of who did what cannot be written ({type(error).__name__}: {error}), so nothing was done. "
            "Look at the database, and whether `manage.py migrate` has run."
        ) from error
