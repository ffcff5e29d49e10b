"""Comments that are both the desk's and Zendesk's: one that was written at the desk, and that Zendesk then showed."""

from contextlib import suppress

from config import aws
from config.refusals import Absent
from ticketing import deliveries
from ticketing.answers import lane
from ticketing.deliveries.doors import ANSWER
from ticketing.reading import get_comment
from ticketing.record import items, transactions
from ticketing.record.table import TICKETS
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Comment


def adopt(comment: Comment, key: Key) -> bool:
    """Note that Zendesk's comment with this key is the desk's own. It is then never filed as another.

    A comment of the desk is one of Zendesk's. False if it is another one's already.
    """
    known = transactions.keyed_comment(comment, key)[1]
    one = aws.Update(
        items.comment_key(comment.ticket_id, comment.comment_id),
        "SET zendesk_comment = :key",
        "attribute_exists(ticket_id) AND (attribute_not_exists(zendesk_comment) OR zendesk_comment = :key)",
        {":key": key.key},
    )
    try:
        TICKETS.transact([known, one], ids.new_id())
    except aws.Conflict as conflict:
        first = conflict.reasons[0].get("Item", {})
        return bool(first.get("comment_id") == comment.comment_id)
    return True


def begun(ticket_id: str) -> Comment | None:
    """The ticket's comment whose sending to Zendesk has begun and has not ended, if there is one."""
    comment_id = lane.read(ticket_id).begun
    return promised(ticket_id, comment_id) if comment_id else None


def promised(ticket_id: str, comment_id: str) -> Comment | None:
    """The ticket's comment with this id, if Zendesk was promised it. None if it was not."""
    promise = deliveries.get(comment_id)
    if promise is None or (promise.door, promise.ticket_id) != (ANSWER, ticket_id):
        return None
    with suppress(Absent):
        return get_comment(ticket_id, comment_id, None)
    return None
