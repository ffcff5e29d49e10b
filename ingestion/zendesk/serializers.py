"""What the Zendesk door takes and answers, for the API's documentation; notice.py is what checks."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_TEXTS = {"type": "array", "items": {"type": "string"}}


@extend_schema_field({"oneOf": [{"type": "string"}, _TEXTS]})
class _Tags(serializers.JSONField):
    """A tag, several in one text, or a list of them."""


class NoticeDetail(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField(help_text="Digits.")


class NoticeEvent(serializers.Serializer[dict[str, Any]]):
    tags_added = serializers.ListField(child=serializers.CharField())


class Notice(serializers.Serializer[dict[str, Any]]):
    """What a trigger sends when a tag was put on a ticket: `ticket_id` and `tag_added`.

    An event subscription of Zendesk sends `type`, `detail` and `event` instead. Other fields are not read.
    """

    ticket_id = serializers.IntegerField(required=False, help_text="Or the same digits as a text.")
    tag_added = _Tags(required=False, help_text="A tag, several in one text, or a list of them.")
    type = serializers.CharField(required=False, help_text="`zen:event-type:ticket.tags_changed`")
    detail = NoticeDetail(required=False)
    event = NoticeEvent(required=False)


class Accepted(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(choices=["accepted"])
    delivery_id = serializers.UUIDField()


class Ignored(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(choices=["ignored"])
