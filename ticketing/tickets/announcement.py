"""An announcement: the JSON message that tells everyone who needs to know that a ticket is new or changed.

It is sealed (config/seal.py), because whoever may send to a topic or a queue can write one. What has no valid seal says
which ticket to look at, and nothing else.
"""

import logging
from dataclasses import dataclass, replace
from typing import Any, Literal

from config import json, seal
from config.aws.events import SqsRecord, notification
from ticketing.tickets.ticket import Ticket, from_json

EventName = Literal["ticket.created", "ticket.updated"]

MAX_TICKET_BYTES = 200_000  # a larger ticket is sent without its description and attributes
_LARGE_FIELDS = ("issue_description", "attributes")
FOREIGN = "The message is no announcement of a ticket"  # why nobody can work it
_UNSEALED = "An announcement was not sealed by Foyer within the last day: its ticket is read from the record"
_TEXTS = ("event", "ticket_id", "tier", "channel", "request_id", "occurred_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Announcement:
    """What happened to a ticket."""

    event: EventName
    ticket_id: str
    version: int  # the ticket's
    tier: str
    channel: str
    request_id: str  # of the request that made this version
    occurred_at: str  # the ticket's `updated_at`
    ticket: Ticket | None  # None if it was too large to be sent whole, or has no valid seal: read it from the record


def to_message(ticket: Ticket, event: EventName) -> tuple[str, dict[str, str]]:
    """The message's body (JSON), and its attributes, which the topic's filters read."""
    values = ticket.to_json()
    partial = ticket.overflow is not None or len(json.dumps(values)) > MAX_TICKET_BYTES
    if partial:
        values = {name: value for name, value in values.items() if name not in _LARGE_FIELDS}
    body = {
        "event": event,
        "ticket_id": ticket.ticket_id,
        "version": ticket.version,
        "tier": ticket.tier,
        "channel": ticket.channel,
        "request_id": ticket.request_id,
        "occurred_at": ticket.updated_at,
        "ticket": values,
    }
    attributes: dict[str, str] = {"event": event, "tier": ticket.tier, "channel": ticket.channel}
    replaced = {"replaced": {"times": ticket.replacements, "comment_id": ticket.replaced_comment_id}}
    body |= replaced if ticket.replacements else {}
    return seal.seal(json.dumps(body | ({"partial": True} if partial else {}))), attributes


def from_message(body: str) -> Announcement:
    """The announcement in a message's body, or in SNS's envelope there, as a subscription without raw delivery has it.

    Raises ValueError if the body is not an announcement. Such a message can never be processed.
    """
    try:
        values, sealed = _announced(body)
        texts = {name: _text(values[name]) for name in _TEXTS}
        whole = None if values.get("partial") else _ticket(values, texts["request_id"])
        if whole and not sealed:
            log.warning(_UNSEALED)
            whole = None
        return Announcement(
            event=values["event"],
            ticket_id=values["ticket_id"],
            version=values["version"],
            tier=values["tier"],
            channel=values["channel"],
            request_id=values["request_id"],
            occurred_at=values["occurred_at"],
            ticket=whole,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an announcement: {error!r}") from None


def about(record: SqsRecord) -> set[str]:
    """The id of the ticket that a message (Lambda's SQS form) announces; empty if it is not an announcement."""
    try:
        values, _ = _announced(record["body"])
        return {str(values["ticket_id"])}
    except (ValueError, KeyError, TypeError):
        return set()


def _ticket(values: dict[str, Any], request_id: str) -> Ticket:
    """The announced ticket, with how often one of its comments was replaced, and which one was last."""
    ticket = from_json(values["ticket"], request_id)
    match values.get("replaced"):
        case {"times": int(times), "comment_id": str(comment_id)}:
            return replace(ticket, replacements=times, replaced_comment_id=comment_id)
    return ticket


def _announced(body: str) -> tuple[Any, bool]:
    """The announcement's values, and whether Foyer sealed them. A ticket of earlier versions has any number of them."""
    if seal.holds(body):
        return json.loads(body, json.OWN_DEPTH, None), True
    value = json.loads(body, json.OWN_DEPTH)
    published = notification(value)
    if not published:
        return value, False
    sealed = seal.holds(published.text)
    return json.loads(published.text, json.OWN_DEPTH, None if sealed else json.MAX_VALUES), sealed


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a text is missing")
    return value
