"""Deletes old rows of the record from its front. A row about that takes their place in the chain."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from audit import chain, who
from audit.actions import Action
from audit.models import Entry
from audit.who import By
from config import json

YOUNGEST_DAYS = 30  # the triggers in the database keep younger rows, whoever asks


@transaction.atomic
def prune(days: int, by: By | None = None) -> int:
    """Delete the rows that are older than so many days, up to the first that is not. Returns how many.

    1. Add a row that says up to which row, and that row's digest: the first row that stays has it as its `previous`.
    2. Delete. The triggers let rows go only if step 1 named them, and if they are YOUNGEST_DAYS old.

    Both happen, or neither. Raises ValueError for fewer days, and DatabaseError if the database's user may not delete.
    """
    if days < YOUNGEST_DAYS:
        raise ValueError(f"Rows are kept for at least {YOUNGEST_DAYS} days")
    stays = Entry.objects.filter(at__gt=datetime.now(UTC) - timedelta(days=days)).order_by("number").first()
    old = Entry.objects.filter(number__lt=stays.number) if stays else Entry.objects.all()
    last = old.order_by("-number").first()
    if last is None:
        return 0
    actor = by or who.by()
    chain.append(
        action=Action.RECORD_PRUNED.value,
        actor=actor.name,
        door=actor.door,
        details=json.dumps({"older than days": days, "digest": last.digest}),
        upto=last.number,
    )
    return Entry.objects.filter(number__lte=last.number).delete()[0]
