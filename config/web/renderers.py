"""How an answer is written. Named in the settings as DRF's default."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

from config import json


class ExactJSONRenderer(BaseRenderer):
    """Writes an answer as JSON, with every digit of its numbers."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8; no parameter is defined for it

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else json.dumps(data).encode()
