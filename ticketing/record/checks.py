"""What must hold before a ticket is read or written. Nothing here calls AWS."""

from collections.abc import Collection

from config.refusals import Absent, Final, Stale
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import STATUSES, Status, is_final

ABSENT = "Ticket not found"
FINAL: frozenset[Status] = frozenset(status for status in STATUSES if is_final(status))


def own(ticket: Ticket | None, customer_id: str | None) -> Ticket:
    """The ticket, if it is the customer's. `customer_id` None is the desk, which sees all. Raises Absent."""
    if ticket is None or customer_id not in (None, ticket.customer_id):
        raise Absent(ABSENT)
    return ticket


def changeable(ticket: Ticket, expected_versions: Collection[int] | None = None) -> None:
    """Raise Stale unless the ticket is at one of these versions, and Final if it is closed."""
    if expected_versions is not None and ticket.version not in expected_versions:
        raise Stale(f"The ticket was changed meanwhile: it is at version {ticket.version}")
    if is_final(ticket.status):
        raise Final("Ticket is closed")
