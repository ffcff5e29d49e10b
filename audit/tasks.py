"""Once a day, beat has the old rows of the record deleted, if AUDIT_DAYS says so."""

import logging

from django.conf import settings
from django.db import DatabaseError

from audit import retention
from audit.who import By
from config.celery import app

log = logging.getLogger(__name__)


@app.task(name="audit.prune")
def prune() -> None:
    """Delete what is older than AUDIT_DAYS. If the database's user may not, an operator has to: see the log."""
    if not settings.AUDIT_DAYS:
        return
    try:
        retention.prune(settings.AUDIT_DAYS, By("Foyer", "beat"))
    except DatabaseError as error:
        log.warning("Old rows of the record stay: %s. Run `manage.py audit --prune` as its owner", error)
