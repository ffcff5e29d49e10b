"""The page on which staff open a ticket for somebody."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect

from config import aws
from config.refusals import KeyReused, Refusal
from ticketing.desk import ticket_writing
from ticketing.desk.page import DeskPage, ticket_url
from ticketing.desk.ticket_forms import NewTicketForm, new_key

_OPEN_ALREADY = "The ticket that you sent before is open already. Send again if this is another one."


class NewTicketPage(DeskPage):
    """One request to the page."""

    def answer(self) -> HttpResponse:
        """The empty form. After it was sent, a redirect to the new ticket, or the form again with what is wrong."""
        if not self.admin.has_add_permission(self.request):
            raise PermissionDenied
        if self.request.method == "POST":
            return self._open(NewTicketForm(self.request.POST))
        caller = f"desk:{self.user.get_username()}"
        return self._show(NewTicketForm(initial={"key": new_key(), "caller": caller, "priority": "normal"}))

    def _open(self, form: NewTicketForm) -> HttpResponse:
        if not form.is_valid():
            return self._show(form)
        try:
            opened = ticket_writing.open_ticket(form, self.user)
        except KeyReused:
            messages.error(self.request, _OPEN_ALREADY)
            return self._show(NewTicketForm(self.request.POST.dict() | {"key": new_key()}))
        except (Refusal, aws.AwsError) as error:
            messages.error(self.request, ticket_writing.sentence(error))
            return self._show(form, status=503 if isinstance(error, aws.AwsError) else 200)
        messages.success(self.request, f"Ticket {opened.ticket.reference} is open.")
        return HttpResponseRedirect(ticket_url(opened.ticket.ticket_id))

    def _show(self, form: NewTicketForm, status: int = 200) -> HttpResponse:
        return self.page("desk/new_ticket.html", {"title": "New ticket", "form": form}, status)
