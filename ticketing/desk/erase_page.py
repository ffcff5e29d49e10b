"""The pages *Erase a person*: who it is, what a survey found, the confirmation, who agrees, and how far it is.

They are for people with the right `erase_person` alone. It needs no other right: the pages show references and counts.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config import aws
from config.refusals import Refusal
from ticketing.desk.jobs_page import NOT_NOW, enqueue
from ticketing.desk.page import DeskPage
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.index import storable
from ticketing.jobs import erasure_request
from ticketing.jobs.erasure import person_of
from ticketing.models import Erasure, IndexedTicket, Job
from ticketing.tickets import ids
from ticketing.tickets.ticket import LONGEST_KEY

RIGHT = "ticketing.erase_person"
ERASURES = "admin:ticketing_erasure_changelist"
_ONE = "admin:ticketing_erasure_change"
_SHOWN = 20  # erasings, newest first
_TICKETS = 100  # of one erasing
_BY = [("caller", "Caller"), ("email", "Mail address"), ("ticket", "Ticket, by its id or reference")]
_COLOURS = {"surveyed": "warning", "waiting": "warning", "done": "success", "running": "info", "surveying": "info"}
_STATES = {
    "surveying": "looking",
    "surveyed": "to be confirmed",
    "waiting": "waits for a second person",
    "running": "erasing",
    "done": "erased",
}
_WRONG = "That is not what you were asked to type, so nothing was done."


class PersonForm(forms.Form):
    """Who is to be erased."""

    by = forms.ChoiceField(choices=_BY, widget=UnfoldAdminSelectWidget, label="Find them by")
    value = forms.CharField(
        max_length=LONGEST_KEY,
        widget=UnfoldAdminTextInputWidget,
        label="Which one",
        help_text="All tickets of this caller or requester, or this one ticket. An address may be in capitals.",
    )
    customer = forms.CharField(
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextInputWidget,
        label="Customer",
        help_text="Needed if several customers have that caller.",
    )

    def person(self) -> Person:
        """The person of a valid form."""
        value, by, customer = (self.cleaned_data[name] for name in ("value", "by", "customer"))
        if by == "ticket":
            return Person(ticket_id=_ticket_id(value))
        return Person(**{"caller_id" if by == "caller" else "email": value}, customer_id=customer)


class TypedForm(forms.Form):
    """The confirmation: the person types whom they erase."""

    typed = forms.CharField(widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}), strip=True)


class ErasePage(DeskPage):
    """One request to the page that begins an erasing and lists the others."""

    def answer(self) -> HttpResponse:
        """The form and the list. After the form, a redirect to the new erasing's page."""
        check_right(self.request)
        form = PersonForm(self.request.POST if self.request.method == "POST" else None)
        if form.is_valid():
            try:
                one, job = erasure_request.begin(form.person(), self.user)
            except Refusal as refusal:
                form.add_error("value", refusal.sentence)
            except aws.AwsError:
                messages.error(self.request, NOT_NOW)
            else:
                enqueue(self.request, job, "Foyer looks for everything of this person. Nothing is erased yet.")
                return HttpResponseRedirect(reverse(_ONE, args=[one.pk]))
        rows = [row(one) for one in Erasure.objects.select_related("job")[:_SHOWN]]
        about = {"title": "Erase a person", "opts": Erasure._meta, "form": form, "rows": rows}
        return self.page("desk/erase.html", about)


class ErasurePage(DeskPage):
    """One request to the page of one erasing."""

    def answer(self, pk: int) -> HttpResponse:
        """What was found, and the buttons. After a button, a redirect back. Raises Http404 if there is none."""
        check_right(self.request)
        one = Erasure.objects.select_related("job").filter(pk=pk).first()
        if one is None:
            raise Http404
        if self.request.method != "POST":
            return self._show(one)
        try:
            self._do(one)
        except Refusal as refusal:
            messages.error(self.request, f"{refusal.sentence}.")
        return HttpResponseRedirect(self.request.path)

    def _do(self, one: Erasure) -> None:
        button = self.request.POST.get("do")
        if button == "withdraw":
            erasure_request.withdraw(one)
            messages.success(self.request, "It is withdrawn. Nothing was erased.")
        elif button in ("confirm", "agree") and not self._typed(one):
            messages.error(self.request, _WRONG)
        elif button == "confirm":
            self._go(erasure_request.confirm(one, self.user))
        elif button == "agree":
            self._go(erasure_request.agree(one, self.user))

    def _typed(self, one: Erasure) -> bool:
        form = TypedForm(self.request.POST)
        return form.is_valid() and form.cleaned_data["typed"].casefold() == said(one).casefold()

    def _go(self, job: Job | None) -> None:
        if job is None:
            messages.success(self.request, "It is confirmed. Somebody else with this right has to agree within a day.")
        else:
            enqueue(self.request, job, "Foyer erases. You can leave this page.")

    def _show(self, one: Erasure) -> HttpResponse:
        tickets = one.tickets.all()
        expired = erasure_request.is_expired(one)
        about: dict[str, Any] = {
            "title": "Erase a person",
            "opts": Erasure._meta,
            "row": row(one),
            "counts": (one.erased if one.state in ("running", "done") else one.found).items(),
            "references": [ids.reference(it.ticket_id) for it in tickets[:_TICKETS]],
            "ticket_count": tickets.count(),
            "erased_tickets": one.erased.get("tickets", 0),
            "others": run.OTHERS,
            "second": settings.ERASURE_NEEDS_SECOND_PERSON,
            "mine": one.asker == self.user.pk,
            "form": _typed_form(one) if one.state in ("surveyed", "waiting") and not expired else None,
            "refresh": one.state in ("surveying", "running"),
            "expired": expired,
            "erasures_address": reverse(ERASURES),
        }
        return self.page("desk/erasure.html", about)


def check_right(request: HttpRequest) -> None:
    """Raise PermissionDenied unless the person may erase people."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied


def said(one: Erasure) -> str:
    """What the person has to type: the caller, the address, or the ticket's reference."""
    person = person_of(one)
    return person.caller_id or person.email or (ids.reference(person.ticket_id) if person.ticket_id else "")


def row(one: Erasure) -> dict[str, Any]:
    """An erasing as the pages show it."""
    person = person_of(one)
    kind = "caller" if person.caller_id else "address" if person.email else "ticket"
    return {
        "one": one,
        "who": f"{kind} {said(one)}" if said(one) else one.digest,
        "customer": person.customer_id,
        "state": _STATES.get(one.state, one.state),
        "colour": _COLOURS.get(one.state, "default"),
        "address": reverse(_ONE, args=[one.pk]),
        "error": one.job.error if one.job else "",
        "stopped": bool(one.job and one.job.state in ("stopped", "failed")),
    }


def _typed_form(one: Erasure) -> TypedForm:
    form = TypedForm()
    form.fields["typed"].label = f"Type {said(one)}"
    return form


def _ticket_id(value: str) -> str:
    """The id of a ticket that was named by its reference, if just one has it. Else what was typed."""
    found = IndexedTicket.objects.filter(reference=storable(value.strip().upper())).values_list("pk", flat=True)[:2]
    return found[0] if len(found) == 1 else value.strip()
