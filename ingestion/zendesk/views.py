"""The Zendesk door: POST /webhooks/zendesk."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.web import body
from config.web.errors import BadRequest, Unauthorized
from ingestion.zendesk import intake, signature
from ingestion.zendesk.serializers import Accepted, Ignored, Notice

TAG = "need_sme"  # what support staff put on a ticket that needs an expert

_HEADERS = [
    OpenApiParameter(f"X-Zendesk-Webhook-{name}", str, OpenApiParameter.HEADER, required=required)
    for name, required in (("Signature", True), ("Signature-Timestamp", True), ("Invocation-Id", False))
]
_DIGITS = re.compile(r"[0-9]{1,20}")


class ZendeskWebhook(APIView):
    """Takes a signed webhook in and answers at once; the work is a job."""

    authentication_classes = ()  # the signature says who sent it
    permission_classes = (AllowAny,)

    @extend_schema(request=Notice, responses={202: Accepted, 200: Ignored}, parameters=_HEADERS)
    def post(self, request: Request) -> Response:
        """202 with the delivery's id, or 200 `ignored` for another tag. 401, 400, and 503 if we cannot take it now."""
        notice = _signed(request)
        zendesk_id = _ticket_id(notice.get("ticket_id"))
        if notice.get("tag_added") != TAG:
            return Response({"status": "ignored"})
        delivery_id = intake.take_in(zendesk_id, request.headers.get("X-Zendesk-Webhook-Invocation-Id"))
        return Response({"status": "accepted", "delivery_id": delivery_id}, status=202)


def _signed(request: Request) -> dict[str, Any]:
    """The body as an object, once its signature was checked over the very bytes that came.

    If they are packed, they are unpacked afterwards. Whoever signs, signs what they send, and nobody else can make
    this door unpack anything.
    """
    raw = body.read_bytes(request)
    given = request.headers.get("X-Zendesk-Webhook-Signature", "")
    timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    if not signature.is_valid(given, timestamp, raw):
        raise Unauthorized("Invalid signature")
    notice = body.parse_json(body.plain(request, raw))
    if not isinstance(notice, dict):
        raise BadRequest("Request body is not valid JSON")
    return notice


def _ticket_id(value: Any) -> str:
    """Zendesk's ticket id, digits as a number or (a trigger's placeholder gives these) as a text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadRequest("ticket_id is required")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _DIGITS.fullmatch(text):
        raise BadRequest("ticket_id is not valid")
    return str(int(text))  # without leading zeros: one ticket, one id
