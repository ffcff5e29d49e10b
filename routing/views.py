"""The routing door: a customer's own tickets, routed by the tier of their token."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from config.caller import Caller
from config.refusals import Absent
from config.request_id import request_id
from config.web.body import idempotency_key, open_cursor, page_limit, read_object, seal_cursor
from config.web.service_levels import ServiceLevel
from config.web.views import KEY_PARAMETER, PAGE_PARAMETERS, DoorView, created
from routing.serializers import (
    CommentAnswer,
    ConversationAnswer,
    NewComment,
    NewTicket,
    TicketAnswer,
    TicketPage,
    show,
    show_comment,
)
from ticketing import service
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Ticket, draft, new_comment


class TicketsView(DoorView):
    """`/routing/tickets`"""

    scope = "route"
    service_level = ServiceLevel("PostTickets", door="routing")

    @extend_schema(request=NewTicket, responses={201: TicketAnswer}, parameters=[KEY_PARAMETER])
    def post(self, request: Request) -> Response:
        caller = self.caller(request)
        values, key = _read(request, NewTicket, caller, "POST /routing/tickets")
        new = draft(
            channel="routing",
            customer_id=caller.customer_id,
            tier=caller.tier,
            caller_id=_caller_id(caller),
            type=values["type"],
            issue_description=values["message"],
            attributes=values["attributes"],
        )
        opened = service.open_ticket(new, key)
        location = f"/routing/tickets/{opened.ticket.ticket_id}"
        return created(show(opened.ticket), replayed=opened.replayed, location=location)

    @extend_schema(responses={200: TicketPage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        caller, limit = self.caller(request), page_limit(request)
        start = open_cursor(request, "routing tickets", caller.customer_id)
        page = service.list_by_caller(_caller_id(caller), caller.customer_id, start, limit, channel="routing")
        cursor = seal_cursor(page.next, "routing tickets", caller.customer_id)
        return Response({"tickets": [show(one) for one in page.tickets], "next_cursor": cursor})


class TicketView(DoorView):
    """`/routing/tickets/{id}`"""

    scope = "route"

    @extend_schema(responses={200: ConversationAnswer})
    def get(self, request: Request, ticket_id: str) -> Response:
        ticket, comments = _conversation(ticket_id, self.caller(request))
        return Response(show(ticket) | {"comments": comments})


class CommentsView(DoorView):
    """`/routing/tickets/{id}/comments`"""

    scope = "route"

    @extend_schema(request=NewComment, responses={201: CommentAnswer}, parameters=[KEY_PARAMETER])
    def post(self, request: Request, ticket_id: str) -> Response:
        caller = self.caller(request)
        ticket_id = service.from_path(ticket_id, caller.customer_id)
        values, key = _read(request, NewComment, caller, f"POST /routing/tickets/{ticket_id}/comments")
        _routed(service.get_ticket(ticket_id, caller.customer_id))
        added = service.add_comment(
            ticket_id,
            caller.customer_id,
            new_comment(values["comment"], author=_caller_id(caller)),
            Actor(name=caller.name, door="routing", request_id=request_id()),
            key=key,
        )
        return created(show_comment(added.comment), replayed=added.replayed)


def _read(
    request: Request, form_class: type[Serializer[Any]], caller: Caller, operation: str
) -> tuple[dict[str, Any], Key | None]:
    """The validated body (unknown fields under `attributes`), and its idempotency key."""
    body = read_object(request)
    key = Key.of(caller.customer_id, operation, idempotency_key(request), body)
    form = form_class(data=body)
    form.is_valid(raise_exception=True)
    extra = {name: value for name, value in body.items() if name not in form.fields}
    return form.validated_data | {"attributes": extra}, key


def _conversation(ticket_id: str, caller: Caller) -> tuple[Ticket, list[dict[str, Any]]]:
    """A ticket of this customer that came in by this door, with its public comments."""
    ticket_id = service.from_path(ticket_id, caller.customer_id)
    found = service.get_conversation(ticket_id, caller.customer_id)
    _routed(found.ticket)
    comments, more = list(found.comments), found.next
    while more:
        page, more = service.more_comments(ticket_id, more, 100)
        comments += page
    return found.ticket, [show_comment(one) for one in comments if one.visibility == "public"]


def _routed(ticket: Ticket) -> None:
    """Raises Absent for a ticket that came in by another door."""
    if ticket.channel != "routing":
        raise Absent("Ticket not found")


def _caller_id(caller: Caller) -> str:
    """The customer as a caller: a prefix that other doors refuse."""
    return whole_customer(caller.customer_id)
