"""Makes a draft of a ticket from a submitted payload, which may be any JSON object."""

from decimal import Decimal
from typing import Any

from config.caller import Tier
from config.text import is_plain
from ticketing.submissions import wordless
from ticketing.tickets import ids
from ticketing.tickets.callers import is_whole_customer, whole_customer
from ticketing.tickets.ticket import LONGEST_KEY, LONGEST_LINE, LONGEST_TAG, MOST_TAGS, Ticket, draft
from ticketing.tickets.workflow import PRIORITIES

_DESCRIPTIONS = ("issue_description", "description", "message")


def sender_id(payload: dict[str, Any]) -> str | None:
    """The sender's own id for the ticket, if the payload has one. A number counts as the text of its digits."""
    given = payload.get("ticket_id")
    if isinstance(given, str):
        return given if given.strip() else None
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        return None
    return ids.from_number(given)


def has_text(payload: dict[str, Any]) -> bool:
    """Whether a person can read in its ticket what it is about: it has a description or a subject."""
    subject: Any = payload.get("subject")
    return _described(payload) is not None or (_is_text(subject, LONGEST_LINE) and bool(subject.strip()))


def to_draft(payload: dict[str, Any], customer_id: str, tier: Tier) -> Ticket:
    """Known fields become the ticket's. All others stay in `attributes`, and so do known ones of the wrong kind.

    If no text is among them, the description says what came.
    """
    rest = dict(payload)
    known: dict[str, Any] = {}
    for name in ("subject", "type"):
        if _is_text(rest.get(name), LONGEST_LINE):
            known[name] = rest.pop(name)
    if _is_caller(rest.get("caller_id")):
        known["caller_id"] = rest.pop("caller_id")
    if rest.get("priority") in PRIORITIES:
        known["priority"] = rest.pop("priority")
    if _are_tags(rest.get("tags")):
        known["tags"] = rest.pop("tags")
    described = _described(rest)
    wordless_text = "" if has_text(payload) else wordless.description(payload)
    return draft(
        channel="submission",
        customer_id=customer_id,
        tier=tier,
        **{"caller_id": whole_customer(customer_id)} | known,
        issue_description=rest.pop(described) if described else wordless_text,
        attributes=rest,
    )


def _described(payload: dict[str, Any]) -> str | None:
    """The name of the field that holds the description."""
    return next((name for name in _DESCRIPTIONS if _is_text(payload.get(name)) and payload[name].strip()), None)


def _are_tags(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_TAGS and all(_is_text(tag, LONGEST_TAG) for tag in value)


def _is_text(value: Any, longest: int | None = None) -> bool:
    """Whether it is a text that the record can keep as it is. `attributes` keeps all else."""
    return isinstance(value, str) and is_plain(value) and not (longest and len(value) > longest)


def _is_caller(value: Any) -> bool:
    if not _is_text(value) or not value.strip() or is_whole_customer(value):
        return False
    return len(value.encode()) <= LONGEST_KEY
