"""A ticket's statuses and the moves between them, as plain tables."""

from typing import Literal, get_args

Status = Literal["open", "pending", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["itsm", "routing", "submission", "zendesk", "event", "desk"]
Visibility = Literal["public", "internal"]

STATUSES: tuple[Status, ...] = get_args(Status)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)

# Any status may follow any other, except that closed is final.
MOVES: dict[Status, frozenset[Status]] = {
    "open": frozenset(STATUSES),
    "pending": frozenset(STATUSES),
    "solved": frozenset(STATUSES),
    "closed": frozenset(),
}

# A public comment opens a ticket in one of these again: the customer wrote, so somebody has to look.
REOPENED_BY_COMMENT: frozenset[Status] = frozenset({"pending", "solved"})

# What Zendesk's statuses are here, for its door and for an import of its export.
ZENDESK_STATUS: dict[str, Status] = {
    "new": "open",
    "open": "open",
    "pending": "pending",
    "hold": "pending",
    "solved": "solved",
    "closed": "closed",
}


def is_final(status: Status) -> bool:
    """Whether nothing may follow this status: no change and no comment."""
    return not MOVES[status]
