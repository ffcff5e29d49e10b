"""Removes the old words of a redacted ticket from where its item does not show them: earlier notes, and S3.

The notes lose them before the ticket does. So nobody can read them there, whenever the process dies. An object in S3 is
deleted after the ticket names another. Until then the ticket's item lists it in `leftovers`, so that the next change of
the ticket can finish what a process left that died.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from config import aws, json
from ticketing.record import items, overflow
from ticketing.record.items import Item
from ticketing.record.table import TICKETS
from ticketing.record.transactions import REDACTED
from ticketing.tickets.ticket import Ticket

_OF_TICKET = "ticket_id = :id AND begins_with(#item, :change)"


def prepare(stored: Ticket, fields: Collection[str]) -> Ticket:
    """Take the fields' values out of all earlier notes. Returns the ticket with the S3 objects to delete afterwards.

    `stored` is the ticket as its item will hold it. A writer who is at work meanwhile changes the ticket's version, so
    the caller's transaction fails and everything is done again. Raises aws.AwsError.
    """
    for note, changes in _told(stored.ticket_id, fields):
        key = {"ticket_id": stored.ticket_id, "item": note["item"]}
        said = {":changes": json.dumps(changes)}
        with suppress(aws.Conflict):  # another program deleted the note
            TICKETS.update(aws.Update(key, "SET #changes = :changes", "attribute_exists(ticket_id)", said))
    return replace(stored, leftovers=[one for one in overflow.objects(stored.ticket_id) if one != stored.overflow])


def finish(ticket: Ticket) -> None:
    """Delete the S3 objects that the ticket lists, and then the list. Raises aws.AwsError.

    One that the ticket names again is kept.
    """
    overflow.destroy(ticket.ticket_id, (one for one in ticket.leftovers if one != ticket.overflow))
    done = aws.Update(
        items.ticket_key(ticket.ticket_id), "REMOVE #leftovers", "#leftovers = :those", {":those": ticket.leftovers}
    )
    with suppress(aws.Conflict):  # somebody else has done it, and perhaps begun another
        TICKETS.update(done)


def _told(ticket_id: str, fields: Collection[str]) -> Iterator[tuple[Item, dict[str, Any]]]:
    """The notes that tell values of the fields, each with what it may still say."""
    for note in list(TICKETS.query(_OF_TICKET, {":id": ticket_id, ":change": items.CHANGE})):
        changes = json.loads(note["changes"])
        told = [name for name in fields if changes.get(name, [REDACTED, REDACTED]) != [REDACTED, REDACTED]]
        if told:
            yield note, changes | {name: [REDACTED, REDACTED] for name in told}
