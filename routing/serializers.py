"""What the routing door takes in, and how it shows a ticket."""

from typing import Any

from rest_framework import serializers

from config.web.fields import NextCursor, OnlyKnown, RequiredText
from ticketing.tickets.ticket import LONGEST_LINE, Comment, Ticket


class NewTicket(serializers.Serializer[dict[str, Any]]):
    """`POST /routing/tickets`."""

    type = RequiredText(LONGEST_LINE)
    message = RequiredText()


class NewComment(OnlyKnown):
    """`POST /routing/tickets/{id}/comments`."""

    comment = RequiredText()


class TicketAnswer(serializers.Serializer[dict[str, Any]]):
    """A ticket as the routing door shows it (`show` writes it)."""

    ticket_id = serializers.CharField()
    reference = serializers.CharField()
    type = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    tier = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()


class CommentAnswer(serializers.Serializer[dict[str, Any]]):
    """A comment as the routing door shows it (`show_comment` writes it)."""

    ticket_id = serializers.CharField()
    comment_id = serializers.CharField()
    comment = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class ConversationAnswer(TicketAnswer):
    """A ticket with all its public comments."""

    comments = CommentAnswer(many=True)


class TicketPage(serializers.Serializer[dict[str, Any]]):
    tickets = TicketAnswer(many=True)
    next_cursor = NextCursor()


def show(ticket: Ticket) -> dict[str, Any]:
    """The ticket in this door's words: the description is its message."""
    return {
        "ticket_id": ticket.ticket_id,
        "reference": ticket.reference,
        "type": ticket.type,
        "message": ticket.issue_description,
        "tier": ticket.tier,
        "status": ticket.status,
        "created_at": ticket.created_at,
    }


def show_comment(comment: Comment) -> dict[str, Any]:
    """A public comment; there are no others at this door."""
    return {name: value for name, value in comment.to_json().items() if name != "visibility"}
