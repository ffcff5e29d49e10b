"""The values that everything is about: a ticket, and a comment on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, NewType, get_args, get_origin, get_type_hints

from config.caller import Tier
from ticketing.tickets import ids
from ticketing.tickets.workflow import Channel, Priority, Status, Visibility

# Limits, in characters: what stands in a list must fit a ticket's item and its announcement. What is longer than
# that belongs into the description or the attributes, which have none.
LONGEST_KEY = 2048  # bytes of a ticket's or a caller's id: DynamoDB takes no longer key
LONGEST_LINE = 2_000  # subject, type, assignee, a requester's name or address
MOST_TAGS, LONGEST_TAG = 100, 200

# What a change may touch, each replaced whole.
CHANGEABLE = (
    "subject",
    "issue_description",
    "type",
    "status",
    "priority",
    "assignee",
    "tags",
    "attributes",
    "requester",
)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket as it stands in the record at `version`. Its fields have the names of its JSON."""

    ticket_id: str
    channel: Channel
    customer_id: str
    caller_id: str
    issue_description: str
    created_at: str
    updated_at: str
    requester: dict[str, str] | None = None
    subject: str | None = None
    type: str | None = None
    status: Status = "open"
    priority: Priority = "normal"
    tier: Tier = "general"
    assignee: str | None = None
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    comment_count: int = 0
    last_comment_id: str | None = None
    version: int = 1
    request_id: str = "-"  # of the write that made this version; for tracing, not in the ticket's JSON
    overflow: str | None = None  # the S3 object that has the description and attributes; not in the JSON either
    imported_version: int | None = None  # the version that an import wrote, which is nobody's news; nor is this
    imported_line: str | None = None  # the SHA-256 of the line of which an import made it; nor this

    @property
    def reference(self) -> str:
        return ids.reference(self.ticket_id)

    @property
    def as_imported(self) -> bool:
        """Whether it stands as an import wrote it, which notifies nobody."""
        return self.imported_version == self.version

    @property
    def title(self) -> str:
        """What a list shows: the subject, or the description's first line."""
        return self.subject or self.issue_description.strip().partition("\n")[0][:120] or "(no subject)"

    def to_json(self) -> dict[str, Any]:
        """The ticket as every API shows it."""
        return {
            "ticket_id": self.ticket_id,
            "reference": self.reference,
            "channel": self.channel,
            "customer_id": self.customer_id,
            "caller_id": self.caller_id,
            "requester": self.requester,
            "subject": self.subject,
            "issue_description": self.issue_description,
            "type": self.type,
            "status": self.status,
            "priority": self.priority,
            "tier": self.tier,
            "assignee": self.assignee,
            "tags": self.tags,
            "attributes": self.attributes,
            "comment_count": self.comment_count,
            "last_comment_id": self.last_comment_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "version": self.version,
        }


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One comment on a ticket."""

    ticket_id: str
    comment_id: str
    comment: str
    created_at: str
    author: str | None = None
    visibility: Visibility = "public"
    door: str = ""  # by which it came in; tells staff from customers at the desk, and is not in the comment's JSON

    def to_json(self) -> dict[str, Any]:
        """The comment as every API shows it."""
        return {
            "ticket_id": self.ticket_id,
            "comment_id": self.comment_id,
            "comment": self.comment,
            "author": self.author,
            "visibility": self.visibility,
            "created_at": self.created_at,
        }


# Of a comment in its conversation, by the comment's id. Only who was given a page of the conversation has one: a door
# makes it from a cursor that it sealed for that very reader.
Place = NewType("Place", str)


@dataclass(frozen=True)
class Conversation:
    """A ticket with some of its comments, oldest first; `next` is the last one's place if there are more."""

    ticket: Ticket
    comments: list[Comment]
    next: Place | None


@dataclass(frozen=True)
class Actor:
    """Who writes, and by which door."""

    name: str
    door: str
    request_id: str


_UNSHOWN = {"request_id", "overflow", "imported_version", "imported_line"}  # fields that are not in the ticket's JSON


def from_json(values: dict[str, Any], request_id: str = "-") -> Ticket:
    """The ticket that `Ticket.to_json` wrote. Raises KeyError or TypeError for what it did not write."""
    shown = {name: values[name] for name in _FITS if name not in _UNSHOWN}
    for name, value in shown.items():
        if not _FITS[name](value):
            raise TypeError(f"{name} is of the wrong kind")
    return Ticket(**shown, request_id=request_id)


def _fits(hint: Any) -> Callable[[Any], bool]:
    """What tells whether a JSON value is as a field's annotation says."""
    kind, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda _: True
    if kind is Literal:
        return inner.__contains__
    if kind is UnionType:
        ways = [_fits(one) for one in inner]
        return lambda value: any(fits(value) for fits in ways)
    if kind in (list, dict):
        each = _fits(inner[-1])
        return lambda value: isinstance(value, kind) and all(map(each, value.values() if kind is dict else value))
    return lambda value: isinstance(value, hint) and not isinstance(value, bool)


# Made once: an annotation takes longer to be read than the rest of an announcement.
_FITS = {name: _fits(hint) for name, hint in get_type_hints(Ticket).items()}


def draft(
    *, channel: Channel, customer_id: str, tier: Tier, caller_id: str, issue_description: str, **more: Any
) -> Ticket:
    """A ticket on its way in: the service gives it its id and times. `more` are other fields of Ticket."""
    return Ticket(
        ticket_id="",
        channel=channel,
        customer_id=customer_id,
        tier=tier,
        caller_id=caller_id,
        issue_description=issue_description,
        created_at="",
        updated_at="",
        **more,
    )


def new_comment(
    text: str, *, author: str | None = None, visibility: Visibility = "public", created_at: str = ""
) -> Comment:
    """A comment on its way in: the service gives it its ids, and its time where it brings none."""
    return Comment(
        ticket_id="", comment_id="", comment=text, author=author, visibility=visibility, created_at=created_at
    )
