"""What the Zendesk door takes and answers, for the API's documentation; views.py is what checks."""

from typing import Any

from rest_framework import serializers


class Notice(serializers.Serializer[dict[str, Any]]):
    """What a trigger sends when a tag was put on a ticket."""

    ticket_id = serializers.IntegerField(help_text="Or the same digits as a text.")
    tag_added = serializers.CharField(required=False)


class Accepted(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(choices=["accepted"])
    delivery_id = serializers.UUIDField()


class Ignored(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(choices=["ignored"])
