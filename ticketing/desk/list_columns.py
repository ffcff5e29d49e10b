"""The columns of the ticket list, and its rows: what one line says about a ticket.

Python writes the rows, not a template: for fifty rows, a template took half of the page's time.
"""

from datetime import datetime
from functools import cache

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from ticketing.desk.list_filters import LONGEST_NAME, shortened
from ticketing.models import IndexedTicket

COLUMNS = (
    "reference",
    "status",
    "priority",
    "tier",
    "channel",
    "caller_id",
    "assignee",
    "comment_count",
    "created_at",
    "received_at",
    "updated_at",
)

# The cells, in the order of COLUMNS. On a telephone they are stacked, and `data-label` names each.
_ROW = """<tr>
<th scope="row"><a href="{}"><span class="desk-reference">{}</span> <bdi>{}</bdi>{}</a></th>
<td data-label="Status">{}</td>
<td data-label="Priority">{}</td>
<td data-label="Tier">{}</td>
<td data-label="Channel">{}</td>
<td data-label="Caller">{}</td>
<td data-label="Assignee">{}</td>
<td data-label="Comments">{}</td>
<td data-label="Opened">{}</td>
<td data-label="Received">{}</td>
<td data-label="Changed">{}</td>
</tr>
"""

_COLOURS = {
    "open": "info",
    "pending": "warning",
    "solved": "success",
    "urgent": "danger",
    "high": "warning",
    "gold": "warning",
}


def row(ticket: IndexedTicket, address: str, title: str, excerpt: str | None = None) -> SafeString:
    """The ticket's row, with a link to `address`. `title` and `excerpt` may be HTML that marks the matching words."""
    return format_html(
        _ROW,
        address,
        ticket.reference,
        title,
        format_html('<span class="desk-excerpt">{}</span>', excerpt) if excerpt else "",
        # Gold and urgent say so in words; the colour only helps.
        label(ticket.status),
        label(ticket.priority),
        label(ticket.tier),
        ticket.get_channel_display(),
        _cut(ticket.caller_id),
        _cut(ticket.assignee or "-"),
        ticket.comment_count,
        _moment(ticket.created_at),
        _moment(ticket.received_at),
        _moment(ticket.updated_at),
    )


@cache
def label(value: str) -> SafeString:
    """Unfold's label. A list has 150 of them, and each renders a template, so each value is rendered only once."""
    return SafeString(display_for_label(value, "", _COLOURS))


def _cut(name: str) -> str:
    """The name, shortened to fit a cell. A shortened name has the whole one as its title."""
    if len(name) <= LONGEST_NAME:
        return name
    return format_html('<span title="{}">{}</span>', name, shortened(name))


def _moment(moment: datetime) -> SafeString:
    """Day and time. The year is shown only if it is not the current one."""
    local, now = timezone.localtime(moment), timezone.localtime()
    day = f"{local.day} {local:%b}" if local.year == now.year else f"{local.day} {local:%b %Y}"
    template = '<time datetime="{}" class="desk-time">{} <span>{}</span></time>'
    return format_html(template, moment.isoformat(), day, f"{local:%H:%M}")
