"""Reads tickets and comments of the record, for the doors and for Foyer's own programs.

The doors call these functions through `ticketing.service`.
"""

from collections.abc import Iterator

from config.aws import Item
from config.refusals import Absent
from ticketing.record import by_caller, checks, store
from ticketing.tickets import ids
from ticketing.tickets.ticket import LONGEST_KEY, Comment, Conversation, Place, Ticket
from ticketing.tickets.workflow import Channel


def from_path(text: str, customer_id: str) -> str:
    """The id of the customer's ticket that an address names. Raises Absent if no ticket can have such an id.

    Ids made here are UUIDs in lower case, and an address may have them in upper case. But another program's or an
    imported id may itself have upper case. So the text as it stands comes first, which takes one AWS call. A text that
    has no UUID in upper case takes none.
    """
    if not 0 < len(text.encode()) <= LONGEST_KEY:
        raise Absent(checks.ABSENT)
    lower = text.lower()
    if lower == text or not ids.is_id(lower):
        return text
    exact = store.get(text)
    return text if exact and exact.customer_id == customer_id else lower


def get_ticket(ticket_id: str, customer_id: str | None) -> Ticket:
    """The customer's ticket as it is now. `customer_id` None is the desk, which sees all tickets. Raises Absent."""
    return checks.own(store.get(ticket_id), customer_id)


def get_conversation(ticket_id: str, customer_id: str | None, limit: int = 100) -> Conversation:
    """The customer's ticket with its first comments (`limit` at most), in one query. Raises Absent."""
    ticket, comments, more = store.get_with_comments(ticket_id, limit)
    return Conversation(checks.own(ticket, customer_id), comments, more)


def get_comment(ticket_id: str, comment_id: str, customer_id: str | None) -> Comment:
    """A comment on the customer's ticket. `customer_id` None is the desk. Raises Absent."""
    ticket, comment = store.get_comment(ticket_id, comment_id)
    checks.own(ticket, customer_id)
    if comment is None:
        raise Absent("Comment not found")
    return comment


def more_comments(ticket_id: str, after: Place, limit: int) -> tuple[list[Comment], Place | None]:
    """The comments after a place, and the place of the last one if there are more.

    The customer is not checked here, because only a reader who was given a page of the conversation has a Place.
    """
    return store.comments_after(ticket_id, after, limit)


def list_by_caller(
    caller_id: str, customer_id: str, start: dict[str, str] | None, limit: int, channel: Channel | None = None
) -> by_caller.Page:
    """A page of the customer's tickets of one caller, newest first. `start` is the `next` of an earlier page."""
    return by_caller.list_by_caller(caller_id, customer_id, channel, start, limit)


# --- For Foyer's own programs, which act for no customer: the announcer, the processors, a replay --------


def find(ticket_id: str) -> Ticket | None:
    """The ticket as it is now, whoever owns it; None if there is none."""
    return store.get(ticket_id)


def all_tickets(changed_since: str | None = None) -> Iterator[Ticket]:
    """Every ticket of the record, in no order. With `changed_since`, those changed since then or without a time."""
    return store.scan(changed_since)


def from_change(image: Item | None) -> Ticket | None:
    """The ticket in a change record's image (wire format). None if the item is not a ticket or was deleted."""
    return store.of_image(image)
