"""A batch of events: each is checked on its own, and the valid ones go to the stream together."""

from typing import Any, Final

from config.refusals import Busy, Invalid
from ingestion.events import stream, types

MAX_EVENTS: Final = 500
OUTCOMES: Final = ("accepted", "rejected", "failed")  # each event of a batch has exactly one
_NAMED: Final = 10  # how many complaints a refusal lists

_FAILED = "The event stream did not take the event: send it again"


def events_of(body: Any) -> list[Any]:
    """The events in a batch's body, a JSON array or `{"events": […]}`.

    Raises refusals.Invalid if the body is anything else, or has no event or more than 500.
    """
    events = body.get("events") if isinstance(body, dict) else body
    if not isinstance(events, list):
        raise Invalid('A batch must be a JSON array of events, or {"events": [...]}')
    if not events:
        raise Invalid("A batch must have at least one event")
    if len(events) > MAX_EVENTS:
        raise Invalid(f"A batch must not have more than {MAX_EVENTS} events")
    return events


def put(events: list[Any]) -> list[dict[str, Any]]:
    """Put the valid events into the stream. Returns what became of each event, in the order sent.

    Raises refusals.Invalid if no event is valid, and Busy if the stream accepted none of the valid ones.
    """
    checked = [_check(event) for event in events]
    records = [one for one in checked if isinstance(one, stream.Record)]
    if not records:
        raise Invalid(f"No event is valid: {_complaints(checked)}")
    places = stream.put_all(records)
    if not any(places):
        raise Busy
    outcomes = iter(places)
    return [
        {"index": index} | (_stored(one, next(outcomes)) if isinstance(one, stream.Record) else _rejected(one))
        for index, one in enumerate(checked)
    ]


def counts(results: list[dict[str, Any]]) -> dict[str, int]:
    """How many events had each outcome. Together they are the batch, so a sender sees when some must be sent again."""
    statuses = [result["status"] for result in results]
    return {outcome: statuses.count(outcome) for outcome in OUTCOMES}


def _check(event: Any) -> stream.Record | str:
    """The event's record, or what is wrong with it."""
    try:
        return stream.record(types.check(event))
    except (Invalid, stream.TooLarge) as error:
        return error.sentence


def _stored(record: stream.Record, place: stream.Place | None) -> dict[str, Any]:
    if place is None:
        return {"status": "failed", "eventType": record.event_type, "error": _FAILED}
    return {"status": "accepted", "eventType": record.event_type} | place.to_json()


def _rejected(complaint: str) -> dict[str, Any]:
    return {"status": "rejected", "error": complaint}


def _complaints(checked: list[stream.Record | str]) -> str:
    """The first few complaints, each with its event's index."""
    more = "; …" if len(checked) > _NAMED else ""
    return "; ".join(f"[{index}] {one}" for index, one in enumerate(checked[:_NAMED])) + more
