"""Erases tickets with all their places, in an order in which any process may die and the next one goes on.

1. Each ticket becomes a shell, which closes it. Its comments, notes, keys and S3 objects are emptied.
2. The index takes the shells in, and forgets the words.
3. The places beside the record are emptied, for all tickets together.
4. Each shell loses the caller, by whom it was found until then.
5. What has come in meanwhile is looked for. If there is something, everything begins again with that.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from audit import chain, trail
from audit.actions import Action
from audit.who import By
from config import times
from config.progress import silent
from config.refusals import Absent
from ticketing import redacting
from ticketing.erasing import places
from ticketing.erasing.person import Person, family
from ticketing.erasing.places import PLACES, Erased
from ticketing.index.following import follow, follow_comments
from ticketing.models import IndexedTicket
from ticketing.record import erasure, items, overflow
from ticketing.record.table import TICKETS
from ticketing.search import documents
from ticketing.tickets.ticket import Actor, Comment, Ticket

ELSEWHERE = "comments on others' tickets"
_LOOKS = 5  # what still comes in after so many belongs to another erasing
Tell = Callable[[int], object]

OTHERS = (
    "The topic's subscribers outside Foyer keep what was announced to them.",
    "Zendesk keeps its own tickets: erase them there as well. A late webhook of an erased one is ignored.",
    "The embedding function's stores keep what they made of raw Zendesk documents.",
    "Backups and point-in-time recovery of the tables keep the words until they expire, 35 days at most.",
    "The table's change stream keeps both images of a change for 24 hours, and Kinesis its events as long.",
    "Announcements that are still in queues keep theirs for four days at most. Each is passed over when it arrives.",
    "Logs of the processes, proxies and databases, dumps, and files that people exported are the operator's.",
)


@dataclass
class Report:
    """What was found, or erased: how many of each kind, and whether more came in than could be looked after.

    `on_their_way` are submissions of anybody that no consumer has worked yet: some may be the person's.
    """

    counts: Counter[str] = field(default_factory=Counter)
    ticket_ids: list[str] = field(default_factory=list)
    more: bool = False
    on_their_way: int = 0


def planned(person: Person) -> Report:
    """Every place that has something of the person, and how much. Changes nothing. Raises as `Person.tickets`."""
    report, who = Report(), whose(person)
    for ticket in _once(person.tickets(), set()):
        who.add(ticket)
        report.ticket_ids.append(ticket.ticket_id)
        report.counts.update(counts(ticket))
    report.counts[ELSEWHERE] = len(list(person.elsewhere(person.customers())))
    report.counts.update({name: place(who, dry_run=True) for name, place in PLACES.items()})
    report.on_their_way = places.on_their_way()
    return report


def erased(person: Person, actor: Actor, tell: Tell = silent) -> Report:
    """Erase the person's tickets. `tell` is called after each ticket. Can be called again after it raised.

    It is recorded before anything is erased. Raises as `Person.tickets`, and Busy, DatabaseError.
    """
    note(person, actor)
    customers = person.customers()
    before = _empty_comments(person, customers, actor)  # while the tickets still tell whose customer the person is
    report = _erased(person.tickets, whose(person), actor, tell)
    report.counts[ELSEWHERE] = before + _empty_comments(person, customers, actor)
    documents.forget_all()
    report.on_their_way = places.on_their_way()
    return report


def note(person: Person, actor: Actor) -> None:
    """Record that somebody has a person erased. Raises DatabaseError: then nothing may be erased."""
    trail.record(Action.PERSON_ERASED, target=target(person), details=told(person), by=By(actor.name, actor.door))


def target(person: Person) -> str:
    """Whom the record names. A person only by a digest, by which a later erasing of the same one is recognized."""
    return f"ticket {person.ticket_id}" if person.ticket_id else f"person {digest(person)}"


def told(person: Person) -> dict[str, str]:
    """By what the person was found, without saying it."""
    by = "ticket" if person.ticket_id else "caller" if person.caller_id else "email"
    return {"by": by} | ({"customer": person.customer_id} if person.customer_id else {})


def digest(person: Person) -> str:
    """What the record may keep of a caller's id or an address."""
    return chain.keyed(person.caller_id or person.email.casefold())


def resumed(actor: Actor, tell: Tell = silent) -> Report:
    """Finish what was begun and not finished, whoever it was for."""
    return _erased(lambda: _families(erasure.unfinished()), Erased(), actor, tell)


def retained(actor: Actor, most: int, tell: Tell = silent) -> Report:
    """Erase closed tickets that changed last before ERASE_CLOSED_DAYS (`most` families), and finish what was begun.

    Nothing is erased, and nothing read, while the setting is 0.
    """
    if not settings.ERASE_CLOSED_DAYS:
        return Report()
    before = datetime.now(UTC) - timedelta(days=settings.ERASE_CLOSED_DAYS)
    return _erased(lambda: _due(before, most), Erased(), actor, tell, looks=1)


