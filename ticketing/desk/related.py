"""Facts of a ticket that lead to other tickets: merged into, follow-up of, continued in.

No address is taken from the attributes, since other programs can write them.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from ticketing import index
from ticketing.deliveries import raw_tickets
from ticketing.desk.page import ticket_url
from ticketing.models import IndexedTicket
from ticketing.tickets import ids
from ticketing.tickets.ticket import Ticket

_ZENDESK_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Fact:
    """A line of the panel beside the conversation."""

    label: str
    value: str | datetime | None
    link: str = ""
    leads_to: str = ""


def facts(ticket: Ticket | IndexedTicket) -> list[Fact]:
    """Where the ticket was merged into, which one it follows, and in which one it goes on."""
    return [_merged(ticket), _before(ticket), after(ticket)]


def after(ticket: Ticket | IndexedTicket) -> Fact:
    """The follow-up of a closed ticket from Zendesk, which has what came later."""
    if ticket.channel != "zendesk" or ticket.status != "closed":
        return Fact("Continued in", None)
    return _fact("Continued in", _here(raw_tickets.follow_up_key(ticket.ticket_id).keyed_id))


def _before(ticket: Ticket | IndexedTicket) -> Fact:
    """The closed ticket that this one follows, of the same customer. Zendesk names it, or an ITSM client."""
    match getattr(ticket, "attributes", None):
        case {"zendesk": {"follow_up_of": str(name)}} | {"follow_up_of": str(name)}:
            other = _here(name, ids.parse_reference(name))
            if other and other.customer_id == ticket.customer_id and other.pk != ticket.ticket_id:
                return _fact("Follow-up of", other)
        case {"zendesk": {"follows": {"ticket_id": str(number)}}} if _ZENDESK_ID.fullmatch(number):
            return _of_zendesk("Follow-up of", number)
    return Fact("Follow-up of", None)


def _merged(ticket: Ticket | IndexedTicket) -> Fact:
    """The ticket into which Zendesk merged this one."""
    match getattr(ticket, "attributes", None):
        case {"zendesk": {"merged_into": {"ticket_id": str(number)}}} if _ZENDESK_ID.fullmatch(number):
            return _of_zendesk("Merged into", number)
    return Fact("Merged into", None)


def _of_zendesk(label: str, number: str) -> Fact:
    """A Zendesk ticket: at the desk if it is there, else in Zendesk."""
    if here := _here(raw_tickets.ticket_key(number).keyed_id):
        return _fact(label, here)
    there = f"{settings.ZENDESK_API_URL.rstrip('/')}/agent/tickets/{number}"
    return Fact(label, f"Zendesk ticket {number}", there, "The ticket in Zendesk")


def _here(ticket_id: str, reference: str | None = None) -> IndexedTicket | None:
    """The ticket with this id at the desk, or else the one with this reference."""
    found = IndexedTicket.objects.filter(pk=index.storable(ticket_id)).first()
    return found or (IndexedTicket.objects.filter(reference=reference).first() if reference else None)


def _fact(label: str, other: IndexedTicket | None) -> Fact:
    return Fact(label, other.reference, ticket_url(other.pk), other.title) if other else Fact(label, None)
