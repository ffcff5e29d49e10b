"""The values that everything else uses: a ticket, a comment on it, and their conversation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, NewType, get_args, get_origin, get_type_hints

from config.caller import Tier
from ticketing.tickets import ids
from ticketing.tickets.workflow import Channel, Priority, Status, Visibility

# Limits, in characters. What a list shows must fit a ticket's item and its announcement. Longer text belongs in the
# description or the attributes, which have no limit.
LONGEST_KEY = 2048  # bytes of a ticket's or a caller's id: DynamoDB takes no longer key
LONGEST_LINE = 2_000  # subject, type, assignee, a requester's name or address
MOST_TAGS, LONGEST_TAG = 100, 200

REDACTED = "(redacted)"  # the words in place of what staff redacted; customers read them, too

# The fields that a change may replace, each as a whole.
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
    """A ticket as it is in the record at `version`. Its fields have the names of its JSON."""

    ticket_id: str
    channel: Channel  # the door that the ticket came in by
    customer_id: str
    caller_id: str  # whom the ticket is about; `customer:<id>` if nobody said
    issue_description: str
    created_at: str  # when the caller wrote; this and the two below: ISO 8601, UTC, milliseconds
    received_at: str  # when it was taken in here: later than `created_at` if Zendesk or an import brought it
    updated_at: str
    requester: dict[str, str] | None = None  # name and email, as far as known
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
    version: int = 1  # rises by one with every change and every comment
    request_id: str = "-"  # of the write that made this version; for tracing, not in the ticket's JSON
    overflow: str | None = None  # SHA-256 of the S3 object with description and attributes; not in the JSON
    imported_version: int | None = None  # the version that an import wrote, which notifies nobody; not in the JSON
    imported_line: str | None = None  # SHA-256 of the line that an import made it from; not in the JSON
    arriving: dict[str, int] | None = (
        None  # while comments come in: how many are `there`, `of` how many; not in the JSON
    )
    replacements: int = 0  # how often a comment of it was replaced; not in the JSON
    replaced_comment_id: str | None = None  # the comment that was replaced last; not in the JSON
    redacted: list[str] = field(default_factory=list)  # fields that staff redacted, for good; not in the JSON
    leftovers: list[str] = field(default_factory=list)  # S3 objects with redacted words, to delete; not in the JSON
    zendesk: dict[str, Any] = field(default_factory=dict)  # `attributes.zendesk` as its door wrote it; not in the JSON
    erased: str = ""  # since when nothing is kept but this shell (ticketing/record/erasure.py); not in the JSON
    erasing: bool = False  # whether some of its places are still to be emptied; not in the JSON

    @property
    def in_zendesk(self) -> dict[str, Any]:
        """What the Zendesk door knows of the ticket.

        A client may replace the attributes, and write what it likes there. So they tell it only where the door has not
        noted it: an earlier version of Foyer wrote the ticket, or an import.
        """
        known = self.zendesk or self.attributes.get("zendesk")
        return known if isinstance(known, dict) else {}

    @property
    def reference(self) -> str:
        return ids.reference(self.ticket_id)

    @property
    def as_imported(self) -> bool:
        """Whether the ticket is unchanged since its import. Such a ticket notifies nobody."""
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
            "received_at": self.received_at,
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
    door: str = ""  # that it came in by; the desk tells staff from customers by it; not in the JSON
    revision: int = 0  # how often it was replaced; not in the JSON
    as_of: str = ""  # the moment of the foreign document that says it so (`ticketing.redacting`); not in the JSON
    redacted: bool = False  # staff redacted it, for good; not in the JSON

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


# The place of a comment in its conversation: the comment's id. Only a reader who was given a page of the conversation
# has one, because a door makes it from a cursor that it sealed for that very reader.
Place = NewType("Place", str)


@dataclass(frozen=True)
class Conversation:
    """A ticket with some of its comments, oldest first. `next` is the place of the last one if there are more."""

    ticket: Ticket
    comments: list[Comment]
    next: Place | None


@dataclass(frozen=True)
class Actor:
    """Who writes a change or a comment, and through which door."""

    name: str
    door: str
    request_id: str


# Fields that are not in the ticket's JSON.
_UNSHOWN = {
    "request_id",
    "overflow",
    "imported_version",
    "imported_line",
    "arriving",
    "replacements",
    "replaced_comment_id",
    "redacted",
    "leftovers",
    "zendesk",
    "erased",
    "erasing",
}


def from_json(values: dict[str, Any], request_id: str = "-") -> Ticket:
    """The ticket in the JSON of `Ticket.to_json`. Raises KeyError or TypeError for any other JSON.

    A message that waits in a queue may be of a version of Foyer that knew no `received_at`. It reads as `created_at`.
    """
    values = {"received_at": values["created_at"]} | values
    shown = {name: values[name] for name in _FITS if name not in _UNSHOWN}
    for name, value in shown.items():
        if not _FITS[name](value):
            raise TypeError(f"{name} is of the wrong kind")
    return Ticket(**shown, request_id=request_id)


def _fits(hint: Any) -> Callable[[Any], bool]:
    """A function that tells whether a JSON value matches a field's annotation."""
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
    return lambda value: isinstance(value, hint) and not isinstance(value, bool)  # Python takes True for an int


# Made once: reading an annotation takes longer than reading the rest of an announcement.
_FITS = {name: _fits(hint) for name, hint in get_type_hints(Ticket).items()}


def draft(
    *,
    channel: Channel,
    customer_id: str,
    tier: Tier,
    caller_id: str,
    issue_description: str,
    created_at: str = "",
    **more: Any,
) -> Ticket:
    """A ticket on its way in. The service sets its id and times, but leaves a `created_at` that it has.

    `more` are other fields of Ticket.
    """
    return Ticket(
        ticket_id="",
        channel=channel,
        customer_id=customer_id,
        tier=tier,
        caller_id=caller_id,
        issue_description=issue_description,
        created_at=created_at,
        received_at="",
        updated_at="",
        **more,
    )


def new_comment(
    text: str,
    *,
    author: str | None = None,
    visibility: Visibility = "public",
    created_at: str = "",
    door: str = "",
    as_of: str = "",
) -> Comment:
    """A comment on its way in. The service sets its ids, and its time if it has none."""
    return Comment(
        ticket_id="",
        comment_id="",
        comment=text,
        author=author,
        visibility=visibility,
        created_at=created_at,
        door=door,
        as_of=as_of,
    )
