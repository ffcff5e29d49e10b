"""Retention: beat has closed tickets erased, some at a time, once they have been closed for ERASE_CLOSED_DAYS."""

import logging

from config import aws
from config.celery import app
from config.refusals import Busy
from config.request_id import request_id
from ticketing.erasing import run
from ticketing.tickets.ticket import Actor

AT_ONCE = 20  # tickets in one run of the task, so that the doors' tasks do not wait for long

log = logging.getLogger(__name__)


@app.task(name="ticketing.erasing.closed_long_ago")
def closed_long_ago() -> None:
    """Erase the next tickets that are due, and finish those that were begun. What fails is due again later."""
    by = Actor(name="retention", door="foyer", request_id=request_id())
    try:
        report = run.retained(by, AT_ONCE)
    except (aws.AwsError, Busy) as error:
        log.warning("Erasing what was closed long ago goes on later: %s", error)
        return
    if report.ticket_ids:
        log.info("%d tickets that were closed long ago were erased", len(report.ticket_ids))
