"""Replaces and redacts comments. The old words are then nowhere in Foyer. The doors call it through the service.

Another system may show a comment in another way later: with words taken out, or for other readers. It sends whole
documents, and they come repeatedly and in any order. So each says as of which moment it holds (`as_of`), and a comment
never goes back to an earlier one. What staff redact stays so, whatever comes later.

`as_of` is a text that sorts by the moment. It means something only to the door that gives it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from config import aws, times
from config.refusals import Busy
from ticketing.reading import get_comment
from ticketing.record import many_comments, mending, transactions
from ticketing.record.erasure import ERASED
from ticketing.record.replacing import SAID, replacement, revises
from ticketing.record.table import TICKETS
from ticketing.tickets import ids
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import REDACTED, Actor, Comment


def replace_comment(
    ticket_id: str,
    comment_id: str,
    customer_id: str | None,
    said: Mapping[str, Any],
    actor: Actor,
    *,
    as_of: str,
    key: Key | None = None,
) -> Comment:
    """Replace what another system says differently now (`said`: names of SAID), and return the comment.

    If the comment says so already, or a later document has said something else, or staff redacted it, it stays as it
    is. The ticket may be closed. `key` is the one that the comment was added with. Its mark is noted, unless a later
    document has said something else. Takes two AWS calls at most.

    Raises Absent, Invalid if the comment is too large, Busy, and aws.AwsError.
    """
    assert set(said) <= set(SAID), said  # noqa: S101 - a door that passes others is broken

    def decide(before: Comment) -> Comment:
        if before.redacted or as_of <= before.as_of:
            return before
        return replace(before, **said, as_of=as_of)

    now = _replace(ticket_id, comment_id, customer_id, decide, actor, key)
    if key and as_of > now.as_of:  # it says so already, or it stays redacted
        with suppress(aws.Conflict):  # no key: an import of Foyer's own export brought the comment
            TICKETS.transact([transactions.marked(ticket_id, key)], ids.new_id())
    return now


def redact_comment(ticket_id: str, comment_id: str, actor: Actor) -> Comment:
    """Take the words out of a comment, for good, and return the comment. For staff. Raises as `replace_comment`."""
    return _replace(ticket_id, comment_id, None, lambda before: replace(before, comment=REDACTED, redacted=True), actor)


def erase_comment(ticket_id: str, comment_id: str, actor: Actor) -> Comment:
    """Take out of a comment its words and who wrote it, for good. The ticket stays. Raises as `replace_comment`."""
    return _replace(
        ticket_id,
        comment_id,
        None,
        lambda before: replace(before, comment=ERASED, author=None, as_of="", redacted=True),
        actor,
    )


def _replace(
    ticket_id: str,
    comment_id: str,
    customer_id: str | None,
    decide: Callable[[Comment], Comment],
    actor: Actor,
    key: Key | None = None,
) -> Comment:
    """Replace the comment by what `decide` makes of it, in one transaction with the ticket's version and a note."""
    for _ in aws.while_contended():
        before = get_comment(ticket_id, comment_id, customer_id)
        after = decide(before)
        if not revises(before, after):
            return before
        after = replace(after, revision=before.revision + 1)
        many_comments.check_size(after)
        try:
            TICKETS.transact(replacement(before, after, times.now(), actor, key), ids.new_id())
        except aws.Conflict as conflict:
            mending.mend(conflict)  # if need be; else somebody was faster: read it again
        except aws.Contended:
            break
        else:
            return after
    raise Busy
