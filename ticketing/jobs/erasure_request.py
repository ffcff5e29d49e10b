"""The life of a person's erasing at the desk: surveyed, confirmed, agreed to by somebody else if need be, done.

Each step is one conditional update, so of two people who press the same button, one is told that it was done. Whoever
erases must have confirmed what a survey found. With ERASURE_NEEDS_SECOND_PERSON, nobody erases alone.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit import trail
from audit.actions import Action
from config.refusals import Refusal
from config.request_id import request_id
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.jobs import lifecycle
from ticketing.jobs.erasure import forgotten, person_of
from ticketing.jobs.kinds import Kind
from ticketing.models import Erasure, ErasureTicket, Job
from ticketing.tickets.ticket import Actor

VALID = timedelta(days=1)  # for how long a survey can be confirmed, and a confirmed one agreed to
_PENDING = ("surveying", "surveyed", "waiting")
_MOVED_ON = "Somebody else has moved this erasing on, or it has expired: look what it is now"
_ALONE = "Somebody else has to agree: you confirmed it yourself"


@transaction.atomic
def begin(person: Person, user: User) -> tuple[Erasure, Job]:
    """Start the survey that counts what would be erased. Raises Refusal, as `Person.check`, and aws.AwsError."""
    person.check()
    one = Erasure.objects.create(
        caller_id=person.caller_id,
        email=person.email,
        of_ticket=person.ticket_id,
        customer_id=person.customer_id,
        digest=run.target(person)[:64],
        begun_by=user.get_username(),
    )
    return one, _start(one, "survey", user)


@transaction.atomic
def confirm(one: Erasure, user: User) -> Job | None:
    """Confirm what the survey found. Returns the job that erases, None if somebody else has to agree first.

    Raises Refusal if it is not surveyed any more.
    """
    alone = not settings.ERASURE_NEEDS_SECOND_PERSON
    asked = {"asked_by": user.get_username(), "asker": user.pk, "asked_at": timezone.now()}
    _move(one, "surveyed", "running" if alone else "waiting", **asked)
    if alone:
        return _run(one, user)
    person = person_of(one)
    trail.record(Action.ERASURE_ASKED, target=run.target(person), details=_details(one, person))
    return None


@transaction.atomic
def agree(one: Erasure, user: User) -> Job:
    """Agree to what somebody else confirmed, which erases. Raises Refusal if it was the same person, or waits not."""
    if one.asker == user.pk or one.asked_by == user.get_username():
        raise Refusal(_ALONE)
    _move(one, "waiting", "running", agreed_by=user.get_username())
    person = person_of(one)
    trail.record(Action.ERASURE_AGREED, target=run.target(person), details=_details(one, person))
    return _run(one, user)


@transaction.atomic
def withdraw(one: Erasure) -> None:
    """End an erasing that has not begun. Its row then forgets who it was. Raises Refusal if it has begun."""
    if not Erasure.objects.filter(pk=one.pk, state__in=_PENDING).update(**forgotten("withdrawn")):
        raise Refusal(_MOVED_ON)
    trail.record(Action.ERASURE_WITHDRAWN, target=one.digest, details={"erasure": one.pk})
    _forget_tickets(one)


def expire() -> None:
    """End what nobody confirmed, or agreed to, within a day. Beat calls it."""
    before = timezone.now() - VALID
    surveyed = Q(state__in=("surveying", "surveyed"), begun_at__lt=before)
    for one in Erasure.objects.filter(surveyed | Q(state="waiting", asked_at__lt=before)):
        with transaction.atomic():
            if Erasure.objects.filter(pk=one.pk, state=one.state).update(**forgotten("expired")):
                _forget_tickets(one)


def is_expired(one: Erasure) -> bool:
    """Whether it is too late to confirm it or to agree, although beat has not ended it yet."""
    since = one.asked_at if one.state == "waiting" else one.begun_at
    return one.state in _PENDING and since is not None and since < timezone.now() - VALID


def _move(one: Erasure, state: str, to: str, **values: object) -> None:
    if is_expired(one) or not Erasure.objects.filter(pk=one.pk, state=state).update(state=to, **values):
        raise Refusal(_MOVED_ON)
    one.refresh_from_db()


def _run(one: Erasure, user: User) -> Job:
    run.note(person_of(one), Actor(name=one.asked_by, door="desk", request_id=request_id()))
    return _start(one, "erasure", user)


def _start(one: Erasure, kind: Kind, user: User) -> Job:
    job, _ = lifecycle.start(kind, user.get_username(), 1, {"erasure": one.pk})
    Erasure.objects.filter(pk=one.pk).update(job=job)
    return job


def _details(one: Erasure, person: Person) -> dict[str, object]:
    return {"erasure": one.pk, "asked by": one.asked_by} | run.told(person)


def _forget_tickets(one: Erasure) -> None:
    ErasureTicket.objects.filter(erasure=one).delete()
    if one.job:
        lifecycle.stop(one.job, "The erasing was ended")
