"""The Zendesk door: POST /webhooks/zendesk."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.web import body
from config.web.errors import ApiError, Unauthorized
from ingestion.zendesk import intake, notice, signature
from ingestion.zendesk.serializers import Accepted, Ignored, Notice

_HEADERS = [
    OpenApiParameter(f"X-Zendesk-Webhook-{name}", str, OpenApiParameter.HEADER, required=required)
    for name, required in (("Signature", True), ("Signature-Timestamp", True), ("Invocation-Id", False))
]


_QUOTED = ': the name "'  # what follows in a sentence of config/json.py is of the body, and may be a customer's words


class ZendeskWebhook(APIView):
    """Takes a signed webhook in and answers at once; the work is a job."""

    authentication_classes = ()  # the signature says who sent it
    permission_classes = (AllowAny,)

    @extend_schema(request=Notice, responses={202: Accepted, 200: Ignored}, parameters=_HEADERS)
    def post(self, request: Request) -> Response:
        """202 with the delivery's id, or 200 `ignored` for another tag. 401, 400, and 503 if we cannot take it now."""
        zendesk_id = _read(request, _signed(request))
        if zendesk_id is None:
            return Response({"status": "ignored"})
        delivery_id = intake.take_in(zendesk_id, request.headers.get("X-Zendesk-Webhook-Invocation-Id"))
        return Response({"status": "accepted", "delivery_id": delivery_id}, status=202)


def _read(request: Request, said: bytes) -> str | None:
    """What `notice.tagged` says of the signed bytes. A refusal is written down first, since Zendesk does not repeat it.

    If the bytes are packed, they are unpacked here. Whoever signs, signs what they send, and nobody else can make this
    door unpack anything.
    """
    try:
        said = body.plain(request, said)
        return notice.tagged(body.parse_json(said))
    except ApiError as error:
        sent = request.headers.get("X-Zendesk-Webhook-Invocation-Id")
        intake.refuse(
            said, str(error.detail).partition(_QUOTED)[0], sent, request.headers["X-Zendesk-Webhook-Signature"]
        )
        raise


def _signed(request: Request) -> bytes:
    """The very bytes that came, once their signature was checked. Raises Unauthorized (401), and 413 and 415."""
    raw = body.read_bytes(request)
    given = request.headers.get("X-Zendesk-Webhook-Signature", "")
    timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    if not signature.is_valid(given, timestamp, raw):
        raise Unauthorized("Invalid signature")
    return raw
