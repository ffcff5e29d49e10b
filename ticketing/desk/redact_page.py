"""The page *Redact*: takes the words out of a comment or a description, after it has said what that means."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldBooleanWidget

from audit import trail
from audit.actions import Action
from config import aws
from config.refusals import Absent, Refusal
from config.web.admin import DeskAdmin
from ticketing import index, service
from ticketing.desk import staff, ticket_conversation
from ticketing.desk.page import LIST, DeskPage, ticket_url
from ticketing.desk.ticket_conversation import Entry
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import LONGEST_KEY, Ticket

RIGHT = "ticketing.redact_indexedticket"
_LONGEST_COMMENT_ID = 1000  # bytes; DynamoDB rejects a request for a longer one
_AWAY = "AWS did not answer. The words may still be there: try again in a moment. If they are gone, that does no harm."
_DONE = "The words are gone. It takes a moment until search and the other programs know."


class RedactForm(forms.Form):
    """The form of a description's page. That of a comment has only the button."""

    subject = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Redact the subject, too",
        help_text="If the subject says the same.",
    )


class RedactPage(DeskPage):
    """One request to the page of one comment or, without `?comment`, of the ticket's description."""

    def __init__(self, admin: DeskAdmin, request: HttpRequest, ticket_id: str) -> None:
        super().__init__(admin, request)
        self.ticket_id, self.comment_id = ticket_id, request.GET.get("comment")

    def answer(self) -> HttpResponse:
        """The page that asks. After it was sent, a redirect to the ticket."""
        if not (self.admin.has_view_permission(self.request) and may_redact(self.request)):
            raise PermissionDenied
        try:
            if self.request.method == "POST":
                self._redact()
                messages.success(self.request, _DONE)
            else:
                return self._ask()
        except Absent:
            messages.error(self.request, "There is no such ticket or comment in the record.")
            return HttpResponseRedirect(reverse(LIST))
        except Refusal as refusal:
            messages.error(self.request, f"{refusal.sentence}: nothing was redacted.")
        except aws.AwsError:
            messages.error(self.request, _AWAY)
        return HttpResponseRedirect(ticket_url(self.ticket_id))

    def _redact(self) -> None:
        """Redact, and update the index at once."""
        by = staff.actor(self.user)
        if self.comment_id is None:
            form = RedactForm(self.request.POST)
            also = {"subject"} if form.is_valid() and form.cleaned_data["subject"] else set()
            fields, ticket_id = {"issue_description"} | also, self._ticket().ticket_id
            self._record({"fields": fields})
            index.apply([service.redact_ticket(ticket_id, fields, by)])
        else:
            self._entry(self._ticket())
            self._record({"comment": self.comment_id})
            comment = service.redact_comment(self.ticket_id, self.comment_id, by)
            index.apply([self._ticket()], [comment])

    def _record(self, details: dict[str, Any]) -> None:
        trail.record(Action.TEXT_REDACTED, target=f"ticket {self.ticket_id}", details=details)

    def _ask(self) -> HttpResponse:
        ticket = self._ticket()
        context: dict[str, Any] = {
            "title": "Redact",
            "original": IndexedTicket(pk=ticket.ticket_id, reference=ticket.reference),
            "ticket": ticket,
            "entry": self._entry(ticket),
            "form": RedactForm() if self.comment_id is None and ticket.subject else None,
            "of_ticket": self.comment_id is None,
            "ticket_address": ticket_url(ticket.ticket_id),
        }
        return self.page("desk/redact.html", context)

    def _ticket(self) -> Ticket:
        if len(self.ticket_id.encode()) > LONGEST_KEY:  # DynamoDB rejects it, so there is no such ticket
            raise Absent
        return service.get_ticket(self.ticket_id, None)

    def _entry(self, ticket: Ticket) -> Entry:
        """What is to be redacted. Raises Absent."""
        if self.comment_id is None:
            return ticket_conversation.opening(ticket)
        if not 0 < len(self.comment_id.encode()) <= _LONGEST_COMMENT_ID:
            raise Absent
        return ticket_conversation.entries(ticket, [service.get_comment(self.ticket_id, self.comment_id, None)], {})[0]


def may_redact(request: HttpRequest) -> bool:
    """Whether the person has the right to redact."""
    return request.user.has_perm(RIGHT)
