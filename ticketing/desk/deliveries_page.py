"""What was accepted and has not ended well: from the deliveries table's sparse index, and on its way again by a button.

SQL knows nothing of deliveries; the model of this name only gives staff the right to see the page, and to redrive.
"""

from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect

from config import aws, queue, redrive
from config.refusals import Refusal
from ticketing import bulk, clock, deliveries, ids
from ticketing.deliveries import ENDED_WELL, Delivery, Place, State
from ticketing.desk import redriving
from ticketing.desk.page import DeskPage
from ticketing.desk.ticket_page import address
from ticketing.models import Delivery as DeliveryModel
from ticketing.reconcile import GRACE

PAGE = 50
STATES: list[State] = [state for state in get_args(State) if state not in ENDED_WELL]
_UNREADABLE = "The deliveries cannot be read right now. Try again in a moment."
_NOT_MOVED = "AWS did not answer, so not everything was sent on its way. Nothing is lost: try again in a moment."
_COLOURS = {"failed": "danger", "accepted": "info"}


class DeliveriesPage(DeskPage):
    """One request to the page."""

    def answer(self) -> HttpResponse:
        """The list, or after a button the way back to it."""
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        self.may_redrive = self.admin.has_change_permission(self.request)
        if self.request.method != "POST":
            return self._show()
        if not self.may_redrive:
            raise PermissionDenied
        self._redrive()
        return HttpResponseRedirect(self.request.get_full_path())

    def _redrive(self) -> None:
        try:
            delivery_id = self.request.POST.get("delivery", "")
            queue_name = self.request.POST.get("queue", "")
            said = redriving.one(delivery_id) if delivery_id else redriving.all_of(queue_name)
        except Refusal as refusal:
            messages.error(self.request, refusal.sentence)
        except aws.AwsError:
            messages.error(self.request, _NOT_MOVED)
        else:
            messages.success(self.request, said)

    def _show(self) -> HttpResponse:
        chosen = next((state for state in STATES if state == self.request.GET.get("state")), None)
        about = {"title": "Deliveries", "opts": DeliveryModel._meta, "states": _choices(chosen)}
        try:
            page = deliveries.unfinished(chosen, _start(self.request.GET.get("after", "")), PAGE)
            queues = [{"way": way, "count": queue.count(way.dead_letters)} for way in redrive.ways()]
            rows = _rows(page.deliveries)
        except aws.AwsError:
            messages.error(self.request, _UNREADABLE)
            return self.page("desk/deliveries.html", about, status=503)
        more = {"state": chosen or "", "after": " ".join(page.next)} if page.next else None
        about |= {"rows": rows, "queues": queues, "readable": True, "may_redrive": self.may_redrive}
        about |= {"more": more and f"?{urlencode(more)}", "from_start": "after" not in self.request.GET}
        return self.page("desk/deliveries.html", about)


def _choices(chosen: State | None) -> list[dict[str, Any]]:
    states: list[tuple[str, State | None]] = [("All", None), *((state.capitalize(), state) for state in STATES)]
    return [{"title": title, "link": f"?state={state or ''}", "here": state == chosen} for title, state in states]


def _rows(page: list[Delivery]) -> list[dict[str, Any]]:
    there = bulk.existing(sorted({one.ticket_id for one in page if one.ticket_id}))
    late = clock.stamp(datetime.now(UTC) - GRACE)
    return [_row(one, one.ticket_id in there, one.received_at < late) for one in page]


def _row(one: Delivery, has_ticket: bool, late: bool) -> dict[str, Any]:
    return {
        "delivery": one,
        "when": clock.parse(one.received_at),
        "colour": _COLOURS.get(one.state, ""),
        "reference": ids.reference(one.ticket_id) if has_ticket and one.ticket_id else "",
        "ticket": address(one.ticket_id) if has_ticket and one.ticket_id else "",
        "said": one.error or _no_error(one.state, late),
        "button": _button(one, late),
    }


def _button(one: Delivery, late: bool) -> str:
    """What can be done: nothing while it is on its way; a message that was never accepted may not be there at all."""
    if one.state != "failed" and not (one.error or late):
        return ""
    if one.door == "zendesk":
        return "Run again"
    return "" if one.state == "received" else "Redrive"


def _no_error(state: State, late: bool) -> str:
    """What to say of a delivery about which no try said anything."""
    if state == "failed":
        return "No cause was given: see the log"
    if not late:
        return "On its way"
    if state == "received":
        return "Promised nothing, unless it waits in the queue: the door died or said no, or could not note its yes"
    return "No try has told anything: look whether the consumers run"


def _start(after: str) -> Place | None:
    """Where the page before this one ended, out of its link; from the beginning if that is no such place."""
    received_at, _, delivery_id = after.partition(" ")
    return (received_at, delivery_id) if received_at and delivery_id else None
