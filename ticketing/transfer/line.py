"""Writes and reads a line of JSON Lines: a ticket's JSON and its comments, each with the door it came in by."""

import codecs
from dataclasses import dataclass, replace
from typing import Any

import simplejson
from django.conf import settings

from config import json
from config.caller import TIERS
from config.refusals import Invalid
from ticketing.record import items, overflow
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import LONGEST_KEY, Comment, Conversation, Ticket, draft
from ticketing.tickets.workflow import CHANNELS, PRIORITIES, STATUSES, VISIBILITIES
from ticketing.transfer.fields import Fields

_TICKET = tuple(draft(channel="itsm", customer_id="", tier="general", caller_id="", issue_description="").to_json())
_COMMENT = ("ticket_id", "comment_id", "comment", "author", "visibility", "created_at", "door")
_SORT_KEY_BYTES = 1024  # DynamoDB's limit
_COMMENT_ID_BYTES = _SORT_KEY_BYTES - len(items.COMMENT)
# JSON allows these three as they are, but JavaScript, editors and Python's `splitlines` end a line at them. What else
# ends a line somewhere is a control character, which JSON escapes anyway.
_LINE_ENDS = {one: f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}
LONGEST = 256 * 1024 * 1024  # bytes of a line with its end: a line is written and read in one piece
_BLANK = b"\xef\xbb\xbf \t\r\n"  # the first three are a byte order mark, which each of several joined files may bring
_DEPTH = json.OWN_DEPTH  # what came in by a door is nested a little deeper in a line


@dataclass(frozen=True)
class Line(Conversation):
    """What a line describes, its SHA-256, and the number of its comments that do not say who may see them."""

    fingerprint: str
    unsaid: int


def write(found: Conversation) -> bytes:
    """The line in UTF-8, without its end. `comment_count` is the number of comments in the line.

    If description and attributes are no longer in S3, both are null. So everything else of the ticket is kept. An
    import refuses the line instead of taking an empty description for the real one, and somebody can correct it.
    Raises Invalid if the line would be longer than `read` accepts.
    """
    comments = [one.to_json() | {"door": one.door} for one in found.comments]
    lost = {} if overflow.is_whole(found.ticket) else dict.fromkeys(overflow.FIELDS)
    text = _utf8(_counted(found.ticket, found.comments).to_json() | lost | {"comments": comments})
    if len(text) >= LONGEST:
        raise Invalid(
            f"The ticket {found.ticket.reference} with its comments is longer than {LONGEST} bytes, "
            "the most that a line may have"
        )
    return text


def is_blank(text: bytes) -> bool:
    """Whether there is nothing on the line."""
    return not text.strip(_BLANK)


def read(text: bytes) -> Line:
    """The ticket that a line describes, with its comments. Raises Invalid if the line cannot be a ticket.

    If the line has no `ticket_id`, the id is derived from the line, so that a repeat is the same ticket.
    """
    values = _object(text)
    whole = values.keys() >= {*_TICKET, "comments"}
    fields = Fields(values, whole)
    fields.only((*_TICKET, "comments"))
    ticket = _ticket(values, fields)
    if values.get("reference") not in (None, ticket.reference):
        raise fields.refuse(f"reference is another ticket's: this one's is {ticket.reference}")
    comments = _comments(ticket, fields, whole)
    unsaid = sum(one.get("visibility") is None for one in fields.comments())
    return Line(_counted(ticket, comments), comments, None, _fingerprint(values, fields), unsaid)


