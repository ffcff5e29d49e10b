"""The marker: by it, a comment in Zendesk is recognized as one that Foyer posted.

Zendesk keeps up to a kilobyte of metadata with each update of a ticket, and shows it with the update's comment, as
`metadata.custom`. Foyer writes its own comment's id there.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from config import times
from ingestion.zendesk import people
from ticketing.answers import adopted
from ticketing.deliveries import raw_tickets
from ticketing.service import Known
from ticketing.tickets import ids, zendesk_comment
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Comment

NAME: Final = "foyer_comment"
_CLOCKS: Final = timedelta(minutes=1)  # by which Zendesk's clock may be behind ours


def of(comment: Mapping[str, Any]) -> str | None:
    """The id of Foyer's comment that a comment of Zendesk's names. None if it names none."""
    said = (_custom(comment) or {}).get(NAME)
    return said if isinstance(said, str) and ids.is_timed(said) else None


def is_same(theirs: Mapping[str, Any], ours: Comment) -> bool:
    """Whether Zendesk's comment is ours. If it shows no custom metadata at all, its words and its time tell."""
    if _custom(theirs) is not None:
        return of(theirs) == ours.comment_id
    written, came = times.parse(ours.created_at), times.parse(str(theirs.get("created_at")))
    if not written or not came or came < written - _CLOCKS:
        return False
    return _says_the_same(theirs, ours)


def recognized(
    ticket_id: str, comments: list[dict[str, Any]], context: Mapping[str, Any], known: dict[str, Known]
) -> tuple[dict[str, Known], set[str]]:
    """What is known of the ticket's comments (`service.known_comments`), with those of Zendesk's that are its own.

    Returns the `keyed_id`s of the latter as well. They are noted, so that they are never filed as others. A marker
    alone proves nothing, since every program of the account can write one, and so can another Foyer. It must name a
    comment of this very ticket that Zendesk was promised, and that no other comment of Zendesk has named.

    Where Zendesk shows no custom metadata, an agent's new comment that is the same as an answer whose sending has begun
    is that answer.
    """
    own, zendesk_id = set[str](), str(context["ticket"]["id"])
    sending = _being_sent(ticket_id, comments, context, known)
    for one in comments:
        is_sent = sending is not None and _is_unknown(one, context, known) and is_same(one, sending)
        named = sending.comment_id if sending and is_sent else of(one)
        if named is None:
            continue
        its = key(zendesk_id, one).keyed_id
        if its not in known and (found := _adopted(ticket_id, zendesk_id, one, named)):
            known = known | {its: found}
        if its in known and known[its].comment_id == named:
            own.add(its)
    return known, own


def _being_sent(
    ticket_id: str, comments: list[dict[str, Any]], context: Mapping[str, Any], known: dict[str, Known]
) -> Comment | None:
    """The answer whose sending has begun, if one of the comments may be it. Mostly None, and then nothing is asked."""
    if settings.ZENDESK_ANSWER_BACK and any(_is_unknown(one, context, known) for one in comments):
        return adopted.begun(ticket_id)
    return None


def _is_unknown(comment: dict[str, Any], context: Mapping[str, Any], known: dict[str, Known]) -> bool:
    """Whether it is an agent's, not known yet, and without custom metadata that would tell whose it is."""
    if _custom(comment) is not None or not people.is_staff(comment, dict(context)):
        return False
    return key(str(context["ticket"]["id"]), comment).keyed_id not in known


def _adopted(ticket_id: str, zendesk_id: str, theirs: Mapping[str, Any], named: str) -> Known | None:
    """What is known of Zendesk's comment once it is noted as the one that it names. None if it is not that one."""
    ours = adopted.promised(ticket_id, named)
    if ours is None:
        return None
    its = own_key(zendesk_id, theirs, ours)
    return Known(named, its.mark) if adopted.adopt(ours, its) else None


def unsigned(comment: Comment) -> Comment:
    """Zendesk's form of an own comment, without an author: Zendesk names the user whom Foyer acts for."""
    return replace(comment, author=people.UNTOLD)


def key(zendesk_id: str, comment: Mapping[str, Any]) -> Key:
    """The key by which the Zendesk door knows one of the desk's own comments, of which the author is known."""
    return raw_tickets.comment_key(zendesk_id, str(comment["id"]), zendesk_comment.mark(comment, author=""))


def own_key(zendesk_id: str, theirs: Mapping[str, Any], ours: Comment) -> Key:
    """As `key`, for a comment of the desk's own. It has no mark if Zendesk shows other words, or to others.

    Then they were redacted there before this was noted, and the next document replaces the desk's.
    """
    its = key(zendesk_id, theirs)
    return its if _says_the_same(theirs, ours) else replace(its, mark=None)


def _says_the_same(theirs: Mapping[str, Any], ours: Comment) -> bool:
    same = (_squeezed(theirs.get("body")), theirs.get("public") is not False)
    return same == (_squeezed(ours.comment), ours.visibility == "public")


def _custom(comment: Mapping[str, Any]) -> Mapping[str, Any] | None:
    metadata = comment.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    return custom if isinstance(custom, dict) else None


def _squeezed(text: Any) -> str:
    return "".join(text.split()) if isinstance(text, str) else ""
