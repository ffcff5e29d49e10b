"""The submission door."""

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.web.body import idempotency_key, read_object
from config.web.service_levels import ServiceLevel
from config.web.views import KEY_PARAMETER, DoorView, created
from ticketing.submissions import service

_ACCEPTED = inline_serializer(
    "SubmissionAccepted",
    {
        "submission_id": serializers.UUIDField(),
        "ticket_id": serializers.CharField(),
        "messageId": serializers.CharField(),
        "transport": serializers.ChoiceField(["inline", "compressed", "s3"]),
    },
)
_STATUS = inline_serializer(
    "SubmissionStatus",
    {
        "submission_id": serializers.UUIDField(),
        "status": serializers.ChoiceField(["accepted", "created", "duplicate", "failed"]),
        "ticket_id": serializers.CharField(),
        "error": serializers.CharField(required=False),
    },
)


class SubmissionsView(DoorView):
    """`/ticketing/submissions`"""

    scope = "submit"
    service_level = ServiceLevel("SubmitTicket", door="submission")

    @extend_schema(request=OpenApiTypes.OBJECT, responses={202: _ACCEPTED}, parameters=[KEY_PARAMETER])
    def post(self, request: Request) -> Response:
        payload = read_object(request, settings.LARGE_REQUEST_MAX_BYTES)
        accepted = service.submit(payload, self.caller(request), idempotency_key(request))
        return created(accepted.answer, replayed=accepted.replayed, status=202)


class SubmissionView(DoorView):
    """`/ticketing/submissions/{submission_id}`"""

    scope = "submit"

    @extend_schema(responses={200: _STATUS})
    def get(self, request: Request, submission_id: str) -> Response:
        return Response(service.status(submission_id, self.caller(request).customer_id))
