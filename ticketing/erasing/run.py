"""Erases tickets with all their places, in an order in which any process may die and the next one goes on.

1. Each ticket becomes a shell, which closes it. Its comments, notes, keys and S3 objects are emptied.
2. The index takes the shells in, and forgets the words.
3. The places beside the record are emptied, for all tickets together.
4. Each shell loses the caller, by whom it was found until then.
5. What has come in meanwhile is looked for. If there is something, everything begins again with that.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from config import times
from config.progress import silent
from ticketing.erasing.person import Person, family
from ticketing.erasing.places import PLACES, Erased
from ticketing.index.following import follow, follow_comments
from ticketing.models import IndexedTicket
from ticketing.record import erasure, items, overflow
from ticketing.record.table import TICKETS
from ticketing.search import documents
from ticketing.tickets.ticket import Actor, Ticket

_LOOKS = 5  # what still comes in after so many belongs to another erasing
Tell = Callable[[int], object]

OTHERS = (
    "The topic's subscribers outside Foyer keep what was announced to them.",
    "Zendesk keeps its own tickets: erase them there as well. A late webhook of an erased one is ignored.",
    "The embedding function's stores keep what they made of raw Zendesk documents.",
    "Backups and point-in-time recovery of the tables keep the words until they expire, 35 days at most.",
    "The table's change stream keeps both images of a change for 24 hours, and Kinesis its events as long.",
    "Messages on their way in the queues keep theirs for four days at most. Each is passed over when it arrives.",
    "Logs of the processes, proxies and databases, dumps, and files that people exported are the operator's.",
)


@dataclass
class Report:
    """What was found, or erased: how many of each kind, and whether more came in than could be looked after."""

    counts: Counter[str] = field(default_factory=Counter)
    ticket_ids: list[str] = field(default_factory=list)
    more: bool = False


def planned(person: Person) -> Report:
    """Every place that has something of the person, and how much. Changes nothing. Raises as `Person.tickets`."""
    report, who = Report(), _who(person)
    for ticket in _once(person.tickets(), set()):
        who.add(ticket)
        report.ticket_ids.append(ticket.ticket_id)
        report.counts.update(_counts(ticket))
    report.counts.update({name: place(who, dry_run=True) for name, place in PLACES.items()})
    return report


def erased(person: Person, actor: Actor, tell: Tell = silent) -> Report:
    """Erase the person's tickets. `tell` is called after each ticket. Can be called again after it raised.

    Raises as `Person.tickets`, and Busy, DatabaseError.
    """
    return _erased(person.tickets, _who(person), actor, tell)


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
        _sweep(who, report)
        for shell in shells:
            follow([erasure.end(shell, actor)])
    else:
        report.more = looks > 1
    if seen or who.words:
        documents.forget_all()
    return report  # the one place of this act for a record of who did what: `actor`, and `report`, which has no words


def _emptied(found: list[Ticket], who: Erased, actor: Actor, report: Report, tell: Tell) -> Iterator[Ticket]:
    for ticket in found:
        report.counts.update(_counts(ticket))
        who.add(ticket)
        if shell := erasure.begin(ticket.ticket_id, actor):
            erasure.empty(shell, actor)
            index(shell.ticket_id)
            report.ticket_ids.append(shell.ticket_id)
            tell(1)
            yield shell


def index(ticket_id: str) -> None:
    """Have the index say what the record says now. It passes over announcements of earlier versions."""
    found = TICKETS.get(items.ticket_key(ticket_id))
    if found:
        follow([items.to_ticket(found)])
        follow_comments(ticket_id)


def _sweep(who: Erased, report: Report) -> None:
    for name, place in PLACES.items():
        report.counts[name] += place(who, dry_run=False)


def _who(person: Person) -> Erased:
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


def _counts(ticket: Ticket) -> dict[str, Any]:
    return {
        "tickets": 1,
        **erasure.counts(ticket.ticket_id),
        "objects of large tickets (versions)": overflow.count(ticket.ticket_id),
    }
