"""What is done about an item whose form makes the conditions of a write fail."""

from contextlib import suppress

from config import aws
from ticketing.record import transactions
from ticketing.record.table import TICKETS
from ticketing.tickets import ids


def mend(conflict: aws.Conflict) -> None:
    """Correct another program's item if its form made the conditions fail."""
    found = conflict.reasons[transactions.TICKET_ACTION].get("Item")
    if actions := transactions.mended(found) if found else []:
        with suppress(aws.Conflict):  # somebody else corrected it meanwhile
            TICKETS.transact(actions, ids.new_id())
