"""Writes and reads a line of JSON Lines: a ticket's JSON and its comments, each with the door it came in by."""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import simplejson
from django.conf import settings

from config import json, times
from config.caller import TIERS
from config.refusals import Invalid
from ticketing.record import items, overflow
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import LONGEST_KEY, Comment, Conversation, Ticket, draft
from ticketing.tickets.workflow import CHANNELS, PRIORITIES, STATUSES, VISIBILITIES
from ticketing.transfer import names
from ticketing.transfer.fields import Fields
from ticketing.transfer.foreign import Mapped

_TICKET = tuple(draft(channel="itsm", customer_id="", tier="general", caller_id="", issue_description="").to_json())
NAMES = (*_TICKET, "comments")
_WHOLE = {*NAMES} - {"received_at"}  # which exports of earlier versions of Foyer do not have
_REQUIRED = ("caller_id", "issue_description")
COMMENT_NAMES = ("ticket_id", "comment_id", "comment", "author", "visibility", "created_at", "door")
_SORT_KEY_BYTES = 1024  # DynamoDB's limit
_COMMENT_ID_BYTES = _SORT_KEY_BYTES - len(items.COMMENT)
# JSON allows these three as they are, but JavaScript, editors and Python's `splitlines` end a line at them. What else
# ends a line somewhere is a control character, which JSON escapes anyway.
_LINE_ENDS = {one: f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}
LONGEST = 256 * 1024 * 1024  # bytes of a line with its end: a line is written and read in one piece
_VALUES = LONGEST // json.BYTES_PER_VALUE
_BLANK = b"\xef\xbb\xbf \t\r\n"  # the first three are a byte order mark, which each of several joined files may bring
_DEPTH = json.OWN_DEPTH  # what came in by a door is nested a little deeper in a line


class Misnamed(Invalid):
    """The line has names that are not known: `faults` has a sentence for each, and for each name that is missing."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Line(Conversation):
    """What a line describes, its SHA-256, and the number of its comments that do not say who may see them.

    `told` has sentences about what another system's ticket has and this one has not. `keyed` has comments with the keys
    by which their door recognizes them.
    """

    fingerprint: str
    unsaid: int
    told: tuple[str, ...] = ()
    keyed: tuple[tuple[Comment, Key], ...] = ()


def write(found: Conversation) -> bytes:
    """The line in UTF-8, without its end. `comment_count` is the number of comments in the line.

    If description and attributes are no longer in S3, both are null. So everything else of the ticket is kept. An
    import refuses the line instead of taking an empty description for the real one, and somebody can correct it.
    Raises Invalid if the line would be longer than `read` accepts.
    """
    comments = [one.to_json() | {"door": one.door} for one in found.comments]
    lost = {} if overflow.is_whole(found.ticket) else dict.fromkeys(items.LARGE)
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


def read(text: bytes, zone: tzinfo | None = None, mapping: Callable[[dict[str, Any]], Mapped] | None = None) -> Line:
    """The ticket that a line describes, with its comments.

    If the line has no `ticket_id`, the id is derived from the line, so that a repeat is the same ticket. `zone` is that
    of times that name none; without it, they are refused. `mapping` makes a line's values of another system's ticket.
    Raises Invalid if the line cannot be a ticket, and what the mapping raises.
    """
    given = _object(text)
    mapped = mapping(given) if mapping else Mapped(given)
    values = mapped.values
    whole = values.keys() >= _WHOLE
    fields = Fields(values, whole, zone)
    _check_names(values)
    ticket = _ticket(values, fields)
    if values.get("reference") not in (None, ticket.reference):
        raise fields.refuse(f"reference is another ticket's: this one's is {ticket.reference}")
    comments = _comments(ticket, fields, whole, zone)
    unsaid = sum(one.get("visibility") is None for one in fields.comments())
    keyed = tuple(zip(comments, mapped.keys, strict=True)) if mapped.keys else ()
    return Line(_counted(ticket, comments), comments, None, _fingerprint(given), unsaid, tuple(mapped.told), keyed)


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
        values = json.loads(text.removeprefix(codecs.BOM_UTF8), _DEPTH, _VALUES)
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


def _check_names(values: Mapping[str, Any]) -> None:
    """Check the names of the ticket's fields and of its comments' at once, so that one run tells all of them."""
    faults = names.faults(values, NAMES, _REQUIRED, names.TICKET)
    for place, one in enumerate(_listed(values)):
        if isinstance(one, dict):
            faults += names.faults(one, COMMENT_NAMES, ("comment",), names.COMMENT, f"comment {place + 1}: ")
    if faults and (system := names.system_of(values)):
        faults.append(f"These are the names of {system.title()}: --from {system} maps its export")
    if faults:
        raise Misnamed(faults)


def _listed(values: Mapping[str, Any]) -> list[Any]:
    """The line's comments, before it is checked that they are a list of objects."""
    comments = values.get("comments")
    return comments if isinstance(comments, list) else []


