"""How the API describes itself (OpenAPI), where the views alone cannot tell. Named in the settings."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework.serializers import Serializer

ERROR = {
    "type": "object",
    "description": "Every error, whatever its status.",
    "properties": {
        "error": {"type": "string", "description": "A sentence that says what is wrong."},
        "request_id": {"type": "string", "description": "The request's `X-Request-Id`, to find it by in the logs."},
    },
    "required": ["error", "request_id"],
}
_ANSWER = {
    "description": "Any error.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


class DoorSchema(AutoSchema):
    """Gives schemas the name of their app, since each door has a `NewTicket`, and calls a list's operation a list."""

    def get_serializer_name(self, serializer: Serializer[Any], direction: Direction) -> str:
        door = self.view.__module__.partition(".")[0]
        return door.capitalize() + super().get_serializer_name(serializer, direction)

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        return name if self.path.endswith("}") else name.replace("_retrieve", "_list")


def with_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: every operation of the document `result` tells of its errors too."""
    result["components"]["schemas"]["Error"] = ERROR
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("default", _ANSWER)
    return result
