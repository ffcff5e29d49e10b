"""A sender's comments on a ticket, many at once: finds those that are there in few calls, and writes the others.

A transaction takes up to forty-nine of them. The ticket's count and version rise with them, so whatever dies between
two transactions, the ticket is right.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from config import aws, times
from config.batched import batched_by_size
from config.refusals import Busy, Invalid, KeyReused
from ticketing.record import checks, items, mending, store, transactions
from ticketing.record.table import TICKETS
from ticketing.record.transactions import CommentsWrite
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment

SECONDS = 10.0  # that an answer with some thousand keys may take, also on a busy local AWS
AT_ONCE = 49  # comments, with two actions each; DynamoDB takes a hundred, and one of them is the ticket's
MOST_BYTES = 3_500_000  # of their items: DynamoDB takes 4 MB, but counts a little differently
_FAILED = "ConditionalCheckFailed"

Draft = tuple[Comment, Key]


@dataclass(frozen=True)
class Known:
    """The comment that was written under a key, and the mark of what the sender said then.

    `mark` is None if nobody gave one. Earlier versions of Foyer gave none.
    """

    comment_id: str
    mark: str | None


def known(ticket_id: str) -> dict[str, Known]:
    """The ticket's comments that have a key, by the key's `keyed_id`. Takes a call for about 4,000 comments."""
    of_ticket, values = (
        "ticket_id = :id AND begins_with(#item, :key)",
        {":id": ticket_id, ":key": items.KEY},
    )
    found = TICKETS.query(of_ticket, values, only="#item, comment_id, mark", seconds=SECONDS)
    return {one["item"].removeprefix(items.KEY): Known(one.get("comment_id", ""), one.get("mark")) for one in found}


def add(
    ticket_id: str, customer_id: str, drafts: Sequence[Draft], actor: Actor, there: int, met: Callable[[], object]
) -> Iterator[int]:
    """Add the comments in this order. Yields how many of them are there after each transaction.

    `there` is how many of the sender's comments were there before. See `service.add_comments` for the rest.
    """
    once: dict[str, Draft] = {}
    for draft in drafts:  # a transaction refuses to write one key twice
        once.setdefault(draft[1].keyed_id, draft)
    done, of = 0, there + len(once)
    for batch in batched_by_size(once.values(), AT_ONCE, lambda draft: items.size(draft[0].to_json()), MOST_BYTES):
        now_there = there + done + len(batch)
        arriving = {"there": now_there, "of": of} if now_there < of else None
        if not _add_together(ticket_id, customer_id, batch, actor, arriving):
            met()
        done += len(batch)
        yield done


def _add_together(
    ticket_id: str, customer_id: str, batch: list[Draft], actor: Actor, arriving: dict[str, int] | None
) -> bool:
    """Add a transaction's worth of comments. Returns whether this was who wrote all of them.

    A rejected try tells which of them are there already: the next one leaves them out. It makes new ids for the others,
    so their order is right although another writer's comments came between.
    """
    whole = len(batch)
    for _ in aws.while_contended():
        now = times.now()
        adding = CommentsWrite(
            comments=[(_made(draft, ticket_id, actor, now), key) for draft, key in batch],
            now=now,
            actor=actor,
            customer_id=customer_id,
            arriving=arriving,
        )
        try:
            TICKETS.transact(transactions.comments(adding, checks.FINAL), ids.new_id())
        except aws.Conflict as conflict:
            batch = _missing(batch, conflict)
            if not batch:
                return False
            _check_ticket(conflict, customer_id)
        except aws.Contended:
            break  # `transact` has waited for the other writers already
        else:
            return len(batch) == whole
    raise Busy


def _made(draft: Comment, ticket_id: str, actor: Actor, now: str) -> Comment:
    """The comment as it is written. Raises Invalid if it is too large."""
    made = replace(
        draft,
        ticket_id=ticket_id,
        comment_id=ids.new_id(),
        created_at=draft.created_at or now,
        door=draft.door or actor.door,
    )
    check_size(made)
    return made


def check_size(comment: Comment) -> None:
    """Raise Invalid if the comment does not fit into an item."""
    try:
        store.fitting(items.from_comment(comment))
    except store.TooLarge:
        raise Invalid("The comment is too large to be stored") from None


def _missing(batch: list[Draft], conflict: aws.Conflict) -> list[Draft]:
    """The comments whose keys are not in the record yet. Raises KeyReused if a key is another request's."""
    reasons = conflict.reasons[transactions.KEY_ACTION :: 2]
    left = []
    for (draft, key), reason in zip(batch, reasons, strict=True):
        if reason.get("Code") != _FAILED:
            left.append((draft, key))
        elif items.fingerprint_of(reason.get("Item", {})) not in (None, key.fingerprint):
            raise KeyReused
    return left


def _check_ticket(conflict: aws.Conflict, customer_id: str) -> None:
    """Raise why the ticket takes no comments, if that is the reason. Mend it if its form is."""
    reason = conflict.reasons[transactions.TICKET_ACTION]
    if reason.get("Code") != _FAILED:
        return
    found = reason.get("Item")
    checks.changeable(checks.own(items.to_ticket(found) if found else None, customer_id))
    mending.mend(conflict)


def all_arrived(ticket_id: str) -> None:
    """Forget how many comments are on their way."""
    gone = aws.Update(items.ticket_key(ticket_id), "REMOVE arriving", "attribute_exists(arriving)")
    with suppress(aws.Conflict):
        TICKETS.update(gone)
