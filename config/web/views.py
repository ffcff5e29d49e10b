"""What every API view has in common."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.caller import Caller, caller_behind
from config.web.conditional import is_known
from config.web.service_levels import UNKNOWN, ServiceLevel

# Parameters that many requests share, for the API's description.
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="Makes a repeat of the request harmless."
)
PAGE_PARAMETERS = [OpenApiParameter("limit", int), OpenApiParameter("cursor", str)]


class DoorView(APIView):
    """A door's view: authenticated by token, allowed by scope, answering in JSON.

    `service_level` says as what its POST requests are counted.
    """

    scope: ClassVar[str]
    service_level: ClassVar[ServiceLevel | None] = None
    tier: str = UNKNOWN  # the caller's, once it is known

    def caller(self, request: Request) -> Caller:
        """The caller. Call this only after `initial` has let the request in."""
        caller = caller_behind(request)
        assert caller  # noqa: S101 - HasScope saw to it; this tells the type checker
        return caller

    def perform_authentication(self, request: Request) -> None:
        """DRF's step that finds the caller. Raises what authentication raises."""
        caller = caller_behind(request)
        self.tier = caller.tier if caller else UNKNOWN

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """DRF's last step, which every answer passes, also an error."""
        if self.service_level and request.method == "POST":
            self.service_level.count(fault=response.status_code >= 500, tier=self.tier)
        tag = response.get("ETag")
        if tag and request.method in SAFE_METHODS and response.status_code == 200 and is_known(request, tag):
            response = Response(status=304, headers={"ETag": tag})
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        return final


def created(body: dict[str, Any], *, replayed: bool, location: str | None = None, status: int = 201) -> Response:
    """The answer to a creating request. `Idempotency-Replayed: true` marks the answer to a repeat."""
    headers = {"Location": location} if location else {}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(body, status=status, headers=headers)
