"""Reads what a webhook says: which ticket, and whether it was tagged for an expert.

A trigger sends JSON that an administrator wrote, and an event subscription sends Zendesk's own form.
"""

import re
from typing import Any, Final

from config.web.errors import BadRequest

TAG: Final = "need_sme"  # what support staff put on a ticket that needs an expert

_EVENTS: Final = "zen:event-type:"
_TAGS_CHANGED: Final = "zen:event-type:ticket.tags_changed"
_DIGITS = re.compile(r"[0-9]{1,20}")
_BETWEEN = re.compile(r"[\s,]+")


def tagged(body: Any) -> str | None:
    """The id of the ticket that was tagged. None if the webhook is about another tag, or about another event.

    Raises BadRequest (400) for what is no form that Foyer knows, and for a ticket id that is not digits.
    """
    if not isinstance(body, dict):
        raise BadRequest("Request body is not valid JSON")
    kind = body.get("type")
    if body.get("ticket_id") is None and isinstance(kind, str) and kind.startswith(_EVENTS):
        return _of_event(kind, body)
    zendesk_id = _ticket_id(body.get("ticket_id"))
    return zendesk_id if TAG in _words(body.get("tag_added")) else None


def _of_event(kind: str, body: dict[str, Any]) -> str | None:
    """As `tagged`, for the form of an event subscription."""
    if kind != _TAGS_CHANGED:
        return None
    zendesk_id = _ticket_id(_inner(body, "detail").get("id"))
    return zendesk_id if TAG in _words(_inner(body, "event").get("tags_added")) else None


def _words(value: Any) -> set[str]:
    """The tags in a list, or in a text of one or several (the placeholder `{{ticket.tags}}` gives all), small."""
    texts = value if isinstance(value, list) else [value]
    return {word.lower() for text in texts if isinstance(text, str) for word in _BETWEEN.split(text)}


def _inner(body: dict[str, Any], name: str) -> dict[str, Any]:
    inner = body.get(name)
    return inner if isinstance(inner, dict) else {}


def _ticket_id(value: Any) -> str:
    """Zendesk's ticket id, digits as a number or (a trigger's placeholder gives these) as a text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadRequest("ticket_id is required")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _DIGITS.fullmatch(text) or not int(text):
        raise BadRequest("ticket_id is not valid")
    return str(int(text))  # without leading zeros: one ticket, one id
