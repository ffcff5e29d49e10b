"""A person's erasing as a job of one part: its survey, which only counts, and the erasing itself.

| phase      | a page of it                                                                             |
|------------|------------------------------------------------------------------------------------------|
| `find`     | some of the record's table: which tickets are the person's. They are written down        |
| `tickets`  | some of these tickets: each becomes a shell without words                                |
| `comments` | some of the table again: what the person wrote on others' tickets                        |
| `places`   | one of the places beside the record                                                      |
| `ends`     | some of the tickets: the shell loses the caller. Then `find` looks for what has come in  |
| `last`     | the database gives up deleted words, and the row of the erasing the person's             |

Every page may be done twice. What a survey finds is looked for again by the erasing: more may have come in.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from config.batched import batched
from config.refusals import Invalid
from config.request_id import request_id
from ticketing.erasing import places, run
from ticketing.erasing.person import Person, family
from ticketing.erasing.places import PLACES, Erased
from ticketing.index.following import follow
from ticketing.jobs.page import Page, Place, Stretch
from ticketing.models import Erasure, ErasureTicket, IndexedTicket, Job
from ticketing.record import bulk, erasure, store
from ticketing.search import documents
from ticketing.tickets.ticket import Actor, Comment, Ticket

AT_ONCE = 5  # tickets in a page: each takes tens of calls, and a page that a worker dies over is done again
ROUNDS = 5  # what still comes in after so many belongs to another erasing
_BATCH = 100  # tickets that the record is asked for in one call
_NAMES = list(PLACES)


def stretches(parameters: dict[str, Any], segments: int) -> list[Stretch]:
    """A single stretch: the phases follow each other."""
    return [{}]


def total(parameters: dict[str, Any]) -> int:
    """About how many tickets are looked at."""
    return IndexedTicket.objects.count()


def page(job: Job, stretch: Stretch, place: Place | None, *, survey: bool) -> Page:
    """The next page of the phase where the job is. Raises Invalid, Busy, aws.AwsError and DatabaseError."""
    one = Erasure.objects.get(pk=job.parameters["erasure"])
    if one.state != ("surveying" if survey else "running"):
        raise Invalid("The erasing was ended")
    at = place or {"at": "find", "round": "1"}
    return _PHASES[at["at"]](_Work(one, person_of(one), survey, at))


def person_of(one: Erasure) -> Person:
    """Who is erased. Of one that has ended, nobody."""
    return Person(one.caller_id, one.email, one.of_ticket, one.customer_id)


def forgotten(state: str) -> dict[str, Any]:
    """The values of an erasing that has ended: nothing in its row says any more who it was."""
    names = ("caller_id", "email", "of_ticket", "customer_id")
    return dict.fromkeys(names, "") | {"state": state, "ended_at": timezone.now()}


@dataclass(frozen=True)
class _Work:
    """One page of an erasing: whose, whether it only counts, and where it is."""

    one: Erasure
    person: Person
    survey: bool
    place: Place

    @property
    def actor(self) -> Actor:
        """Who erases: who confirmed it."""
        return Actor(name=self.one.asked_by or self.one.begun_by, door="desk", request_id=request_id())

    @property
    def round(self) -> int:
        return int(self.place["round"])

    @property
    def rows(self) -> Any:
        """The tickets that this round is about."""
        return ErasureTicket.objects.filter(erasure=self.one, done=False)

    @property
    def key(self) -> Place | None:
        """Where in the record's table the page begins."""
        return {name: value for name, value in self.place.items() if name in ("ticket_id", "item")} or None

    def some(self) -> list[ErasureTicket]:
        return list(self.rows.filter(pk__gt=int(self.place.get("after", "0")))[:AT_ONCE])

    def to(self, phase: str, **more: str) -> Place:
        """The place where a phase begins, or goes on."""
        return {"at": phase, "round": self.place["round"]} | more

    def counting(self, seen: int, counts: Counter[str], following: Place | None) -> Page:
        """The page, whose counts are added to the erasing's in the transaction that counts the page."""
        return Page(seen, (), following, lambda _: self._add(counts))

    def _add(self, counts: Counter[str]) -> None:
        one, name = Erasure.objects.select_for_update().get(pk=self.one.pk), "found" if self.survey else "erased"
        summed = Counter(getattr(one, name))
        summed.update(counts)  # it keeps what is zero: people see every place
        setattr(one, name, dict(summed))
        one.save(update_fields=[name])


