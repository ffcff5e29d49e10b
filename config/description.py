"""How the API describes itself (OpenAPI), where the views alone cannot tell. Named in the settings."""

from typing import Any

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


def with_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: every operation of the document `result` tells of its errors too."""
    result["components"]["schemas"]["Error"] = ERROR
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("default", _ANSWER)
    return result
