"""Writes many new items in few calls, for an import.

Times, versions and counts come from elsewhere, and are written unchanged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from config import aws
from config.batched import batched_by_size
from config.refusals import Invalid
from config.request_id import request_id
from ticketing.record import items, store, transactions
from ticketing.record.items import Item
from ticketing.record.overflow import whole
from ticketing.record.table import TICKETS
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Comment, Ticket

MOST_ACTIONS, MOST_BYTES = 100, 3_500_000  # of a transaction: DynamoDB takes 4 MB, but counts a little differently


def put_comments(comments: Iterable[Comment]) -> None:
    """Write the comments (25 at most). A comment that exists already is overwritten.

    Raises aws.Retryable if the table takes no more now. Some comments may be stored then; write all of them again.
    """
    TICKETS.put_all(map(items.from_comment, comments))


def put_keyed(keyed: Iterable[tuple[Comment, Key]]) -> None:
    """Write comments with their keys (50 at most), each with its key or not at all.

    A comment whose key exists is left out: a door, or an earlier run, has written it. So whatever dies between, a door
    that brings the same comment adds nothing.
    """
    left = list(keyed)
    while left:
        actions = [action for comment, key in left for action in transactions.keyed_comment(comment, key)]
        try:
            TICKETS.transact(actions, ids.new_id())
        except aws.Conflict as conflict:
            known = [reason.get("Code") == "ConditionalCheckFailed" for reason in conflict.reasons[1::2]]
            if not any(known):
                raise
            left = [one for one, is_known in zip(left, known, strict=True) if not is_known]
        else:
            return


def item_of(ticket: Ticket, comments: Iterable[Comment], line: str) -> Item:
    """The item of an imported ticket, for `create`. What is too large for the item is written to S3 here.

    `line` is the SHA-256 of the line that the ticket is made of. The comments are only checked for their size. Raises
    Invalid if the ticket or one of the comments is too large to be stored.
    """
    what = "comment"
    try:
        for comment in comments:
            store.fitting(items.from_comment(comment))
        what = "ticket"
        ticket = replace(ticket, imported_version=ticket.version, imported_line=line, request_id=request_id())
        return items.from_ticket(store.packed(ticket), None)  # no request made it, so it has no fingerprint
    except store.TooLarge:
        raise Invalid(f"The {what} is too large to be stored") from None


def create(new: Iterable[Item]) -> list[Ticket]:
    """Create the tickets with these items. Returns those that existed already, which stay as they are."""
    together = batched_by_size(new, MOST_ACTIONS, items.size, MOST_BYTES)
    return [standing for batch in together for standing in _create(batch)]


def _create(new: list[Item]) -> Iterator[Ticket]:
    """Create all in one transaction. If some exist already, create the rest in another one."""
    while new:
        try:
            TICKETS.transact([transactions.creation(one) for one in new], ids.new_id())
        except aws.Conflict as conflict:
            standing = [reason.get("Item") for reason in conflict.reasons]
            if not any(standing):
                raise
            yield from (whole(one) for one in standing if one)
            new = [item for item, one in zip(new, standing, strict=True) if not one]
        else:
            return
