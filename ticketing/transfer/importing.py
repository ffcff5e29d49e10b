"""Import: writes lines to the record and the index, a batch at a time. Any batch may be repeated.

A ticket that is already in the record stays as it is. So if an import dies, it is simply started again. The comments of
a new ticket are written before the ticket. So a ticket that is there has all its comments, whatever died in between.
Nobody is notified, so the import itself updates the index.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from config import aws
from config.aws.patience import patiently
from config.batched import batched, batched_by_size
from config.refusals import Invalid
from ticketing import index
from ticketing.index.following import follow
from ticketing.record import bulk, items, loading
from ticketing.tickets.ticket import Conversation, Ticket
from ticketing.transfer import line
from ticketing.transfer.foreign import LeftOut
from ticketing.transfer.pace import Pace

LINES, BYTES = 100, 4_000_000  # of a batch, at most; a larger line is a batch of its own
COMMENTS = 25  # that the record takes in one write; with their keys, a transaction's bytes are the limit

_SPOILT = ("ValidationException", "TransactionCanceledException")  # the cause is something in the batch, not the setup

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    """A line that cannot be stored as a ticket: its number, the reason, and its text (empty if it is too long).

    If the names of its fields are the reason, `misnamed` has a sentence for each of them.
    """

    number: int
    sentence: str
    text: bytes
    misnamed: Sequence[str] = ()


@dataclass
class Done:
    """What became of a batch of lines. `size` is in bytes.

    `different` has the numbers of the lines whose ticket exists, but came from another line. `unsaid` is the number of
    new comments that do not say who may see them. `left_out` and `told` have numbers of lines with a sentence: why no
    ticket was made, and what a new ticket lacks or has otherwise.
    """

    lines: int = 0
    size: int = 0
    created: int = 0
    unsaid: int = 0
    there: int = 0
    different: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Done") -> None:
        self.created += other.created
        self.unsaid += other.unsaid
        self.there += other.there
        self.different += other.different
        self.refused += other.refused
        self.left_out += other.left_out
        self.told += other.told


@dataclass(frozen=True)
class _Line:
    number: int
    text: bytes
    found: line.Line

    @property
    def ticket_id(self) -> str:
        return self.found.ticket.ticket_id


def imported(source: IO[bytes], pace: Pace, read: Callable[[bytes], line.Line] = line.read) -> Iterator[Done]:
    """Import the lines of a file, as `read` reads them. Yields what became of each batch.

    Raises aws.AwsError if the record cannot be reached, and DatabaseError if the index cannot. What was done until then
    stays, so start the import again.
    """
    for batch in batched_by_size(enumerate(_lines(source), 1), LINES, lambda one: len(one[1]), BYTES):
        done = Done(lines=len(batch), size=sum(len(text) for _, text in batch))
        for some in _apart(_read(batch, read, done)):
            done.add(patiently(_write_each, some, pace))
        done.refused.sort(key=lambda one: one.number)
        yield done


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """The lines, each with its end. A line that is too long is cut."""
    while text := source.readline(line.LONGEST + 1):
        rest = text
        while len(rest) > line.LONGEST and not rest.endswith(b"\n"):
            rest = source.readline(line.LONGEST + 1)
        yield text


def _read(batch: list[tuple[int, bytes]], read: Callable[[bytes], line.Line], done: Done) -> Iterator[_Line]:
    """The lines of a batch that describe tickets. The others are added to `done`."""
    for number, text in batch:
        if line.is_blank(text):
            continue
        try:
            yield _Line(number, text, read(text))
        except LeftOut as reason:
            done.left_out.append((number, str(reason)))
        except Invalid as refusal:
            kept = text if len(text) <= line.LONGEST else b""
            faults = refusal.faults if isinstance(refusal, line.Misnamed) else ()
            done.refused.append(Refused(number, refusal.sentence, kept, faults))


def _apart(lines: Iterable[_Line]) -> Iterator[dict[str, _Line]]:
    """Groups of lines by ticket id. If lines have the same id, the second one is in the second group, and so on."""
    left = list(lines)
    while left:
        some: dict[str, _Line] = {}
        left = [one for one in left if some.setdefault(one.ticket_id, one) is not one]
        yield some


def _write_each(read: dict[str, _Line], pace: Pace) -> Done:
    """Write all lines together. If one of them makes that fail, write each alone, and refuse that one."""
    try:
        return _write(read, pace)
    except aws.Permanent as error:
        if error.code not in _SPOILT:
            raise
        if len(read) == 1:
            log.error("The record does not take a line: %s", error)
            return Done(refused=[_refusal(one, "The record does not take it") for one in read.values()])
    done = Done()
    for ticket_id, one in read.items():
        done.add(_write_each({ticket_id: one}, pace))
    return done


def _write(read: dict[str, _Line], pace: Pace) -> Done:
    there = bulk.tickets(list(read))
    known = {ticket.ticket_id for ticket in there}
    new = {ticket_id: one for ticket_id, one in read.items() if ticket_id not in known}
    to_load, refused = _to_load(new)
    found = [new[ticket_id].found for ticket_id in to_load]
    _put_comments(found, pace)
    pace.take(len(to_load))
    there += loading.create(to_load.values())  # another import may have been faster
    standing = {ticket.ticket_id for ticket in there}
    created = [new[ticket_id] for ticket_id in to_load if ticket_id not in standing]
    _index([one.found for one in created], there)
    done = Done(created=len(created), unsaid=sum(one.found.unsaid for one in created), refused=refused)
    done.told = [(one.number, sentence) for one in created for sentence in one.found.told]
    for ticket in there:
        _compare(read[ticket.ticket_id], ticket, done)
    return done


def _put_comments(found: Sequence[line.Line], pace: Pace) -> None:
    for some in batched([comment for one in found if not one.keyed for comment in one.comments], COMMENTS):
        pace.take(len(some))
        loading.put_comments(some)
    keyed = (pair for one in found for pair in one.keyed)
    for pairs in batched_by_size(keyed, COMMENTS, lambda pair: items.size(pair[0].to_json()), loading.MOST_BYTES):
        pace.take(2 * len(pairs))
        loading.put_keyed(pairs)


def _compare(one: _Line, standing: Ticket, done: Done) -> None:
    """Compare a line with the ticket that has its id: by the line that made it, since the ticket may have changed."""
    if standing.customer_id != one.found.ticket.customer_id:
        done.refused.append(_refusal(one, "The ticket_id stands for a ticket of another customer"))
        return
    done.there += 1
    if standing.imported_line not in (None, one.found.fingerprint):
        done.different.append(one.number)


def _to_load(new: dict[str, _Line]) -> tuple[dict[str, dict[str, Any]], list[Refused]]:
    """The items of the new tickets, and the refusals of lines that are too large for an item."""
    to_load, refused = {}, []
    for ticket_id, one in new.items():
        try:
            to_load[ticket_id] = loading.item_of(one.found.ticket, one.found.comments, one.found.fingerprint)
        except Invalid as refusal:
            refused.append(_refusal(one, refusal.sentence))
    return to_load, refused


def _refusal(one: _Line, sentence: str) -> Refused:
    return Refused(one.number, sentence, one.text)


def _index(created: Sequence[Conversation], there: list[Ticket]) -> None:
    """Update the index, also for tickets that were there: the import that wrote them may have died before this."""
    index.apply(one.ticket for one in created)
    for some in bulk.bounded(comment for one in created for comment in one.comments):
        index.apply((), some)
    follow(there)
