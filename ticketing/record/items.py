"""Converts tickets and comments to items of the table, and back. Nothing here calls AWS.

Reading is lenient, because another program's `TICKET` item is served too. What such an item lacks, or has in an invalid
form, reads as its default.
"""

import base64
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, SupportsBytes, TypeVar

from django.conf import settings

from config import json
from config.caller import TIERS
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.ticket import Comment, Ticket
from ticketing.tickets.workflow import CHANNELS, PRIORITIES, STATUSES, VISIBILITIES

Item = dict[str, Any]  # as aws.Table takes and returns it, with Python values

TICKET = "TICKET"
COMMENT = "TICKET#COMMENT#"
CHANGE = "CHANGE#"
KEY = "KEY#"
ANSWERS = "ANSWERS"

LARGE = ("issue_description", "attributes")  # the fields that S3 holds if the item is too large with them

COUNTED_BELOW = {"version": 2**63, "comment_count": 2**31}  # what the index's columns can hold
_WHOLE_BELOW = COUNTED_BELOW | {
    "imported_version": COUNTED_BELOW["version"],
    "replacements": COUNTED_BELOW["comment_count"],
    "revision": COUNTED_BELOW["comment_count"],
}

NEVER = "1970-01-01T00:00:00.000Z"  # read if an item has no time
T = TypeVar("T")


def ticket_key(ticket_id: str) -> Item:
    """The primary key of the ticket's own item."""
    return {"ticket_id": ticket_id, "item": TICKET}


def comment_key(ticket_id: str, comment_id: str) -> Item:
    """The primary key of a comment's item."""
    return {"ticket_id": ticket_id, "item": COMMENT + comment_id}


def from_ticket(ticket: Ticket, fingerprint: str | None) -> Item:
    """A new ticket as its item. `fingerprint` is the SHA-256 of the request that made it, None if no request did."""
    values = ticket.to_json() | {
        "item": TICKET,
        "attributes": json.dumps(ticket.attributes),
        "request_id": ticket.request_id,
        "fingerprint": fingerprint,
        "overflow": ticket.overflow,
        "imported_version": ticket.imported_version,
        "imported_line": ticket.imported_line,
        "replacements": ticket.replacements or None,
        "replaced_comment_id": ticket.replaced_comment_id,
        "redacted": ticket.redacted or None,
        "leftovers": ticket.leftovers or None,
        "zendesk": json.dumps(ticket.zendesk) if ticket.zendesk else None,
        "erased": ticket.erased or None,
        "erasing": ticket.erasing or None,
    }
    return _without_nothing(values)


def to_ticket(values: Item) -> Ticket:
    """The ticket in a `TICKET` item, with defaults for what is missing or invalid."""
    customer_id = _text(values, "customer_id") or settings.DEFAULT_CUSTOMER
    created_at = _text(values, "created_at") or _text(values, "updated_at") or NEVER
    return Ticket(
        ticket_id=str(values["ticket_id"]),
        channel=_one_of(CHANNELS, values.get("channel"), "itsm"),
        customer_id=customer_id,
        caller_id=_text(values, "caller_id") or whole_customer(customer_id),
        requester=_requester(values.get("requester")),
        subject=_text(values, "subject"),
        issue_description=_text(values, "issue_description") or "",
        type=_text(values, "type"),
        status=_one_of(STATUSES, values.get("status"), "open"),
        priority=_one_of(PRIORITIES, values.get("priority"), "normal"),
        tier=_one_of(TIERS, values.get("tier"), "general"),
        assignee=_text(values, "assignee"),
        tags=_tags(values.get("tags")),
        attributes=_attributes(values.get("attributes")),
        comment_count=_whole(values, "comment_count", 0),
        last_comment_id=_text(values, "last_comment_id"),
        created_at=created_at,
        received_at=_text(values, "received_at") or created_at,
        updated_at=_text(values, "updated_at") or created_at,
        version=_whole(values, "version", 1),
        request_id=_text(values, "request_id") or "-",
        overflow=_digest(values.get("overflow")),
        imported_version=_whole(values, "imported_version", 0) if "imported_version" in values else None,
        imported_line=_digest(values.get("imported_line")),
        arriving=_arriving(values.get("arriving")),
        replacements=_whole(values, "replacements", 0),
        replaced_comment_id=_text(values, "replaced_comment_id"),
        redacted=_tags(values.get("redacted")),
        leftovers=_tags(values.get("leftovers")),
        zendesk=_attributes(values.get("zendesk")),
        erased=_text(values, "erased") or "",
        erasing=values.get("erasing") is True,
    )


