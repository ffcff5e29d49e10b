"""A ticket's states, and the moves between them, as plain tables."""

from typing import Literal, get_args

Status = Literal["open", "pending", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["itsm", "routing", "submission", "zendesk", "event", "desk"]
Visibility = Literal["public", "internal"]

STATUSES: tuple[Status, ...] = get_args(Status)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)

# Any status may follow any other, but closed is final.
MOVES: dict[Status, frozenset[Status]] = {
    "open": frozenset(STATUSES),
    "pending": frozenset(STATUSES),
    "solved": frozenset(STATUSES),
    "closed": frozenset(),
}

# The customer wrote again: somebody has to look.
REOPENED_BY_COMMENT: frozenset[Status] = frozenset({"pending", "solved"})


def is_final(status: Status) -> bool:
    """Whether nothing follows this status: no change, no comment."""
    return not MOVES[status]
