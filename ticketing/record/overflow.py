"""What is too large for a ticket's item: its description and attributes, whole, in S3.

The object lies under `<ticket_id>/<its own SHA-256>`, so a rival body with the same key cannot overwrite it before
the put's condition decides whose ticket it is. It is written before the item names it; one that no item names is
only waste.
"""

import hashlib
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.conf import settings

from config import aws, json
from ticketing.record import items
from ticketing.record.items import Item
from ticketing.tickets.ticket import Ticket

FIELDS = ("issue_description", "attributes")

log = logging.getLogger(__name__)


def keep(ticket: Ticket) -> Ticket:
    """The ticket as its item holds it: the large fields empty, and in S3. Raises aws.AwsError."""
    content = _text(ticket).encode()
    digest = hashlib.sha256(content).hexdigest()
    if digest != ticket.overflow:
        name = _name(ticket.ticket_id, digest)
        aws.call(aws.client("s3").put_object, Bucket=settings.ATTACHMENTS_BUCKET, Key=name, Body=content)
    return emptied(replace(ticket, overflow=digest))


def emptied(ticket: Ticket) -> Ticket:
    """A ticket whose large fields are in S3, as its item holds it."""
    return replace(ticket, issue_description="", attributes={})


def stays(before: Ticket, after: Ticket) -> bool:
    """Whether a change leaves the object as it is: there is one, and the large fields say what they said."""
    return before.overflow is not None and _text(before) == _text(after)


def fill(ticket: Ticket) -> Ticket:
    """The ticket with its large fields, if they are kept apart. Raises aws.AwsError.

    If somebody deleted the object, the rest of the ticket is still served (see `is_whole`), and the log says what is
    missing. It may come back: the bucket keeps what was deleted as an earlier version.
    """
    if not ticket.overflow:
        return ticket
    try:
        text = aws.call(_read, _name(ticket.ticket_id, ticket.overflow))
    except aws.NotFound:
        log.error("Description and attributes of ticket %s are not in S3 any more", ticket.ticket_id)
        return ticket
    values = json.loads(text, json.OWN_DEPTH)
    return replace(ticket, **{name: values[name] for name in FIELDS})


def whole(item: Item) -> Ticket:
    """The ticket in a `TICKET` item, with what is kept apart from it. Raises aws.AwsError."""
    return fill(items.to_ticket(item))


def is_whole(ticket: Ticket) -> bool:
    """Whether `fill` found the large fields. Where it did not both are empty, and nothing is kept for empty ones."""
    return not ticket.overflow or bool(ticket.issue_description or ticket.attributes)


def would_lose(ticket: Ticket, changes: dict[str, Any]) -> bool:
    """Whether large fields that could not be read would be written over: changes that name one, but not both anew."""
    given = [changes[name] for name in FIELDS if name in changes]
    return bool(given) and not is_whole(ticket) and not (len(given) == len(FIELDS) and any(given))


def _text(ticket: Ticket) -> str:
    return json.dumps({name: getattr(ticket, name) for name in FIELDS})


def _read(name: str) -> bytes:
    return aws.client("s3").get_object(Bucket=settings.ATTACHMENTS_BUCKET, Key=name)["Body"].read()


def _name(ticket_id: str, digest: str) -> str:
    return f"{quote(ticket_id, safe='')}/{digest}"
