"""What the ITSM API takes in."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from config.web.errors import BadRequest
from config.web.fields import JsonObject, NextCursor, OneOf, OnlyKnown, OptionalText, RequiredText, Texts
from ticketing.tickets import callers
from ticketing.tickets.ticket import LONGEST_KEY, LONGEST_LINE, LONGEST_TAG, MOST_TAGS
from ticketing.tickets.workflow import PRIORITIES, STATUSES, VISIBILITIES


class CallerId(RequiredText):
    """Who called, as the calling program names them."""

    def run_validation(self, data: Any = empty) -> Any:
        text = super().run_validation(data)
        if callers.is_whole_customer(text):
            raise serializers.ValidationError(f"{self.field_name} must not start with {callers.PREFIX}")
        if len(text.encode()) > LONGEST_KEY:
            raise serializers.ValidationError(f"{self.field_name} must not be longer than {LONGEST_KEY} bytes")
        return text


class Requester(JsonObject):
    """`{name?, email?}`, or null."""

    complaint = "{name} must be null or an object of name and email"

    def run_validation(self, data: Any = empty) -> Any:
        if data is None:
            return None
        value = super().run_validation(data)
        if set(value) - {"name", "email"} or not all(isinstance(one, str) for one in value.values()):
            raise self.complain()
        return {name: _line(f"requester's {name}", one) for name, one in value.items()}


def _line(name: str, text: str) -> str:
    field = OptionalText(LONGEST_LINE)
    field.field_name = name
    return field.to_internal_value(text)


class NewTicket(serializers.Serializer[dict[str, Any]]):
    """`POST /itsm/tickets`. Unknown fields are kept in `attributes` under their names."""

    caller_id = CallerId()
    issue_description = RequiredText()
    subject = OptionalText(LONGEST_LINE)
    type = OptionalText(LONGEST_LINE)
    priority = OneOf(PRIORITIES)
    tags = Texts(MOST_TAGS, LONGEST_TAG)
    attributes = JsonObject()

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        extra = {name: value for name, value in data.items() if name not in self.fields}
        attributes = values.get("attributes", {})
        for name in extra:
            if name in attributes:
                raise BadRequest(f"{name} stands in attributes already")
        return values | {"attributes": attributes | extra}


class TicketChange(OnlyKnown):
    """`PATCH /itsm/tickets/{id}`: any of these, each replaced whole."""

    unknown = "{name} cannot be changed; these can: {known}"

    subject = OptionalText(LONGEST_LINE)
    issue_description = RequiredText()
    type = OptionalText(LONGEST_LINE)
    status = OneOf(STATUSES)
    priority = OneOf(PRIORITIES)
    assignee = OptionalText(LONGEST_LINE)
    tags = Texts(MOST_TAGS, LONGEST_TAG)
    attributes = JsonObject()
    requester = Requester()


class NewComment(OnlyKnown):
    """`POST /itsm/tickets/{id}/comments`."""

    comment = RequiredText()
    author = OptionalText(LONGEST_LINE)
    visibility = OneOf(VISIBILITIES)


class TicketAnswer(serializers.Serializer[dict[str, Any]]):
    """A ticket in JSON (for the API's description; `Ticket.to_json` writes it)."""

    ticket_id = serializers.CharField()
    reference = serializers.CharField()
    channel = serializers.CharField()
    customer_id = serializers.CharField()
    caller_id = serializers.CharField()
    requester = serializers.JSONField(allow_null=True)
    subject = serializers.CharField(allow_null=True)
    issue_description = serializers.CharField()
    type = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=list(STATUSES))
    priority = serializers.ChoiceField(choices=list(PRIORITIES))
    tier = serializers.CharField()
    assignee = serializers.CharField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    attributes = serializers.JSONField()
    comment_count = serializers.IntegerField()
    last_comment_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(help_text="When the caller wrote.")
    received_at = serializers.DateTimeField(help_text="When it was taken in here.")
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class CommentAnswer(serializers.Serializer[dict[str, Any]]):
    """A comment in JSON (`Comment.to_json` writes it)."""

    ticket_id = serializers.CharField()
    comment_id = serializers.CharField()
    comment = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    visibility = serializers.ChoiceField(choices=list(VISIBILITIES))
    created_at = serializers.DateTimeField()


class ConversationAnswer(TicketAnswer):
    """A ticket with its first comments. More of them come by the cursor, which is null if there are none."""

    comments = CommentAnswer(many=True)
    comments_cursor = NextCursor()


class TicketPage(serializers.Serializer[dict[str, Any]]):
    tickets = TicketAnswer(many=True)
    next_cursor = NextCursor()


class CommentPage(serializers.Serializer[dict[str, Any]]):
    comments = CommentAnswer(many=True)
    next_cursor = NextCursor()
