"""How long a ticket of each tier may take, and the clock that measures it."""

from datetime import datetime, timedelta

from django.db.models import Value
from django.db.models.functions import Coalesce

from config import times
from config.caller import Tier
from routing.models import Clock
from ticketing.tickets.ticket import Ticket

SOLVED_WITHIN: dict[Tier, timedelta] = {"gold": timedelta(hours=4), "general": timedelta(hours=24)}


def run_clock(ticket: Ticket) -> None:
    """Start, stop or restart the ticket's clock. A ticket that is not newer than the clock changes nothing.

    It runs from when the ticket was received: nobody here could work it before, however long ago the customer wrote.
    A clock that has stopped stays there until the ticket is reopened. A later note, or the closing, does not move it.
    """
    started = times.parse(ticket.received_at) or times.parse(ticket.updated_at)
    if started is None:
        return
    stopped = _stopped(ticket)
    values = {
        "reference": ticket.reference,
        "tier": ticket.tier,
        "started_at": started,
        "due_at": started + SOLVED_WITHIN[ticket.tier],
        "version": ticket.version,
    }
    _, new = Clock.objects.get_or_create(ticket_id=ticket.ticket_id, defaults=values | {"stopped_at": stopped})
    if not new:
        older = Clock.objects.filter(ticket_id=ticket.ticket_id, version__lt=ticket.version)
        older.update(**values, stopped_at=Coalesce("stopped_at", Value(stopped)) if stopped else None)


def _stopped(ticket: Ticket) -> datetime | None:
    return times.parse(ticket.updated_at) if ticket.status in ("solved", "closed") else None
