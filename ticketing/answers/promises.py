"""What staff write at the desk on a Zendesk ticket, and Zendesk's getting it: promised, on its way, there or failed.

The promise is written in one transaction with the comment: a delivery of the door `answer`, whose id is the comment's,
and the comment's place in the ticket's lane. So nothing is lost if the process dies right after. The Zendesk door
(ingestion/zendesk/answering.py) works the lanes. Nothing here knows HTTP.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from django.conf import settings

from config import aws, celery, json
from config.refusals import Absent
from ticketing.answers import lane
from ticketing.deliveries import Delivery, outgoing, raw_tickets
from ticketing.deliveries.doors import ANSWER, ANSWER_TASK
from ticketing.reading import get_comment
from ticketing.record import store, transactions
from ticketing.tickets.ticket import Comment, Ticket

Also = Callable[[Comment], Sequence[transactions.Action]]

_NUMBER = re.compile("[0-9]{1,20}")

log = logging.getLogger(__name__)


def zendesk_id(ticket: Ticket | None) -> str | None:
    """The Zendesk ticket that the desk's stands for. None if it stands for none.

    What only attributes tell, another program may have written. So it is believed only if the ticket's own id was made
    of the same number, or of the ticket that it follows, and that one stands for the same.
    """
    match ticket and (ticket.channel, ticket.in_zendesk):
        case ("zendesk", {"ticket_id": str(number), **more}) if ticket and _NUMBER.fullmatch(number):
            if raw_tickets.ticket_key(number).keyed_id == ticket.ticket_id:
                return number
            return number if _follows(ticket, number, more.get("follow_up_of")) else None
    return None


def _follows(ticket: Ticket, number: str, closed_id: Any) -> bool:
    if not isinstance(closed_id, str) or raw_tickets.follow_up_key(closed_id).keyed_id != ticket.ticket_id:
        return False
    return zendesk_id(store.get(closed_id)) == number


def of(ticket: Ticket) -> Also | None:
    """What is written together with a comment of staff on the ticket. None if Zendesk does not get it."""
    number = zendesk_id(ticket) if settings.ZENDESK_ANSWER_BACK else None
    return partial(_promise, number) if number else None


def _promise(number: str, comment: Comment) -> list[transactions.Action]:
    delivery = Delivery(
        delivery_id=comment.comment_id,
        door=ANSWER,
        customer_id=settings.DEFAULT_CUSTOMER,
        key=number,
        state="accepted",
        fingerprint=fingerprint(comment),
        ticket_id=comment.ticket_id,
    )
    return [lane.join(comment.ticket_id, comment.comment_id), outgoing.promised(delivery)]


def fingerprint(comment: Comment) -> str:
    """Shows later whether the comment was replaced since it was promised."""
    return json.fingerprint([comment.comment, comment.visibility])


def send(comment_id: str) -> None:
    """Ask a worker to send it. If the queue cannot take that now, beat asks a little later (`left`)."""
    try:
        celery.send(ANSWER_TASK, comment_id)
    except aws.AwsError as error:
        log.warning("Answer %s could not be queued; it is within two minutes: %s", comment_id, error)


def states(ticket: Ticket, comments: Iterable[Comment]) -> dict[str, Delivery]:
    """Those of the comments that Zendesk was promised, by their ids. Takes one AWS call at most.

    Raises aws.AwsError.
    """
    written = [one.comment_id for one in comments if one.door == "desk"] if ticket.channel == "zendesk" else []
    found = outgoing.several(written) if written else []
    return {one.delivery_id: one for one in found if one.door == ANSWER}


def find_comment(delivery: Delivery) -> Comment | None:
    """The comment of the delivery as it is now. None if it is gone."""
    try:
        return get_comment(delivery.ticket_id or "", delivery.delivery_id, None)
    except Absent:
        return None


def stands(delivery: Delivery, comment: Comment) -> bool:
    """Whether the comment of the delivery still says what was promised."""
    return fingerprint(comment) == delivery.fingerprint
