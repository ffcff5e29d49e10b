"""What is too large for a ticket's item: its description and attributes, whole, in S3.

The object lies under `<ticket_id>/<its own SHA-256>`, so a rival body with the same key cannot overwrite it before
the put's condition decides whose ticket it is. It is written before the item names it; one that no item names is
only waste.
"""

import hashlib
import logging
from dataclasses import replace
from urllib.parse import quote

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from config import aws, json
from ticketing.ticket import Ticket

FIELDS = ("issue_description", "attributes")

log = logging.getLogger(__name__)


def keep(ticket: Ticket) -> Ticket:
    """The ticket as its item holds it: the large fields empty, and in S3. Raises aws.AwsError."""
    text = json.dumps({name: getattr(ticket, name) for name in FIELDS})
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != ticket.overflow:
        aws.call(storages["default"].save, _name(ticket.ticket_id, digest), ContentFile(text.encode()))
    return replace(ticket, issue_description="", attributes={}, overflow=digest)


def fill(ticket: Ticket) -> Ticket:
    """The ticket with its large fields, if they are kept apart. Raises aws.AwsError.

    If somebody deleted the object, the rest of the ticket is still served, and the log says what is missing.
    """
    if not ticket.overflow:
        return ticket
    try:
        text = aws.call(_read, _name(ticket.ticket_id, ticket.overflow))
    except (FileNotFoundError, aws.NotFound):
        log.error("Description and attributes of ticket %s are not in S3 any more", ticket.ticket_id)
        return ticket
    values = json.loads(text, json.OWN_DEPTH)
    return replace(ticket, **{name: values[name] for name in FIELDS})


def _read(name: str) -> bytes:
    with storages["default"].open(name) as file:
        content: bytes = file.read()
        return content


def _name(ticket_id: str, digest: str) -> str:
    return f"{quote(ticket_id, safe='')}/{digest}"
