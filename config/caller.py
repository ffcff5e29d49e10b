"""The caller: what a door knows about the holder of a token."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Tier = Literal["general", "gold"]
TIERS: tuple[Tier, ...] = get_args(Tier)
SCOPES = ("itsm", "events", "submit", "route")


@dataclass(frozen=True)
class Caller:
    """The holder of a token. Tickets that come in with it belong to `customer_id`."""

    customer_id: str
    tier: Tier = "general"
    scopes: frozenset[str] = field(default_factory=frozenset)
    token_id: int = 0
    name: str = ""

    is_authenticated = True  # DRF asks a user for this


def caller_behind(request: Any) -> Caller | None:
    """The caller that authentication set on the request (DRF's `user`), or None for an anonymous one."""
    user: object = request.user
    return user if isinstance(user, Caller) else None