def fingerprint_of(values: Item) -> str | None:
    """The SHA-256 in a `TICKET` or `KEY#` item. None if an import or another program wrote the item."""
    return _text(values, "fingerprint")


def from_comment(comment: Comment) -> Item:
    """A comment as its item. It has no `caller_id`, because only tickets belong in CallerIdIndex."""
    return _without_nothing(comment.to_json() | said(comment) | {"item": COMMENT + comment.comment_id})


def said(comment: Comment) -> Item:
    """The attributes of a comment's item that a replacement of the comment writes. None means that it is not there."""
    return {
        "comment": comment.comment,
        "author": comment.author,
        "visibility": comment.visibility,
        "door": comment.door,
        "revision": comment.revision or None,
        "as_of": comment.as_of or None,
        "redacted": comment.redacted or None,
    }


def to_comment(values: Item) -> Comment:
    """The comment in a comment's item, with defaults for what is missing or invalid."""
    return Comment(
        ticket_id=str(values["ticket_id"]),
        comment_id=str(values["item"]).removeprefix(COMMENT),
        comment=_text(values, "comment") or "",
        author=_text(values, "author"),
        visibility=_one_of(VISIBILITIES, values.get("visibility"), "internal"),
        created_at=_text(values, "created_at") or NEVER,
        door=_text(values, "door") or "",
        revision=_whole(values, "revision", 0),
        as_of=_text(values, "as_of") or "",
        redacted=values.get("redacted") is True,
    )


def change_values(name: str, value: Any) -> Any:
    """A changed field as its item holds it. None means that the attribute is removed."""
    return json.dumps(value) if name in ("attributes", "zendesk") else value


def size(value: Any) -> int:
    """The bytes of an item, or of a value in it, nearly as DynamoDB counts them: names, texts and numbers in UTF-8."""
    if isinstance(value, str):
        return 1 + len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return 1 + sum(len(name.encode("utf-8", "surrogatepass")) + size(one) for name, one in value.items())
    if isinstance(value, list):
        return 1 + sum(size(one) + 1 for one in value)
    return 5 if value is None or isinstance(value, bool) else 1 + len(str(value))


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if isinstance(value, Decimal):
        return str(value)
    return value if isinstance(value, str) else None


def _one_of(allowed: tuple[T, ...], value: Any, default: T) -> T:
    return value if value in allowed else default


def _whole(values: dict[str, Any], name: str, default: int) -> int:
    value = values.get(name)
    return int(value) if isinstance(value, Decimal) and 0 <= value < _WHOLE_BELOW[name] else default


def _arriving(value: Any) -> dict[str, int] | None:
    """Two counts that people can be told."""
    match value:
        case {"there": Decimal() as there, "of": Decimal() as most} if 0 <= there < most < COUNTED_BELOW["version"]:
            return {"there": int(there), "of": int(most)}
    return None


def _digest(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else None


def _tags(value: Any) -> list[str]:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | dict):
        return []
    tags = [tag for tag in value if isinstance(tag, str)]
    return tags if isinstance(value, list) else sorted(tags)


def _requester(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    known = {name: value[name] for name in ("name", "email") if isinstance(value.get(name), str)}
    return known if known or not value else None


def _attributes(value: Any) -> dict[str, Any]:
    """Foyer writes attributes as one JSON text; another program may write a map."""
    if isinstance(value, str):
        try:
            value = json.loads(value, json.OWN_DEPTH, None)  # earlier versions took in any number of values
        except ValueError:
            return {}
    plain = _plain(value)
    return plain if isinstance(plain, dict) else {}


def _plain(value: Any) -> Any:
    """The value with DynamoDB's sets as lists and its bytes as base64, since JSON has neither."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=str)
    return base64.b64encode(bytes(value)).decode() if isinstance(value, SupportsBytes) else value
