"""What a ticket says if no text was recognised in its payload: what came, in plain words and as readable JSON."""

from typing import Any

import simplejson

from config.text import plain

NOTE = "No text was recognised in what came: the ticket's description says what it is"
_LONGEST = 4_000  # characters of JSON that are shown; `attributes` has all of it
_LONGEST_NAME = 200
_ADVICE = (
    "Foyer takes a ticket's text from `issue_description`, `description` or `message`, and its title from `subject`."
)
_CUT = "\n… (cut here; the attributes have all of it)"
_ENCODER = simplejson.JSONEncoder(indent=2, use_decimal=True, ensure_ascii=False)


def description(payload: dict[str, Any]) -> str:
    """The description of a ticket from a payload without a text."""
    return f"{_kind(payload)} came, and no text was recognised in it. {_ADVICE}\n\nWhat came:\n\n{_readable(payload)}"


def _kind(payload: dict[str, Any]) -> str:
    match payload:
        case {"detail-type": str(kind), "source": str(source)}:
            return plain(f"An EventBridge event ({source[:_LONGEST_NAME]}, {kind[:_LONGEST_NAME]})")
        case {"Records": [{"eventSource": "aws:s3"}, *_]} | {"Service": "Amazon S3"}:
            return "An event notification of S3"
        case {"requestContext": dict(), "requestPayload": _}:
            return "The record of a Lambda function's call"
        case {"Type": "SubscriptionConfirmation" | "UnsubscribeConfirmation"}:
            return "An SNS message about a subscription"
    return "A JSON object"


def _readable(payload: dict[str, Any]) -> str:
    """The JSON, indented. It is written only as far as it is shown: deep JSON would be many times as long indented."""
    text = ""
    for chunk in _ENCODER.iterencode(payload):
        text += chunk[: _LONGEST + 1]
        if len(text) > _LONGEST:
            return plain(text[:_LONGEST]) + _CUT
    return plain(text)
