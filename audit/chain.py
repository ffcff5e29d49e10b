"""Adds rows to the record, and says what their digests have to be.

A row's digest is keyed (HMAC) and covers the row and the digest before it. Whoever has the database alone cannot make
one. Rows are added one at a time, in one order, by however many processes.
"""

import hashlib
import hmac
import random
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, connection, transaction

from audit.models import DIGEST, Entry
from config import json

NOTHING: Final = "0" * DIGEST  # stands for the digest before the first row
LOCK_SECONDS: Final = 3.0  # that a row waits for others that are being added
_LOCK: Final = 0x466F_7965_7201  # of PostgreSQL's advisory locks, this one is ours
_COVERED: Final = ("number", "action", "actor", "door", "target", "details", "address", "request_id", "upto")


def append(**values: Any) -> Entry:
    """Add a row. In a transaction of the caller's, the row is there if that one is committed.

    Until then every other writer waits, so call it as the last thing of a transaction. Raises OperationalError if the
    others take longer than LOCK_SECONDS (on SQLite, the database's own time-out).
    """
    with transaction.atomic():
        _wait_for_turn()
        last = Entry.objects.order_by("-number").values_list("number", "digest").first()
        number, previous = last or (0, NOTHING)
        entry = Entry(number=number + 1, previous=previous, **({"at": datetime.now(UTC)} | values))
        entry.digest = digests(entry)[0]
        entry.save(force_insert=True)
    return entry


def digests(entry: Entry) -> list[str]:
    """The digests that the row may have: one for each key, that of new rows first."""
    covered = [entry.at.astimezone(UTC).isoformat(timespec="microseconds"), entry.previous]
    covered += [getattr(entry, name) for name in _COVERED]
    text = json.dumps(covered).encode()
    return [hmac.digest(_key(secret), text, "sha256").hex() for secret in settings.AUDIT_KEYS]


def keyed(text: str) -> str:
    """A short digest of what must not stand in the record, by which its repeats are still recognized."""
    return hmac.digest(_key(settings.AUDIT_KEYS[0]), text.encode("utf-8", "replace"), "sha256").hex()[:16]


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    """A key of its own, so that a digest is good for nothing else that the secret signs."""
    return hashlib.sha256(b"foyer.audit\0" + secret.encode()).digest()


def _wait_for_turn() -> None:
    """Take the lock that the transaction's end releases. SQLite takes its own at the transaction's start."""
    if connection.vendor != "postgresql":
        return
    end = time.monotonic() + LOCK_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > end:
                raise OperationalError("Others are writing the record of who did what all the time")
            time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - no secret
