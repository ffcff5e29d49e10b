"""Keeps in S3 what is too large for a ticket's item: its description and attributes, as one object.

The object's key is `<ticket_id>/<its own SHA-256>`. A rival request with the same idempotency key but another body thus
cannot overwrite it before the put's condition decides whose ticket it is. The object is written before the item that
names it. An object that no item names only wastes space.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.conf import settings

from config import aws, json
from config.aws import versions
from ticketing.record import items
from ticketing.record.items import Item
from ticketing.tickets.ticket import Ticket

log = logging.getLogger(__name__)


def keep(ticket: Ticket) -> Ticket:
    """Write the large fields to S3. Returns the ticket as its item holds it, without them. Raises aws.AwsError."""
    content = _text(ticket).encode()
    digest = hashlib.sha256(content).hexdigest()
    if digest != ticket.overflow:  # else this very object is there already
        name = _name(ticket.ticket_id, digest)
        aws.call(aws.client("s3").put_object, Bucket=settings.ATTACHMENTS_BUCKET, Key=name, Body=content)
    return emptied(replace(ticket, overflow=digest))


def emptied(ticket: Ticket) -> Ticket:
    """The ticket as its item holds it if the large fields are in S3."""
    return replace(ticket, issue_description="", attributes={})


def stays(before: Ticket, after: Ticket) -> bool:
    """Whether a change leaves the object as it is: there is one, and the large fields are unchanged."""
    return before.overflow is not None and _text(before) == _text(after)


def fill(ticket: Ticket) -> Ticket:
    """The ticket with its large fields, which are read if they are in S3. Raises aws.AwsError.

    If somebody deleted the object, or put another in its place, the rest of the ticket is still served (see
    `is_whole`), and the log says what is missing. The object may come back, since the bucket keeps earlier versions.
    """
    if not ticket.overflow:
        return ticket
    try:
        text = aws.call(_read, _name(ticket.ticket_id, ticket.overflow))
    except aws.NotFound:
        log.error("Description and attributes of ticket %s are not in S3 any more", ticket.ticket_id)
        return ticket
    if hashlib.sha256(text).hexdigest() != ticket.overflow:
        log.error("Description and attributes of ticket %s were overwritten in S3: restore them", ticket.ticket_id)
        return ticket
    values = json.loads(text, json.OWN_DEPTH, None)  # earlier versions took in any number of values
    return replace(ticket, **{name: values[name] for name in items.LARGE})


def whole(item: Item) -> Ticket:
    """The ticket in a `TICKET` item, with large fields from S3 if they are there. Raises aws.AwsError."""
    return fill(items.to_ticket(item))


def objects(ticket_id: str) -> list[str]:
    """The names of all objects of a ticket, those deleted earlier too: the bucket keeps them. Raises aws.AwsError."""
    found = versions.versions(settings.ATTACHMENTS_BUCKET, _name(ticket_id, ""))
    return sorted({one["Key"].rpartition("/")[2] for one in found})


def destroy(ticket_id: str, names: Iterable[str]) -> None:
    """Delete these objects of a ticket, with all their earlier versions. Raises aws.AwsError."""
    for name in names:
        found = versions.versions(settings.ATTACHMENTS_BUCKET, _name(ticket_id, name))
        versions.delete(settings.ATTACHMENTS_BUCKET, found)


def destroy_all(ticket_id: str) -> None:
    """Delete every object of a ticket, with all earlier versions and marks of deletion. Raises aws.AwsError."""
    versions.delete(settings.ATTACHMENTS_BUCKET, versions.versions(settings.ATTACHMENTS_BUCKET, _name(ticket_id, "")))


def count(ticket_id: str) -> int:
    """How many versions of objects a ticket has in S3. Raises aws.AwsError."""
    return sum(1 for _ in versions.versions(settings.ATTACHMENTS_BUCKET, _name(ticket_id, "")))


def is_whole(ticket: Ticket) -> bool:
    """Whether `fill` found the large fields. If it did not, both are empty. Empty fields are never written to S3."""
    return not ticket.overflow or bool(ticket.issue_description or ticket.attributes)


def would_lose(ticket: Ticket, changes: dict[str, Any]) -> bool:
    """Whether the changes would overwrite large fields that could not be read.

    They would if they name one of these fields, unless they give both anew. Two empty values do not count, because a
    ticket that could not be read looks just like that.
    """
    given = [changes[name] for name in items.LARGE if name in changes]
    return bool(given) and not is_whole(ticket) and not (len(given) == len(items.LARGE) and any(given))


def _text(ticket: Ticket) -> str:
    return json.dumps({name: getattr(ticket, name) for name in items.LARGE})


def _read(name: str) -> bytes:
    return aws.client("s3").get_object(Bucket=settings.ATTACHMENTS_BUCKET, Key=name)["Body"].read()


def _name(ticket_id: str, digest: str) -> str:
    return f"{quote(ticket_id, safe='')}/{digest}"
