"""The six types of events that may come in, and what each must look like."""

from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from config import json, times
from config.refusals import Invalid
from config.text import has_lone_surrogate

_TEXT = {"type": "string"}

# Each type, with the JSON Schema of its payload if it has one. Nothing is required: `{}` is a valid payload.
_TYPES: Final[dict[str, dict[str, Any] | None]] = {
    "session_started": {
        "type": "object",
        "properties": {"session_id": _TEXT, "student_id": _TEXT, "tutor_id": _TEXT},
    },
    "session_completed": None,
    "ib_call_logged": None,
    "tutor_availability_updated": None,
    "customer_health_update": None,
    "supply_demand_update": None,
}
EVENT_TYPES: Final = tuple(_TYPES)
PARTITION_KEY_LENGTH: Final = 256  # characters, Kinesis's limit

_VALIDATORS = {name: Draft202012Validator(schema) for name, schema in _TYPES.items() if schema}


def check(event: Any) -> dict[str, Any]:
    """Return the event if it is valid. Raises refusals.Invalid with a sentence about the first fault."""
    if not isinstance(event, dict):
        raise Invalid("An event must be a JSON object")
    _check_type(event.get("event_type"))
    _check_payload(event["event_type"], event.get("payload"))
    _check_timestamp(event.get("timestamp"))
    _check_partition_key(event.get("partition_key"))
    return event


def _check_type(event_type: Any) -> None:
    if not isinstance(event_type, str) or not event_type.strip():
        raise Invalid("event_type is required")
    if event_type not in _TYPES:
        raise Invalid(f"Invalid event_type. Must be one of: {', '.join(EVENT_TYPES)}")


def _check_payload(event_type: str, payload: Any) -> None:
    if payload is None:
        raise Invalid("payload is required")
    if not isinstance(payload, dict):
        raise Invalid("payload must be a JSON object")
    validator = _VALIDATORS.get(event_type)
    error = best_match(validator.iter_errors(payload)) if validator else None
    if error is not None:
        where = ".".join(["payload", *(str(step) for step in error.absolute_path)])
        value = json.dumps(error.instance)[:100]  # as it was sent; jsonschema would quote it as Python does
        raise Invalid(f"{where}: {error.message.replace(repr(error.instance), value, 1)}")


def _check_timestamp(timestamp: Any) -> None:
    """If it is absent, null or empty, the time of arrival is used."""
    if timestamp in (None, ""):
        return
    if not isinstance(timestamp, str) or times.parse(timestamp) is None:
        raise Invalid("timestamp must be a time in ISO 8601, e.g. 2026-02-09T10:11:12Z")


def _check_partition_key(key: Any) -> None:
    if key is None:
        return
    if not isinstance(key, str) or not 1 <= len(key) <= PARTITION_KEY_LENGTH or has_lone_surrogate(key):
        raise Invalid(f"partition_key must be a text of 1 to {PARTITION_KEY_LENGTH} characters")
