"""What Zendesk took back: words that were redacted there, comments that were made private, files with malware.

Documents come in any order, and raw ones of any age are replayed. So the desk notes as of which moment its words hold,
and an earlier document never brings words back. Zendesk dates a document by the ticket's last change, which not every
redaction moves. Of documents with one date, the one that was fetched last holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings

from config.refusals import Absent
from ingestion.zendesk import changes, mapping, people
from ingestion.zendesk.values import inner, moment
from ticketing import service
from ticketing.service import Known
from ticketing.tickets import zendesk_comment
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor, Comment, Ticket

_TEXTS = ("subject", "issue_description")
_MARKS = (*_TEXTS, "opening", "files")  # what was seen of them
_OPENING = "issue_description"


def as_of(context: dict[str, Any], fetched: str) -> str:
    """As of when the document holds. `fetched` is when it was fetched: the time, or the day of a raw one."""
    return f"{moment(changes.moment(mapping.attributes(context))) or ''} {fetched}"


def replace_comments(
    desk: Ticket, said: Iterable[tuple[Comment, Key]], known: Mapping[str, Known], held: str, actor: Actor
) -> Iterator[str]:
    """Replace the comments of which Zendesk says something else now. `held` is `as_of` of the document.

    A name that it tells for the first time is something else. If it does not tell an author's name this time, the one
    at the desk stays. Yields the id of each comment that was replaced, or found to say the same. Raises as
    `service.replace_comment`.
    """
    for comment, key in said:
        there = known.get(key.keyed_id)
        if there is None or zendesk_comment.says_nothing_new(there.mark, key.mark or ""):
            continue
        values: dict[str, Any] = {"comment": comment.comment, "visibility": comment.visibility}
        if not people.is_number(comment.author or ""):
            values |= {"author": comment.author, "door": comment.door}
        with suppress(Absent):  # another program deleted it
            service.replace_comment(
                desk.ticket_id, there.comment_id, settings.DEFAULT_CUSTOMER, values, actor, as_of=held, key=key
            )
        yield there.comment_id


def texts(desk: Ticket, wanted: dict[str, Any], held: str) -> tuple[dict[str, Any], list[str]]:
    """What may change of `wanted` (see `changes.of`), and the texts among it whose old words must go everywhere.

    What staff redacted stays. So do the texts if they hold as of a later moment than this document.
    """
    known = desk.in_zendesk
    is_earlier = held < str(known.get(changes.AS_OF, ""))
    left_alone = _TEXTS if is_earlier else desk.redacted
    wanted = {name: value for name, value in wanted.items() if name not in left_alone}
    gone = [] if is_earlier else _gone(desk, wanted)
    fetched = wanted["zendesk"]
    if is_earlier:
        fetched = _opened_as(known, fetched) | {"seen": fetched["seen"] | _marks(inner(known, "seen"))}
    if gone or _readers(known) != _readers(fetched):
        fetched = fetched | {changes.AS_OF: held}
    return wanted | changes.kept(desk, fetched), gone


def texts_of_closed(desk: Ticket, wanted: dict[str, Any], held: str) -> tuple[dict[str, Any], list[str]]:
    """As `texts`, for a ticket that is closed at the desk: only these texts change, what was seen of them, who may read
    the description, and when Zendesk's ticket changed. If only the readers change, the description is named among the
    texts."""
    wanted, gone = texts(desk, wanted, held)
    known, fetched = desk.in_zendesk, wanted["zendesk"]
    now = _opened_as(fetched, known) | {
        "seen": inner(known, "seen") | _marks(fetched["seen"]),
        "updated_at": fetched["updated_at"],
        changes.AS_OF: held,
    }
    changed = {name: wanted[name] for name in gone if name in wanted} | changes.kept(desk, now)
    return changed, gone or [_OPENING] * (_readers(known) != _readers(fetched))


def _gone(desk: Ticket, wanted: dict[str, Any]) -> list[str]:
    """A description never changes in Zendesk but by a redaction. Agents take the words out of the subject by hand, so
    that it changes with the description, before, or after: the notes of its earlier changes have them, too.

    The desk may show another description: a follow-up has one of Foyer's, and staff may have redacted it.
    """
    changed = [name for name in _TEXTS if name in wanted and wanted[name] != getattr(desk, name)]
    before, now = inner(desk.in_zendesk, "seen"), wanted["zendesk"]["seen"]
    if before.get(_OPENING, now[_OPENING]) != now[_OPENING]:
        return list(_TEXTS)
    if _OPENING in changed or zendesk_comment.BLOCK in desk.issue_description:
        return changed
    return [one for one in changed if zendesk_comment.BLOCK in (wanted[one] or "")]


def _readers(zendesk: dict[str, Any]) -> str:
    """Who may read the description: `internal` are staff alone."""
    return str(inner(zendesk, "opening").get("visibility", "public"))


def _opened_as(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The other's attributes, but what the one says of who wrote the description, and for whom."""
    kept = {name: value for name, value in other.items() if name != "opening"}
    return kept | ({"opening": one["opening"]} if "opening" in one else {})


def _marks(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: seen[name] for name in _MARKS if name in seen}