def _ticket(values: dict[str, Any], fields: Fields) -> Ticket:
    fields.required("caller_id")
    customer_id = fields.text("customer_id") or settings.DEFAULT_CUSTOMER
    created_at, updated_at = fields.moment("created_at", _SORT_KEY_BYTES), fields.moment("updated_at")
    created_at = created_at or updated_at or items.NEVER
    return Ticket(
        ticket_id=_named(fields) or _id_of(customer_id, values),
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
        received_at=fields.moment("received_at") or (created_at if fields.whole else times.now()),
        updated_at=updated_at or created_at,
        version=fields.count("version", 1, items.COUNTED_BELOW["version"]),
    )


def _named(fields: Fields) -> str | None:
    """The line's own id, or None. No API could serve `..`: browsers, programs and proxies take it out of an address."""
    ticket_id = fields.key("ticket_id", LONGEST_KEY)
    if ticket_id and not {".", ".."}.isdisjoint(ticket_id.split("/")):
        raise fields.refuse('ticket_id must not have "." or ".." as a part: no address can name such a ticket')
    return ticket_id


def _id_of(customer_id: str, values: dict[str, Any]) -> str:
    return Key(customer_id, "import", json.fingerprint(values), "").keyed_id


def _fingerprint(given: Mapping[str, Any]) -> str:
    """The same for the same JSON. It is made piece by piece: all at once takes several times a line's memory."""
    pieces = {name: json.fingerprint(one) for name, one in given.items() if name != "comments"}
    return json.fingerprint([pieces, [json.fingerprint(one) for one in _listed(given)]])


def _comments(ticket: Ticket, fields: Fields, whole: bool, zone: tzinfo | None) -> list[Comment]:
    """The comments in the line's order. One without a time gets that of the one before it; the first, the ticket's."""
    comments: list[Comment] = []
    at = ticket.created_at
    for place, values in enumerate(fields.comments()):
        comments.append(_comment(ticket, place, values, Fields(values, whole, zone, f"comment {place + 1}: "), at))
        at = comments[-1].created_at
    said = [one["comment_id"] for one in fields.comments() if one.get("comment_id") is not None]
    for ids_ in (said, [one.comment_id for one in comments]):
        if len(set(ids_)) < len(ids_):
            raise fields.refuse("comments: a comment_id is there twice")
    return comments


def _comment(ticket: Ticket, place: int, values: dict[str, Any], fields: Fields, at: str) -> Comment:
    if values.get("ticket_id") not in (None, ticket.ticket_id):
        raise fields.refuse("ticket_id is another ticket's")
    created_at = fields.moment("created_at") or at
    comment_id = fields.key("comment_id", _COMMENT_ID_BYTES)
    if comment_id is None or not (fields.whole or ids.is_timed(comment_id)):  # the record sorts by id
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
