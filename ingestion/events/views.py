"""The events door: an event is accepted when the stream has it."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.web.body import read_json, read_object
from config.web.errors import TooLarge
from config.web.views import DoorView
from ingestion.events import batch, stream, types
from ingestion.events.serializers import Event, EventAnswer, EventBatch, EventBatchAnswer


class IngestView(DoorView):
    """`/ingest`: one event."""

    scope = "events"

    @extend_schema(request=Event, responses={202: EventAnswer})
    def post(self, request: Request) -> Response:
        event = types.check(read_object(request))
        try:
            place = stream.put(stream.record(event))
        except stream.TooLarge as error:
            raise TooLarge(error.sentence) from None
        answer = {"message": "Event accepted", "eventType": event["event_type"]} | place.to_json()
        return Response(answer, status=202)


class IngestBatchView(DoorView):
    """`/ingest/batch`: up to 500 events, an array or `{"events": […]}`."""

    scope = "events"

    @extend_schema(request=EventBatch, responses={202: EventBatchAnswer})
    def post(self, request: Request) -> Response:
        results = batch.put(batch.events_of(read_json(request, settings.LARGE_REQUEST_MAX_BYTES)))
        return Response(batch.counts(results) | {"results": results}, status=202)