def _erased(look: Callable[[], Iterable[Ticket]], who: Erased, actor: Actor, tell: Tell, looks: int = _LOOKS) -> Report:
    report, seen = Report(), set[str]()
    for number in range(looks):
        found = list(_once(look(), seen))
        if not found and (number or not who.words):
            break
        shells = list(_emptied(found, who, actor, report, tell))
        _sweep(who, report, first=not number)
        for shell in shells:
            follow([erasure.end(shell, actor)])
    else:
        report.more = looks > 1
    if seen or looks > 1:  # one that died before this may have erased everything
        documents.forget_all()
    return report


def _emptied(found: list[Ticket], who: Erased, actor: Actor, report: Report, tell: Tell) -> Iterator[Ticket]:
    for ticket in found:
        report.counts.update(counts(ticket))
        who.add(ticket)
        if shell := emptied(ticket, actor):
            report.ticket_ids.append(shell.ticket_id)
            tell(1)
            yield shell


def emptied(ticket: Ticket, actor: Actor) -> Ticket | None:
    """Make the ticket a shell, which is recorded first, and take the words out of what belongs to it, and of the index.

    Returns the shell, or None if the ticket is gone. May be called again. Raises Busy, aws.AwsError, DatabaseError.
    """
    if not ticket.erased:
        trail.record(Action.TICKET_ERASED, target=f"ticket {ticket.ticket_id}", by=By(actor.name, actor.door))
    shell = erasure.begin(ticket.ticket_id, actor)
    if shell:
        erasure.empty(shell, actor)
        index(shell.ticket_id)
    return shell


def _empty_comments(person: Person, customers: Collection[str], actor: Actor) -> int:
    found = list(person.elsewhere(customers))
    for comment in found:
        empty_comment(comment, actor)
    return len(found)


def empty_comment(comment: Comment, actor: Actor) -> None:
    """Take the person's words out of a comment on somebody else's ticket, of its key and of the index.

    May be called again. Raises Busy, aws.AwsError, DatabaseError.
    """
    with suppress(Absent):  # somebody else erased the ticket meanwhile, or another program deleted it
        erasure.forget_key_of(comment.ticket_id, comment.comment_id)
        redacting.erase_comment(comment.ticket_id, comment.comment_id, actor)
    index(comment.ticket_id)


def index(ticket_id: str) -> None:
    """Have the index say what the record says now. It passes over announcements of earlier versions."""
    found = TICKETS.get(items.ticket_key(ticket_id))
    if found:
        follow([items.to_ticket(found)])
        follow_comments(ticket_id)


def _sweep(who: Erased, report: Report, *, first: bool) -> None:
    for name, place in PLACES.items():
        if first or name != places.QUEUED:
            report.counts[name] += place(who, dry_run=False)


def whose(person: Person) -> Erased:
    """What is known of the person before any ticket was found."""
    words = {one for one in (person.caller_id, person.email) if one}
    return Erased(words=words, fits=person.fits if words else lambda _: False)


def _once(tickets: Iterable[Ticket], seen: set[str]) -> Iterator[Ticket]:
    for one in tickets:
        if one.ticket_id not in seen:
            seen.add(one.ticket_id)
            yield one


def _families(tickets: Iterable[Ticket]) -> Iterator[Ticket]:
    for one in tickets:
        yield from (other for other in family(one.ticket_id) if other.erasing or not other.erased)


def _due(before: datetime, most: int) -> Iterator[Ticket]:
    """What the index shows as closed for that long, if its whole family is: one Zendesk ticket's go together.

    The record has the last word. A shell that is not finished yet is due at once.
    """
    closed = IndexedTicket.objects.filter(status="closed")
    begun = closed.filter(issue_description=erasure.ERASED, type=erasure.BEGUN)
    old = closed.filter(updated_at__lt=before).exclude(issue_description=erasure.ERASED).order_by("updated_at")
    for ticket_id in [*begun.values_list("pk", flat=True)[:most], *old.values_list("pk", flat=True)[:most]]:
        others = list(family(ticket_id))
        if all(one.erased or _is_old(one, before) for one in others):
            yield from (one for one in others if one.erasing or not one.erased)


def _is_old(ticket: Ticket, before: datetime) -> bool:
    return ticket.status == "closed" and ticket.updated_at < times.stamp(before)


def counts(ticket: Ticket) -> dict[str, Any]:
    """How much of a ticket there is to be erased in the record and in S3."""
    return {
        "tickets": 1,
        **erasure.counts(ticket.ticket_id),
        "objects of large tickets (versions)": overflow.count(ticket.ticket_id),
    }
