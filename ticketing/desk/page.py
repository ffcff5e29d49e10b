"""What the desk's own pages have in common: the admin's frame around them, and text that can be sent as UTF-8."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from ticketing.models import IndexedTicket

LIST = "admin:ticketing_indexedticket_changelist"


def ticket_url(ticket_id: str) -> str:
    """The address of a ticket's page."""
    return reverse("admin:ticketing_indexedticket_change", args=[quote(ticket_id)])


def redact_url(ticket_id: str) -> str:
    """The address of the page that redacts the ticket's description and, with `?comment=`, one of its comments."""
    return reverse("admin:ticketing_indexedticket_redact", args=[quote(ticket_id)])


class Page(TemplateResponse):
    """A page whose text may come from any program. Lone surrogates, which UTF-8 cannot encode, become `?`."""

    @property
    def rendered_content(self) -> str:
        return super().rendered_content.encode("utf-8", "replace").decode()


class DeskPage:
    """One request to one of the desk's own pages."""

    def __init__(self, admin: "ModelAdmin[IndexedTicket]", request: HttpRequest) -> None:
        self.admin, self.request = admin, request

    @property
    def user(self) -> User:
        """The person who is signed in. The admin lets nobody else through."""
        assert isinstance(self.request.user, User)  # noqa: S101 - tells the type checker
        return self.request.user

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> Page:
        """The answer: the template inside the admin's frame."""
        frame = {
            **self.admin.admin_site.each_context(self.request),
            "opts": IndexedTicket._meta,
            "list_address": reverse(LIST),
        }
        return Page(self.request, template, frame | context, status=status)