# --- The phases ---------------------------------------------------------------------------------------


def _find(work: _Work) -> Page:
    person = work.person
    if person.ticket_id:
        found, seen, following = list(family(person.ticket_id)), 1, None
    else:
        read = bulk.page(0, 1, work.key)
        theirs = (one for one in read.items if isinstance(one, Ticket) and person.fits(one))
        found, seen, following = [one for ticket in theirs for one in family(ticket.ticket_id)], read.seen, read.next
    _write_down(work.one, [one for one in found if one.erasing or not one.erased])
    if following:
        return Page(seen, (), work.to("find", **following))
    _check_customers(work)
    return Page(seen, (), work.to("tickets" if work.round == 1 or work.rows.exists() else "last"))


def _write_down(one: Erasure, found: Iterable[Ticket]) -> None:
    rows = [ErasureTicket(erasure=one, ticket_id=it.ticket_id, customer_id=it.customer_id) for it in found]
    ErasureTicket.objects.bulk_create(rows, ignore_conflicts=True)


def _check_customers(work: _Work) -> None:
    names = sorted(set(work.rows.values_list("customer_id", flat=True)))
    if work.person.caller_id and not work.person.customer_id and len(names) > 1:
        raise Invalid(f"Several customers have this caller ({', '.join(names)}): begin anew, and name one of them")


def _tickets(work: _Work) -> Page:
    rows, counts = work.some(), Counter[str]()
    for ticket in _of(rows):
        counts.update(run.counts(ticket))
        if not work.survey:
            run.emptied(ticket, work.actor)
    return work.counting(len(rows), counts, work.to("tickets", after=str(rows[-1].pk)) if rows else work.to("comments"))


def _comments(work: _Work) -> Page:
    if work.person.ticket_id:
        return Page(0, (), work.to("places", number="0"))
    read = bulk.page(0, 1, work.key)
    customers = {work.person.customer_id} if work.person.customer_id else _customers(work.one)
    found = [one for one in read.items if isinstance(one, Comment) and work.person.wrote(one, customers)]
    for one in found if not work.survey else []:
        run.empty_comment(one, work.actor)
    following = work.to("comments", **read.next) if read.next else work.to("places", number="0")
    return work.counting(read.seen, Counter({run.ELSEWHERE: len(found)}), following)


def _places(work: _Work) -> Page:
    number = int(work.place["number"])
    name, counts = _NAMES[number], Counter[str]()
    if work.round == 1 or name != places.QUEUED:
        counts[name] = PLACES[name](_whose(work), dry_run=work.survey)
    if number + 1 < len(_NAMES):
        return work.counting(0, counts, work.to("places", number=str(number + 1)))
    return work.counting(0, counts, work.to("last" if work.survey else "ends"))


def _ends(work: _Work) -> Page:
    rows = work.some()
    for ticket in _of(rows):
        if ticket.erasing:
            follow([erasure.end(ticket, work.actor)])
    work.rows.filter(pk__in=[one.pk for one in rows]).update(done=True)
    if rows:
        return Page(len(rows), (), work.to("ends"))
    if work.round < ROUNDS:
        return Page(0, (), {"at": "find", "round": str(work.round + 1)})
    return Page(0, (), work.to("last"))


def _last(work: _Work) -> Page:
    if not work.survey:
        documents.forget_all()
    on_their_way = places.on_their_way()
    values = {"state": "surveyed"} if work.survey else forgotten("done")

    def end(_: object) -> None:
        Erasure.objects.filter(pk=work.one.pk).update(**values, on_their_way=on_their_way)
        if not work.survey:
            ErasureTicket.objects.filter(erasure=work.one).delete()

    return Page(0, (), None, end)


_PHASES: dict[str, Callable[[_Work], Page]] = {
    "find": _find,
    "tickets": _tickets,
    "comments": _comments,
    "places": _places,
    "ends": _ends,
    "last": _last,
}


def _of(rows: list[ErasureTicket]) -> list[Ticket]:
    """The rows' tickets as the record has them now."""
    return [found for row in rows if (found := store.get(row.ticket_id))]


def _customers(one: Erasure) -> set[str]:
    return set(ErasureTicket.objects.filter(erasure=one).values_list("customer_id", flat=True))


def _whose(work: _Work) -> Erased:
    who = run.whose(work.person)
    for some in batched(list(work.rows.values_list("ticket_id", flat=True)), _BATCH):
        for ticket in bulk.tickets(some):
            who.add(ticket)
    return who
