"""What the events door takes and answers, for the API's documentation; types.py is what checks."""

from typing import Any

from rest_framework import serializers

from ingestion.events.batch import OUTCOMES
from ingestion.events.types import EVENT_TYPES


class Event(serializers.Serializer[dict[str, Any]]):
    """An event. Fields of the sender's own go along."""

    event_type = serializers.ChoiceField(choices=EVENT_TYPES)
    payload = serializers.DictField()
    timestamp = serializers.DateTimeField(required=False, help_text="When it happened; the time of arrival if absent.")
    partition_key = serializers.CharField(required=False, help_text="What to keep in order; the type if absent.")


class EventAnswer(serializers.Serializer[dict[str, Any]]):
    message = serializers.CharField()
    eventType = serializers.CharField()  # noqa: N815 - the event API's names are camel case
    sequenceNumber = serializers.CharField()  # noqa: N815
    shardId = serializers.CharField()  # noqa: N815


class EventBatch(serializers.Serializer[dict[str, Any]]):
    events = Event(many=True)


class EventResult(serializers.Serializer[dict[str, Any]]):
    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=list(OUTCOMES))
    eventType = serializers.CharField(required=False)  # noqa: N815
    sequenceNumber = serializers.CharField(required=False)  # noqa: N815
    shardId = serializers.CharField(required=False)  # noqa: N815
    error = serializers.CharField(required=False)


class EventBatchAnswer(serializers.Serializer[dict[str, Any]]):
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField(help_text="Not valid; sending them again changes nothing.")
    failed = serializers.IntegerField(help_text="Not stored; send these events again.")
    results = EventResult(many=True)
