"""The ITSM door: tickets and comments over HTTP. Each view parses and validates, calls one service, answers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.caller import Caller
from config.request_id import request_id
from config.web.body import idempotency_key, open_cursor, page_limit, read_object, seal_cursor
from config.web.conditional import etag, expected_versions
from config.web.errors import BadRequest
from config.web.service_levels import ServiceLevel
from config.web.views import KEY_PARAMETER, PAGE_PARAMETERS, DoorView, created
from itsm.serializers import (
    CommentAnswer,
    CommentPage,
    ConversationAnswer,
    NewComment,
    NewTicket,
    TicketAnswer,
    TicketChange,
    TicketPage,
)
from ticketing import service
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import LONGEST_KEY, Actor, Place, Ticket, draft, new_comment

FIRST_COMMENTS = 100

_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description='The version seen, e.g. `"3"`, or a list of versions. If the ticket has another one, nothing changes.',
)
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description='The version seen, e.g. `"3"`. If it is still the ticket\'s, the answer is a 304 without a body.',
)
_IF_CLOSED = (
    "A closed ticket takes no change and no comment (409). To continue, open a new ticket, and give the closed one's "
    "`ticket_id` as `follow_up_of`."
)
_CALLER = OpenApiParameter("caller", str, required=True)


class TicketsView(DoorView):
    """`/itsm/tickets`"""

    scope = "itsm"
    service_level = ServiceLevel("PostTickets", door="itsm")

    @extend_schema(request=NewTicket, responses={201: TicketAnswer}, parameters=[KEY_PARAMETER])
    def post(self, request: Request) -> Response:
        caller, body = self.caller(request), read_object(request)
        key = Key.of(caller.customer_id, "POST /itsm/tickets", idempotency_key(request), body)
        form = NewTicket(data=body)
        form.is_valid(raise_exception=True)
        new = draft(channel="itsm", customer_id=caller.customer_id, tier=caller.tier, **form.validated_data)
        opened = service.open_ticket(new, key)
        location = f"/itsm/tickets/{opened.ticket.ticket_id}"
        return created(opened.ticket.to_json(), replayed=opened.replayed, location=location)

    @extend_schema(responses={200: TicketPage}, parameters=[_CALLER, *PAGE_PARAMETERS])
    def get(self, request: Request) -> Response:
        customer, limit = self.caller(request).customer_id, page_limit(request)
        caller_id = request.query_params.get("caller", "")
        if not caller_id.strip():
            raise BadRequest("caller is required")
        if len(caller_id.encode()) > LONGEST_KEY:
            return Response({"tickets": [], "next_cursor": None})  # nobody can have this id
        start = open_cursor(request, "itsm tickets", customer, caller_id)
        page = service.list_by_caller(caller_id, customer, start, limit)
        cursor = seal_cursor(page.next, "itsm tickets", customer, caller_id)
        return Response({"tickets": [one.to_json() for one in page.tickets], "next_cursor": cursor})


class NoTicketView(DoorView):
    """`/itsm/tickets/`: a path that lost its id."""

    scope = "itsm"

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        raise BadRequest("ticket_id is required")


class TicketView(DoorView):
    """`/itsm/tickets/{id}`"""

    scope = "itsm"

    @extend_schema(responses={200: ConversationAnswer, 304: None}, parameters=[_IF_NONE_MATCH])
    def get(self, request: Request, ticket_id: str) -> Response:
        customer = self.caller(request).customer_id
        ticket_id = service.from_path(ticket_id, customer)
        found = service.get_conversation(ticket_id, customer, FIRST_COMMENTS)
        comments = [one.to_json() for one in found.comments]
        cursor = seal_cursor(found.next, "comments", customer, ticket_id)
        return _ticket(found.ticket, {"comments": comments, "comments_cursor": cursor})

    @extend_schema(request=TicketChange, responses={200: TicketAnswer}, parameters=[_IF_MATCH], description=_IF_CLOSED)
    def patch(self, request: Request, ticket_id: str) -> Response:
        caller, body = self.caller(request), read_object(request)
        form = TicketChange(data=body, partial=True)
        form.is_valid(raise_exception=True)
        ticket = service.change_ticket(
            service.from_path(ticket_id, caller.customer_id),
            caller.customer_id,
            form.validated_data,
            _actor(caller),
            expected_versions(request),
        )
        return _ticket(ticket)


class CommentsView(DoorView):
    """`/itsm/tickets/{id}/comments`"""

    scope = "itsm"

    @extend_schema(
        request=NewComment, responses={201: CommentAnswer}, parameters=[KEY_PARAMETER], description=_IF_CLOSED
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        caller, body = self.caller(request), read_object(request)
        ticket_id = service.from_path(ticket_id, caller.customer_id)
        operation = f"POST /itsm/tickets/{ticket_id}/comments"
        key = Key.of(caller.customer_id, operation, idempotency_key(request), body)
        form = NewComment(data=body)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        added = service.add_comment(
            ticket_id,
            caller.customer_id,
            new_comment(values["comment"], author=values.get("author"), visibility=values.get("visibility", "public")),
            _actor(caller),
            key=key,
        )
        return created(added.comment.to_json(), replayed=added.replayed)

    @extend_schema(responses={200: CommentPage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request, ticket_id: str) -> Response:
        customer, limit = self.caller(request).customer_id, page_limit(request)
        ticket_id = service.from_path(ticket_id, customer)
        after = open_cursor(request, "comments", customer, ticket_id)
        if after:
            comments, more = service.more_comments(ticket_id, Place(after), limit)
        else:
            found = service.get_conversation(ticket_id, customer, limit)
            comments, more = found.comments, found.next
        cursor = seal_cursor(more, "comments", customer, ticket_id)
        return Response({"comments": [one.to_json() for one in comments], "next_cursor": cursor})


def _ticket(ticket: Ticket, more: dict[str, Any] | None = None) -> Response:
    return Response(ticket.to_json() | (more or {}), headers={"ETag": etag(ticket.version)})


def _actor(caller: Caller) -> Actor:
    return Actor(name=caller.name, door="itsm", request_id=request_id())
