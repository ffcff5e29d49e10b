"""How long a ticket of each tier may take, and the clock that measures it."""

from datetime import datetime, timedelta

from config import times
from config.caller import Tier
from routing.models import Clock
from ticketing.tickets.announcement import Announcement
from ticketing.tickets.ticket import Ticket

SOLVED_WITHIN: dict[Tier, timedelta] = {"gold": timedelta(hours=4), "general": timedelta(hours=24)}


def run_clock(announced: Announcement, ticket: Ticket) -> None:
    """Start, stop or restart the ticket's clock. An announcement that is not newer than the clock changes nothing."""
    started = times.parse(ticket.created_at) or times.parse(announced.occurred_at)
    if started is None:
        return
    values = {
        "reference": ticket.reference,
        "tier": ticket.tier,
        "started_at": started,
        "due_at": started + SOLVED_WITHIN[ticket.tier],
        "stopped_at": _stopped(ticket),
        "version": ticket.version,
    }
    _, new = Clock.objects.get_or_create(ticket_id=ticket.ticket_id, defaults=values)
    if not new:
        Clock.objects.filter(ticket_id=ticket.ticket_id, version__lt=ticket.version).update(**values)


def _stopped(ticket: Ticket) -> datetime | None:
    return times.parse(ticket.updated_at) if ticket.status in ("solved", "closed") else None
