"""Finds out which of a sender's comments a ticket has already, in few calls however many there are."""

from dataclasses import dataclass

from ticketing.record import items
from ticketing.record.table import TICKETS


@dataclass(frozen=True)
class Known:
    """The comment that was written under a key, and the mark of what the sender said then.

    `mark` is None if nobody gave one. Earlier versions of Foyer gave none.
    """

    comment_id: str
    mark: str | None


def known(ticket_id: str) -> dict[str, Known]:
    """The ticket's comments that have a key, by the key's `keyed_id`. Takes a call for about 4,000 comments."""
    of_ticket, values = (
        "ticket_id = :id AND begins_with(#item, :key)",
        {":id": ticket_id, ":key": items.KEY},
    )
    found = TICKETS.query(of_ticket, values, only="#item, comment_id, mark")
    return {one["item"].removeprefix(items.KEY): Known(one.get("comment_id", ""), one.get("mark")) for one in found}
