"""Takes a message out of what another service put around it: SNS's envelope, or an EventBridge event.

Each may stand in the other, as where EventBridge publishes to a topic. What is inside may have any form of a message
(envelope.py). A text that is no JSON object becomes a payload with this text as its `message`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from config import json
from config.aws import events
from ticketing.submissions import pointers
from ticketing.submissions.payload import has_text

_DEEPEST = 5  # wrappers around each other


@dataclass(frozen=True)
class Unwrapped:
    """A message without its wrappers.

    `sent_as` is the id that the innermost wrapper gave it. A service that sends it again gives it the same.
    `subject` is the one in SNS's envelope. If several have one, the innermost counts: its giver knew the payload.
    """

    value: Any
    attributes: frozenset[str] = frozenset()
    sent_as: str | None = None
    subject: str | None = None


def unwrap(value: Any, attributes: Collection[str] = ()) -> Unwrapped:
    """The message in a body's JSON. `attributes` are the names of those that are on the message itself."""
    found = Unwrapped(value, frozenset(attributes))
    for _ in range(_DEEPEST):
        inner = _from_topic(found) or _from_event_bus(found)
        if inner is None or inner == found:
            break
        found = inner
    return found


def is_wrapped(value: Any) -> bool:
    """Whether a payload looks like one of the wrappers, and would be taken for it."""
    return events.notification(value) is not None or _is_event(value)


def _from_topic(outer: Unwrapped) -> Unwrapped | None:
    """What was published to a topic whose subscription has no raw delivery."""
    published = events.notification(outer.value)
    if published is None:
        return None
    attributes = outer.attributes | published.attributes
    sent_as = f"sns {published.message_id}" if published.message_id else outer.sent_as
    return Unwrapped(_content(published.text, attributes), attributes, sent_as, published.subject or outer.subject)


def _content(text: str, attributes: Collection[str]) -> Any:
    """What was published."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) or is_form(value, attributes) else {"message": text}


def _from_event_bus(outer: Unwrapped) -> Unwrapped | None:
    """The `detail` of an event, if it can be a ticket's payload; else the whole event, which tells more."""
    event = outer.value
    if not _is_event(event):
        return None
    sent_as = f"eventbridge {event['id']}" if isinstance(event.get("id"), str) else outer.sent_as
    detail = event["detail"]
    opened = has_text(detail) or is_wrapped(detail) or is_form(detail, outer.attributes)
    return Unwrapped(detail if opened else event, outer.attributes, sent_as, outer.subject)


def is_form(value: Any, attributes: Collection[str] = ()) -> bool:
    """Whether it is a pointer, or compressed."""
    return pointers.find(value, attributes) is not None or is_compressed(value)


def is_compressed(value: Any) -> bool:
    """Whether it says that its payload is compressed. An object with a `data` of its own, such as a list, does not."""
    if not isinstance(value, dict) or value.get("type") != "COMPRESSED" or "data" not in value:
        return False
    return isinstance(value["data"], str) or set(value) == {"type", "data"}


def _is_event(value: Any) -> bool:
    match value:
        case {"detail-type": str(), "source": str(), "detail": dict()}:
            return True
    return False