def _utf8(values: dict[str, Any]) -> bytes:
    """As `json.dumps`, but letters stay letters: as ASCII, a letter of another script takes up to six bytes.

    What some readers take for the end of a line is escaped, so that a line is one line to all of them. UTF-8
    has no lone surrogates. `backslashreplace` turns each into its JSON escape.
    """
    text = simplejson.dumps(values, use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    for end, escaped in _LINE_ENDS.items():
        text = text.replace(end, escaped)
    return text.encode("utf-8", "backslashreplace")


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise Invalid(f"The line is longer than {LONGEST} bytes")
    try:
        values = json.loads(text.removeprefix(codecs.BOM_UTF8), _DEPTH)
    except json.Refused as error:
        raise Invalid(f"The line cannot be kept as it is: {error}") from None
    except UnicodeDecodeError:
        raise Invalid("The line is not UTF-8") from None
    except ValueError:
        cause = ": CR ends no line, LF does" if b"\r" in text.strip() else ""
        raise Invalid(f"The line is not valid JSON{cause}") from None
    if not isinstance(values, dict):
        raise Invalid("The line is not a JSON object")
    return values


def _ticket(values: dict[str, Any], fields: Fields) -> Ticket:
    fields.required("caller_id")
    customer_id = fields.text("customer_id") or settings.DEFAULT_CUSTOMER
    created_at, updated_at = fields.moment("created_at", _SORT_KEY_BYTES), fields.moment("updated_at")
    created_at = created_at or updated_at or items.NEVER
    return Ticket(
        ticket_id=fields.key("ticket_id", LONGEST_KEY) or _id_of(customer_id, values),
        channel=fields.one_of("channel", CHANNELS, "itsm"),
        customer_id=customer_id,
        caller_id=fields.key("caller_id", LONGEST_KEY) or "",
        requester=fields.requester(),
        subject=fields.text("subject"),
        issue_description=fields.required("issue_description"),
        type=fields.text("type"),
        status=fields.one_of("status", STATUSES, "open"),
        priority=fields.one_of("priority", PRIORITIES, "normal"),
        tier=fields.one_of("tier", TIERS, "general"),
        assignee=fields.text("assignee"),
        tags=fields.tags(),
        attributes=fields.attributes(),
        created_at=created_at,
        updated_at=updated_at or created_at,
        version=fields.count("version", 1, items.COUNTED_BELOW["version"]),
    )


def _id_of(customer_id: str, values: dict[str, Any]) -> str:
    return Key(customer_id, "import", json.fingerprint(values), "").keyed_id


def _fingerprint(values: dict[str, Any], fields: Fields) -> str:
    """The same for the same JSON. It is made piece by piece: all at once takes several times a line's memory."""
    pieces = {name: json.fingerprint(one) for name, one in values.items() if name != "comments"}
    return json.fingerprint([pieces, [json.fingerprint(one) for one in fields.comments()]])


def _comments(ticket: Ticket, fields: Fields, whole: bool) -> list[Comment]:
    """The comments in the line's order. One without a time gets that of the one before it; the first, the ticket's."""
    comments: list[Comment] = []
    at = ticket.created_at
    for place, values in enumerate(fields.comments()):
        comments.append(_comment(ticket, place, values, whole, at))
        at = comments[-1].created_at
    said = [one["comment_id"] for one in fields.comments() if one.get("comment_id") is not None]
    for names in (said, [one.comment_id for one in comments]):
        if len(set(names)) < len(names):
            raise fields.refuse("comments: a comment_id is there twice")
    return comments


def _comment(ticket: Ticket, place: int, values: dict[str, Any], whole: bool, at: str) -> Comment:
    fields = Fields(values, whole, f"comment {place + 1}: ")
    fields.only(_COMMENT)
    if values.get("ticket_id") not in (None, ticket.ticket_id):
        raise fields.refuse("ticket_id is another ticket's")
    created_at = fields.moment("created_at") or at
    comment_id = fields.key("comment_id", _COMMENT_ID_BYTES)
    if comment_id is None or not (whole or ids.is_timed(comment_id)):  # the record sorts by id
        comment_id = ids.timed_id(created_at, place, json.fingerprint([ticket.ticket_id, place, values]))
    return Comment(
        ticket_id=ticket.ticket_id,
        comment_id=comment_id,
        comment=fields.required("comment"),
        author=fields.text("author"),
        visibility=fields.one_of("visibility", VISIBILITIES, "internal"),
        created_at=created_at,
        door=fields.text("door") or "",
    )


def _counted(ticket: Ticket, comments: list[Comment]) -> Ticket:
    last = max((one.comment_id for one in comments), key=str.encode, default=None)  # as the record sorts them
    return replace(ticket, comment_count=len(comments), last_comment_id=last)
