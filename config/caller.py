"""Who calls: what every door knows of the one behind a token."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Tier = Literal["general", "gold"]
TIERS: tuple[Tier, ...] = get_args(Tier)
SCOPES = ("itsm", "events", "submit", "route")


@dataclass(frozen=True)
class Caller:
    """The holder of a token. A ticket that comes in by it belongs to `customer_id`."""

    customer_id: str
    tier: Tier = "general"
    scopes: frozenset[str] = field(default_factory=frozenset)
    token_id: int = 0
    name: str = ""

    is_authenticated = True  # what DRF asks of a user


def caller_behind(request: Any) -> Caller | None:
    """The caller that authentication gave a request (DRF's `user`), None for an anonymous one."""
    user: object = request.user
    return user if isinstance(user, Caller) else None
