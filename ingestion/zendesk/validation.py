"""Checks that Zendesk's answer is a whole ticket.

It looks only at what the desk needs, because Zendesk may add fields at any time.
"""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from ingestion.zendesk.errors import GiveUp

_ID = {"type": ["integer", "string"], "pattern": "^[0-9]{1,20}$"}
_ID_OR_NONE = {"type": ["integer", "string", "null"]}
_TEXT = {"type": ["string", "null"]}

_TICKET = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": _ID,
        "requester_id": _ID_OR_NONE,
        "subject": _TEXT,
        "description": _TEXT,
        "status": _TEXT,
        "priority": _TEXT,
        "type": _TEXT,
        "created_at": _TEXT,
        "updated_at": _TEXT,
        "tags": {"type": ["array", "null"], "items": {"type": "string"}},
    },
}
_COMMENT = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": _ID,
        "author_id": _ID_OR_NONE,
        "body": _TEXT,
        "public": {"type": ["boolean", "null"]},
        "created_at": _TEXT,
    },
}
_VALIDATOR = Draft202012Validator(
    {
        "type": "object",
        "required": ["ticket", "comments"],
        "properties": {
            "ticket": _TICKET,
            "comments": {"type": "array", "items": _COMMENT},
            "users": {"type": "array", "items": {"type": "object"}},
            "organizations": {"type": "array", "items": {"type": "object"}},
        },
    }
)


def check(context: dict[str, Any], zendesk_id: str) -> None:
    """Raise GiveUp, saying what is wrong, unless this is the ticket `zendesk_id` with its comments."""
    error = best_match(_VALIDATOR.iter_errors(context))
    if error is not None:
        # Give only the path and the rule: the value itself may be personal, or a megabyte long.
        where = ".".join(str(step) for step in error.absolute_path) or "answer"
        raise GiveUp(f"Zendesk's answer is not a whole ticket: {where} breaks the rule '{error.validator}'")
    if str(context["ticket"]["id"]) != zendesk_id:
        raise GiveUp(f"Zendesk answered with another ticket than {zendesk_id}")
