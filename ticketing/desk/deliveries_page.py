"""The page *Deliveries*: what has not ended well, with buttons to try it again; what was set aside; what has a note.

Deliveries are not in SQL. The model of this name only gives staff the permissions to see the page and to redrive.
"""

from typing import Any, Literal, get_args
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from config import aws, times
from config.aws import sqs
from config.consumer import dead_letters, polls, redrive
from config.notices import notices
from config.refusals import Refusal
from ticketing.deliveries import ENDED_WELL, Delivery, State, doors, unfinished
from ticketing.deliveries.unfinished import Place
from ticketing.desk import deliveries_again, set_aside_page
from ticketing.desk.page import DeskPage, ticket_url
from ticketing.models import Delivery as DeliveryModel
from ticketing.record import bulk
from ticketing.tickets import ids

ASIDE = "admin:ticketing_delivery_aside"
PAGE = 50
Tab = State | Literal["aside", "noted"]
STATES: list[State] = [state for state in get_args(State) if state not in ENDED_WELL]
TABS: list[Tab] = [*STATES, "aside", "noted"]
_UNREADABLE = "The deliveries cannot be read right now. Try again in a moment."
_NOT_MOVED = "AWS did not answer, so not everything was sent on its way. Nothing is lost: try again in a moment."
_COLOURS = {"failed": "danger", "accepted": "info", "created": "success"}


class DeliveriesPage(DeskPage):
    """One request to the page."""

    def answer(self) -> HttpResponse:
        """The list. After a button, a redirect back to it."""
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        self.may_redrive = self.admin.has_change_permission(self.request)
        if self.request.method != "POST":
            return self._show()
        if not self.may_redrive:
            raise PermissionDenied
        self._do()
        return HttpResponseRedirect(self.request.get_full_path())

    def _do(self) -> None:
        try:
            said = self._done()
        except Refusal as refusal:
            messages.error(self.request, refusal.sentence)
        except aws.AwsError:
            messages.error(self.request, _NOT_MOVED)
        else:
            messages.success(self.request, said)

    def _done(self) -> str:
        """Do what the button says, and return a sentence for the person."""
        pressed = self.request.POST.get
        if delivery_id := pressed("back"):
            return set_aside_page.take_back(delivery_id)
        if delivery_id := pressed("delivery"):
            return deliveries_again.one(delivery_id)
        return deliveries_again.all_of(pressed("queue", ""))

    def _show(self) -> HttpResponse:
        chosen = next((tab for tab in TABS if tab == self.request.GET.get("state")), None)
        about = {"title": "Deliveries", "opts": DeliveryModel._meta, "states": _choices(chosen)}
        about["notices"] = notices()
        try:
            page = _page(chosen, _start(self.request.GET.get("after", "")))
            queues = [_queue(way) for way in redrive.ways()]
            rows = _rows(page.deliveries)
            unworked = polls.unworked()
        except aws.AwsError:
            messages.error(self.request, _UNREADABLE)
            return self.page("desk/deliveries.html", about, status=503)
        more = {"state": chosen or "", "after": " ".join(page.next)} if page.next else None
        about |= {"rows": rows, "queues": queues, "readable": True, "may_redrive": self.may_redrive}
        about |= {"more": more and f"?{urlencode(more)}", "from_start": "after" not in self.request.GET}
        about |= {"set_aside": chosen == "aside", "noted": chosen == "noted", "unworked": unworked}
        return self.page("desk/deliveries.html", about)


def _page(chosen: Tab | None, start: Place | None) -> unfinished.Page:
    if chosen == "aside":
        return unfinished.set_aside_page(start, PAGE)
    if chosen == "noted":
        return unfinished.noted_page(start, PAGE)
    return unfinished.page(chosen, start, PAGE)


def _queue(way: redrive.Way) -> dict[str, Any]:
    count = sqs.count(way.dead_letters)
    causes = dead_letters.causes(way.dead_letters, way.names_nothing) if count else []
    return {"way": way, "count": count, "causes": causes}


def _choices(chosen: Tab | None) -> list[dict[str, Any]]:
    states = [(state.capitalize(), state) for state in STATES]
    tabs = [("All", None), *states, ("Set aside", "aside"), ("Noted", "noted")]
    return [{"title": title, "link": f"?state={tab or ''}", "here": tab == chosen} for title, tab in tabs]


def _rows(page: list[Delivery]) -> list[dict[str, Any]]:
    # A delivery may name its ticket before there is one, so only those in the record get a link.
    there = bulk.existing(sorted({one.ticket_id for one in page if one.ticket_id}))
    return [_row(one, one.ticket_id in there) for one in page]


def _row(one: Delivery, has_ticket: bool) -> dict[str, Any]:
    door = doors.of(one)
    return {
        "delivery": one,
        "when": times.parse(one.received_at),
        "colour": _COLOURS.get(one.state, ""),
        "reference": ids.reference(one.ticket_id) if has_ticket and one.ticket_id else "",
        "ticket": ticket_url(one.ticket_id) if has_ticket and one.ticket_id else "",
        "said": one.note or _said(one),
        "button": door.button if door.can_try_again(one) else "",
        "aside": reverse(ASIDE, args=[quote(one.delivery_id)]) if set_aside_page.can_be(one) else "",
    }


def _said(one: Delivery) -> str:
    """What went wrong, and how far it has come if it takes several runs."""
    progress = one.progress
    if not progress:
        return one.error or _no_error(one)
    so_far = f"{progress.get('fetched', 0):,} comments are read from Zendesk"
    if "there" in progress:
        so_far = f"{progress['there']:,} of {progress['of']:,} comments are at the desk"
    return f"{one.error}. So far: {so_far}" if one.error else f"On its way: {so_far}"


def _no_error(one: Delivery) -> str:
    """What to show for a delivery whose tries left no error."""
    if one.state == "failed":
        return "No cause was given: see the log"
    if not one.is_late:
        return "On its way"
    if one.state == "received":
        return (
            "Never noted as accepted: the door died, refused it, or could not note it. "
            "If its message is queued, a consumer works it; if not, there is nothing to do"
        )
    return "No try has told anything: look whether the consumers run"


def _start(after: str) -> Place | None:
    """The place in the link, where the previous page ended. None, the beginning, if the link has no valid place."""
    received_at, _, delivery_id = after.partition(" ")
    return (received_at, delivery_id) if received_at and delivery_id else None
