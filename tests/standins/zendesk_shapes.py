"""Everyday shapes of Zendesk's tickets which a good guess gets wrong. A ticket's id says which of them it has.

From `FIRST` on, ids go through SHAPES in turn. Each shape changes the plain ticket, and the plain comments, of
zendesk_data.py. Their source: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FIRST, LAST = 600_000, 699_999

Item = dict[str, Any]

SYSTEM = -1  # Zendesk itself, as a comment's author
NOBODY_KNOWN = 7_777_777  # a person whom Zendesk does not know any more


@dataclass(frozen=True)
class Shape:
    """What is otherwise about a ticket and its comments, and whether nobody there is told beside the comments."""

    ticket: Callable[[Item], Item] = lambda _: {}
    comments: Callable[[list[Item]], list[Item]] = lambda all_: all_
    names_nobody: bool = False


def _last(**values: Any) -> Callable[[list[Item]], list[Item]]:
    return lambda all_: [*all_[:-1], all_[-1] | values]


def _first(**values: Any) -> Callable[[list[Item]], list[Item]]:
    return lambda all_: [all_[0] | values, *all_[1:]]


def _call(all_: list[Item]) -> list[Item]:
    data = {"recording_url": "https://foyer.zendesk.com/recordings/1.mp3", "call_duration": 95, "from": "+4930901820"}
    said = {"type": "VoiceComment", "author_id": SYSTEM, "body": "Call from: +49 30 901820", "data": data}
    return [*all_[:-1], all_[-1] | said]


def _file(**values: Any) -> Item:
    address = "https://foyer.zendesk.com/attachments/token/1/?name=error.png"
    told = {"id": 1, "file_name": "error.png", "content_type": "image/png", "size": 48_211, "content_url": address}
    return told | values


SHAPES: dict[str, Shape] = {
    "plain": Shape(),
    "nobody told": Shape(names_nobody=True),
    "a vanished requester": Shape(ticket=lambda _: {"requester_id": NOBODY_KNOWN}),
    "an internal opening": Shape(comments=_first(public=False)),
    "a call": Shape(comments=_call),
    "Zendesk itself wrote": Shape(comments=_last(author_id=SYSTEM)),
    "nobody wrote": Shape(comments=_last(author_id=None, body=None, plain_body=None, html_body=None)),
    "words as HTML alone": Shape(comments=_last(body="", plain_body="", html_body="<p>See <b>this</b> &amp; that</p>")),
    "a file alone": Shape(comments=_last(body="", plain_body="", html_body="", attachments=[_file()])),
    "malware": Shape(
        comments=_last(attachments=[_file(malware_scan_result="malware_found", malware_access_override=False)])
    ),
    "a comment without a time": Shape(comments=_last(created_at=None)),
    "comments of one moment": Shape(
        comments=lambda all_: [one | {"created_at": all_[0]["created_at"]} for one in all_]
    ),
    "an unknown type": Shape(comments=_last(type="HologramComment", via={"channel": "hologram"})),
    "an unknown channel": Shape(ticket=lambda _: {"via": {"channel": "hologram", "source": None}}),
    "an unknown status and priority": Shape(ticket=lambda _: {"status": "simmering", "priority": "yesterday"}),
    "other line breaks": Shape(ticket=lambda one: {"description": one["description"].replace(". ", ".\r\n\r\n")}),
    "a wrong count": Shape(ticket=lambda _: {"comment_count": 9_999}),
    "merged": Shape(ticket=lambda one: {"status": "closed", "tags": [*one["tags"], "closed_by_merge"]}),
    "deleted": Shape(ticket=lambda _: {"status": "deleted"}),
    "no subject": Shape(ticket=lambda _: {"subject": None, "raw_subject": None}),
}
_ORDER = tuple(SHAPES.values())


def of(ticket_id: int) -> Shape:
    """The shape of the ticket with this id."""
    return _ORDER[(ticket_id - FIRST) % len(_ORDER)] if FIRST <= ticket_id <= LAST else SHAPES["plain"]


def named(name: str, turn: int = 0) -> int:
    """The id of a ticket of this shape; another one for each `turn`."""
    return FIRST + list(SHAPES).index(name) + turn * len(_ORDER)
