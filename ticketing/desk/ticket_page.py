"""The ticket page. It reads the record, and writes through the service.

If AWS is away, it shows the index's copy and keeps what the person typed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from config import aws, json
from config.refusals import Absent, KeyReused, Refusal
from config.web.admin import DeskAdmin
from ticketing import index, service
from ticketing.answers import promises
from ticketing.deliveries import Delivery
from ticketing.desk import deliveries_again, related, staff, ticket_conversation, ticket_writing
from ticketing.desk.page import LIST, DeskPage, redact_url, ticket_url
from ticketing.desk.redact_page import may_redact
from ticketing.desk.ticket_forms import SAVE, TicketForm, new_key
from ticketing.index import following
from ticketing.models import IndexedTicket
from ticketing.record import store
from ticketing.tickets import ids
from ticketing.tickets.edits import Overtaken
from ticketing.tickets.ticket import LONGEST_KEY, Conversation, Place, Ticket
from ticketing.tickets.workflow import is_final

COMMENTS = 100
_SAVED = {"reply": "Your reply is saved.", "note": "Your internal note is saved.", SAVE: "The ticket is saved."}
_SAID_BEFORE = "You have just said this, and it is saved. Send it again if you mean to say it twice."
_LAST = "said last"  # in the session: the ticket, a hash of what was said, and the keys of the forms that may send it
_NOT_SENT = "AWS did not answer, so it may not be on its way. Try again in a moment."
_UNREADABLE = "The record cannot be read right now. Try again in a moment."


class TicketPage(DeskPage):
    """One request to the page of one ticket."""

    def __init__(self, admin: DeskAdmin, request: HttpRequest, ticket_id: str) -> None:
        super().__init__(admin, request)
        self.ticket_id, self.indexed_id = ticket_id, index.storable(ticket_id)
        self.staff = staff.everybody()
        self.after = request.GET.get("after")  # "" is the beginning, None the newest
        self.draft_name = f"draft {ticket_id}"
        self.may_write = admin.has_change_permission(request)

    def answer(self) -> HttpResponse:
        """The page. After a write, a redirect back to it."""
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        if self.request.method != "POST":
            draft = self.request.session.pop(self.draft_name, "")
            return self._show({"text": draft})
        if not self.may_write:
            raise PermissionDenied
        if comment_id := self.request.POST.get("again"):
            return self._send_again(comment_id)
        return self._write(TicketForm(self.request.POST, self.staff))

    # --- Writing --------------------------------------------------------------------------------------

    def _write(self, form: TicketForm) -> HttpResponse:
        if not form.is_valid():
            return self._refused(form, " ".join(str(line) for lines in form.errors.values() for line in lines))
        if self._said_before(form):
            return self._refused(form, _SAID_BEFORE, self._key_of_who_insists())
        try:
            came_in = ticket_writing.save(self.ticket_id, form, self.user)
        except aws.AwsError as error:
            return self._from_index(ticket_writing.sentence(error), form)
        except Overtaken as refusal:
            told = {name: theirs.value for name, theirs in refusal.fields.items()}
            return self._refused(form, ticket_writing.overtaken(refusal, self.staff, self.user), told=told)
        except Refusal as refusal:
            return self._refused(
                form, ticket_writing.sentence(refusal), new_key() if isinstance(refusal, KeyReused) else None
            )
        messages.success(self.request, _SAVED[form.cleaned_data["do"]])
        if came_in:
            messages.info(self.request, _came_in(came_in))
        self._keep_draft(form)
        if form.visibility:
            self.request.session[_LAST] = [*self._saying(form), form.cleaned_data["key"]]
        newest = form.visibility is not None  # where people find what they have just said
        return HttpResponseRedirect(ticket_url(self.ticket_id) if newest else self.request.get_full_path())

    def _send_again(self, comment_id: str) -> HttpResponse:
        """Let what staff wrote be on its way to Zendesk again. A text that the person is writing stays."""
        try:
            messages.success(self.request, deliveries_again.of_ticket(self.ticket_id, comment_id))
        except Refusal as refusal:
            messages.error(self.request, refusal.sentence)
        except aws.AwsError:
            messages.error(self.request, _NOT_SENT)
        self.request.session[self.draft_name] = self.request.POST.get("text", "")
        return HttpResponseRedirect(f"{self.request.get_full_path()}#{comment_id}")

    def _said_before(self, form: TicketForm) -> bool:
        """Whether the person said the same last, in another form. The browser's Back button shows a sent text again.

        If the same form is sent twice, its key tells, and `ticket_writing` handles it.
        """
        if not form.visibility:
            return False
        ticket_id, said, *keys = self.request.session.get(_LAST, ("", ""))
        return [ticket_id, said] == self._saying(form) and form.cleaned_data["key"] not in keys

    def _key_of_who_insists(self) -> str:
        """The key of the only form that may say it again: the one that the person is shown now.

        A double click sends the refused form twice, with its old key, and is refused twice.
        """
        ticket_id, said, saved, *_ = self.request.session[_LAST]
        key = new_key()
        self.request.session[_LAST] = [ticket_id, said, saved, key]
        return key

    def _saying(self, form: TicketForm) -> list[str]:
        return [self.ticket_id, json.fingerprint([form.cleaned_data["text"], form.visibility])]

    def _refused(
        self, form: TicketForm, sentence: str, key: str | None = None, told: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """The ticket as it is now, with what the person typed.

        Give a `key` if the form's own is used up. `told` has the fields whose new values the sentence names.
        """
        messages.error(self.request, sentence)
        typed = form.data.dict() if hasattr(form.data, "dict") else dict(form.data)
        return self._show(typed | ({"key": key} if key else {}), told)

    def _keep_draft(self, form: TicketForm) -> None:
        """Keep a text that the person was still writing when they saved only the fields."""
        if form.cleaned_data["do"] == SAVE and form.cleaned_data["text"]:
            self.request.session[self.draft_name] = form.cleaned_data["text"]

    # --- Reading --------------------------------------------------------------------------------------

    def _show(self, typed: Mapping[str, Any], told: Mapping[str, Any] | None = None) -> HttpResponse:
        try:
            found = self._read()
        except Absent:
            messages.error(self.request, f"There is no ticket with the id {self.ticket_id} in the record.")
            return HttpResponseRedirect(reverse(LIST))
        except aws.AwsError:
            return self._from_index(_UNREADABLE, TicketForm(typed, self.staff) if "seen" in typed else None)
        return self._page(found, typed, told)

    def _read(self) -> Conversation:
        """The ticket, and its comments from where the person wants them. If the index is behind, it is updated."""
        if len(self.ticket_id.encode()) > LONGEST_KEY:  # DynamoDB rejects it, so there is no such ticket
            raise Absent
        found = service.get_conversation(self.ticket_id, None, COMMENTS)
        if self.after:
            later, more = service.more_comments(self.ticket_id, Place(self.after), COMMENTS)
            found = Conversation(found.ticket, later, more)
        elif self._skips(found):
            found = replace(found, comments=store.last_comments(self.ticket_id, COMMENTS)[::-1])
        known = IndexedTicket.objects.filter(pk=self.indexed_id).first()
        if known is None or known.version < found.ticket.version:
            index.apply([found.ticket], found.comments)
        elif known.version == found.ticket.version and not index.same(known, index.row_of(found.ticket)):
            following.settle([found.ticket.ticket_id])
        return found

    def _skips(self, found: Conversation) -> bool:
        """Whether the page leaves out comments between the ticket's beginning and its newest comments."""
        return self.after is None and found.next is not None

    def _page(
        self, found: Conversation, typed: Mapping[str, Any], told: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        ticket = found.ticket
        writable = self.may_write and not is_final(ticket.status)
        more = f"?{urlencode({'after': found.next})}" if found.next and not self._skips(found) else ""
        context = self._about(ticket) | {
            "attributes": ticket_conversation.pretty(ticket.attributes),
            "redact_address": redact_url(ticket.ticket_id) if may_redact(self.request) and not ticket.erased else "",
            "entries": ticket_conversation.entries(ticket, found.comments, _promised(found)),
            "answers_back": promises.of(ticket) is not None,
            "may_write": self.may_write,
            "arriving": ticket_conversation.arriving(ticket),
            "from_start": not self.after,
            "skips": self._skips(found),
            "more": more,
            "form": TicketForm.for_ticket(ticket, self.staff, typed, told) if writable else None,
            "continued": related.after(ticket),
            "unsent": "" if writable else typed.get("text", ""),
        }
        return self.page("desk/ticket.html", context)

    def _from_index(self, sentence: str, form: TicketForm | None) -> HttpResponse:
        """The index's copy, if there is one, for when the record cannot be reached. What was typed stays."""
        messages.error(self.request, sentence)
        copy = IndexedTicket.objects.filter(pk=self.indexed_id).first()
        about = self._about(copy) if copy else {"title": ids.reference(self.ticket_id)}
        return self.page("desk/ticket.html", about | {"form": form, "is_copy": True}, status=503)

    def _about(self, ticket: Ticket | IndexedTicket) -> dict[str, Any]:
        return {
            "title": f"{ticket.reference} {ticket.title}",
            "original": IndexedTicket(pk=ticket.ticket_id, reference=ticket.reference),
            "ticket": ticket,
            "opening": ticket_conversation.opening(ticket),
            "facts": ticket_conversation.facts(ticket),
        }


def _promised(found: Conversation) -> dict[str, Delivery]:
    """Those of the comments that Zendesk was promised. Nothing is said of them if AWS does not answer."""
    try:
        return promises.states(found.ticket, found.comments)
    except aws.AwsError:
        return {}


def _came_in(number: int) -> str:
    came_in = "One comment" if number == 1 else f"{number} comments"
    return f"{came_in} came in while you were writing: read the end of the conversation."
