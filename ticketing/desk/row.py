"""A row of the ticket list: what one line says of a ticket.

Unfold's own rows took most of a page's time, and eight kilobytes each: they find out anew for every cell what it is.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from ticketing.desk.filters import LONGEST_NAME, shortened
from ticketing.models import IndexedTicket

_COLOURS = {
    "open": "info",
    "pending": "warning",
    "solved": "success",
    "urgent": "danger",
    "high": "warning",
    "gold": "warning",
}


@dataclass(frozen=True)
class Row:
    """A ticket, the address of its page, and its title and the piece that matched, perhaps with marks."""

    ticket: IndexedTicket
    address: str
    title: str
    excerpt: str | None = None

    @property
    def labels(self) -> dict[str, SafeString]:
        """Status, priority and tier; gold and urgent say so in words, the colour only helps."""
        ticket = self.ticket
        return {"status": label(ticket.status), "priority": label(ticket.priority), "tier": label(ticket.tier)}

    @property
    def caller(self) -> str:
        """The caller's id as a cell can bear it."""
        return _cut(self.ticket.caller_id)

    @property
    def assignee(self) -> str:
        """Whose it is, or a dash."""
        return _cut(self.ticket.assignee or "-")

    @property
    def opened(self) -> SafeString:
        """When it came."""
        return _moment(self.ticket.created_at)

    @property
    def changed(self) -> SafeString:
        """When it was last written."""
        return _moment(self.ticket.updated_at)


@cache
def label(value: str) -> SafeString:
    """Unfold's label. A list has 150 of them, and each is a template of its own: so each is made but once."""
    return SafeString(display_for_label(value, "", _COLOURS))


def _cut(name: str) -> str:
    """A name as long as a cell can bear; the whole of a longer one is its title."""
    if len(name) <= LONGEST_NAME:
        return name
    return format_html('<span title="{}">{}</span>', name, shortened(name))


def _moment(moment: datetime) -> SafeString:
    """Day and time; the year only where it is another one."""
    local, now = timezone.localtime(moment), timezone.localtime()
    day = f"{local.day} {local:%b}" if local.year == now.year else f"{local.day} {local:%b %Y}"
    template = '<time datetime="{}" class="desk-time">{} <span>{}</span></time>'
    return format_html(template, moment.isoformat(), day, f"{local:%H:%M}")
