"""The asynchronous doors, one row each, with what is special to their deliveries.

A new door that answers before it has created a ticket gets a row here (docs/adding-a-door.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

from config import celery
from config.consumer import redrive
from config.refusals import Absent, Refusal
from ticketing.deliveries.delivery import Delivery
from ticketing.deliveries.outgoing import reopen

ANSWER: Final = "answer"  # the door that leads out: what staff wrote, for Zendesk
ANSWER_TASK: Final = "ingestion.zendesk.answer"
SECONDS: Final = 6.0  # that a redrive may take in a web request, which ends within ten


@dataclass(frozen=True)
class Door:
    """What `reconcile` advises, what the desk's button says, and how one delivery is tried again."""

    name: str
    advice: str  # `{0}` stands for the delivery's id
    button: str  # empty if nothing can be tried again
    again: Callable[[str], str]  # delivery id to a sentence for the person; raises a refusal or aws.AwsError
    from_received: bool = False  # whether a delivery that was never accepted can be tried again
    keeps_raw: bool = False  # whether the door keeps what it fetched in the raw store
    lacks: str = "no ticket"  # what `reconcile` says of a delivery that failed

    def can_try_again(self, delivery: Delivery) -> bool:
        """Whether there is something to try: not while it is on its way, nor if its message may not exist."""
        if delivery.ended_well or not self.button:
            return False
        if delivery.state != "failed" and not (delivery.error or delivery.is_late):
            return False
        return self.from_received or delivery.state != "received"


def _redrive_submission(delivery_id: str) -> str:
    """Move its message back from the dead-letter queue."""
    way = redrive.way(settings.SUBMISSION_QUEUE)
    moved = redrive.move(way, delivery_id, seconds=SECONDS)
    if not moved.count:
        raise Absent(
            f"Its message is not among the {moved.seen} messages seen in {way.dead_letters}: "
            "it is still being tried, for three minutes at most, or it went back already."
        )
    return f"Its message went back to {way.name}."


def _run_zendesk(delivery_id: str) -> str:
    """Queue its job again."""
    celery.send("ingestion.zendesk.ingest", delivery_id)
    return "Its job is queued: it is fetched from Zendesk again."


def _send_answer(delivery_id: str) -> str:
    """Let it be on its way again, and queue its job. One that is on its way, but late, may have lost its job."""
    reopen(delivery_id)
    celery.send(ANSWER_TASK, delivery_id)
    return "It is on its way to Zendesk again."


def _cannot(delivery_id: str) -> str:
    raise Refusal("This webhook was refused, so there is nothing to run: tag the ticket anew in Zendesk.")


_SUBMISSION = Door(
    name="submission",
    advice="`manage.py redrive TicketSubmissions --ticket {0}`",
    button="Redrive",
    again=_redrive_submission,
)
_ZENDESK = Door(
    name="zendesk",
    advice="`Run again` on the page Deliveries at the desk",
    button="Run again",
    again=_run_zendesk,
    from_received=True,
    keeps_raw=True,
)
_REFUSED = Door(
    name="zendesk", advice="tag the ticket anew in Zendesk and set this delivery aside", button="", again=_cannot
)
_ANSWER = Door(
    name=ANSWER,
    advice="`Send again` on the page Deliveries at the desk",
    button="Send again",
    again=_send_answer,
    lacks="not in Zendesk",
)
_DOORS = {door.name: door for door in (_SUBMISSION, _ZENDESK, _ANSWER)}
_OTHER = replace(_SUBMISSION, name="", advice="the page Deliveries at the desk")  # for another program's delivery


def of(delivery: Delivery) -> Door:
    """The door that the delivery came in by. What a door refused has a row of its own."""
    return _REFUSED if delivery.refused else _DOORS.get(delivery.door, _OTHER)
