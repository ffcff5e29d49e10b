"""Writes down who did what. Everything that is worth knowing later calls `record`.

**When to call it.** If the act is SQL, call it in the same transaction, last. If the act is AWS's, or anything else
outside the database, call it before: the row then says that somebody asked for it. So nothing happens unrecorded. The
exception is signing in and out (`record_gently`).

**What never stands in it.** Words of customers, names or addresses of callers, passwords, tokens, keys. Ids of tickets,
deliveries and jobs may. Where something has to be recognized again and must not be read, `chain.keyed` makes a digest.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError

from audit import chain, who
from audit.actions import Action
from audit.who import By
from config import json, text
from config.request_id import request_id

log = logging.getLogger(__name__)

_LONGEST = 200  # characters of a text in the details
_LONGEST_TARGET = 2_200  # a ticket's id may have 2,048


def record(action: Action, *, target: str = "", details: Mapping[str, Any] | None = None, by: By | None = None) -> None:
    """Write down that somebody does something.

    - `action`: a member of Action.
    - `target`: to what, as a kind and an id, such as `ticket 01a1…`, `user ada`, `job 7`.
    - `details`: what else matters, as JSON. No words of customers, no secrets.
    - `by`: who. Default: the person of the current request, or the operating system's user of a command.

    Raises DatabaseError if it cannot be written. Then the act must not happen: let the error pass.
    """
    actor = by or who.by()
    entry = chain.append(
        action=Action(action).value,
        actor=text.plain(actor.name)[:_LONGEST],
        door=actor.door,
        target=text.plain(target)[:_LONGEST_TARGET],
        details=json.dumps({name: _short(value) for name, value in (details or {}).items()}),
        address=who.address(),
        request_id=request_id() if request_id() != "-" else "",
    )
    # So the log, which is kept elsewhere, knows the digest too.
    log.info("Recorded %d (%s), digest %s", entry.number, entry.action, entry.digest)


def of_name(typed: str) -> tuple[str, dict[str, str]]:
    """The target and the details of a row about what was typed as a name at the sign-in.

    It is told only if there is such a user, since people type passwords there. Otherwise a keyed digest stands for it.
    """
    known = text.is_plain(typed) and get_user_model().objects.filter(username=typed).exists()
    return (f"user {typed}", {}) if known else ("", {"unknown name": chain.keyed(typed)})


def record_gently(
    action: Action, *, target: str = "", details: Mapping[str, Any] | None = None, by: By | None = None
) -> None:
    """As `record`, for signing in and out, which must work all the same. If it cannot be written, the log has it."""
    try:
        record(action, target=target, details=details, by=by)
    except DatabaseError as error:
        actor = by or who.by()
        log.error(  # all of it, since it stands nowhere else
            "Not recorded: %s by %r (%s) from %s: %s", action, actor.name, target, who.address(), type(error).__name__
        )


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return text.plain(value)[:_LONGEST]
    if isinstance(value, list | tuple | set | frozenset):
        return [_short(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value
