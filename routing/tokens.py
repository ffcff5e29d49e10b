"""API tokens: issued once, stored as hashes, and cached for half a minute.

The cache is there so that no door needs SQL to accept a ticket.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from audit import trail
from audit.actions import Action
from config.caller import SCOPES, TIERS, Caller, Tier
from config.refusals import Invalid
from routing import last_uses
from routing.models import ApiToken

_PREFIX = "foyer_"  # lets scanners for leaked secrets recognise a token


class Ended(Invalid):
    """The token has ended. A caller needs a new one."""


def issue(
    name: str, customer_id: str, tier: str, scopes: list[str], days: int | None = None, issued_by: str = ""
) -> str:
    """Create a token that ends after `days` (default TOKEN_DAYS), and return its text, which cannot be read again.

    `issued_by` is the user's name, empty for a command. Raises Invalid for an empty name or customer, an unknown tier,
    unknown or no scopes, and an end too late.
    """
    days = settings.TOKEN_DAYS if days is None else days
    if not name.strip() or not customer_id.strip():
        raise Invalid("A token needs a name and a customer")
    if tier not in TIERS:
        raise Invalid(f"The tier must be {' or '.join(TIERS)}")
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid(f"Scopes must be one or more of: {', '.join(SCOPES)}")
    if not 1 <= days <= settings.TOKEN_DAYS:
        raise Invalid(f"A token ends after 1 to {settings.TOKEN_DAYS} days (TOKEN_DAYS)")
    token = _PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            name=name.strip(),
            customer_id=customer_id.strip(),
            tier=tier,
            scopes=sorted(set(scopes), key=SCOPES.index),
            token_hash=_hash(token),
            issued_by=issued_by,
            expires_at=datetime.now(UTC) + timedelta(days=days),
        )
        about = {"customer": row.customer_id, "tier": tier, "scopes": row.scopes, "days": days}
        trail.record(Action.TOKEN_ISSUED, target=row.named, details=about)
    return token


def find(token: str) -> ApiToken:
    """The row of a token that was just issued. Raises ApiToken.DoesNotExist."""
    return ApiToken.objects.get(token_hash=_hash(token))


def revoke(token: ApiToken) -> None:
    """Revoke the token. A process that has it in its cache accepts it for up to half a minute more."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=datetime.now(UTC)):
            trail.record(Action.TOKEN_REVOKED, target=token.named)
    cache.delete(_cache_key(token.token_hash))


def caller_of(token: str) -> Caller | None:
    """The holder of this token, or None if it is unknown or revoked. A token seen in the last 30 s needs no SQL.

    Raises Ended from the moment of the token's end.
    """
    token_hash = _hash(token)
    known: _Known | None = cache.get(_cache_key(token_hash))
    if known is None:
        known = _look_up(token_hash)
        if known is None:
            return None
        cache.set(_cache_key(token_hash), known, settings.TOKEN_CACHE_SECONDS)
    caller, end = known
    if end and datetime.now(UTC) >= end:
        raise Ended(f"The token ended on {end.day} {end:%B %Y}: ask the people who run Foyer for a new one")
    last_uses.note(caller.token_id)
    return caller


_Known = tuple[Caller, datetime | None]  # as the cache has it: the holder, and the token's end


def _look_up(token_hash: str) -> _Known | None:
    row = ApiToken.objects.filter(token_hash=token_hash, revoked_at=None).first()
    if row is None:
        return None
    return Caller(row.customer_id, cast(Tier, row.tier), row.scope_set, row.pk, row.name), row.expires_at


def _hash(token: str) -> str:
    """A token has 256 random bits, so a fast hash is as safe as a slow one."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _cache_key(token_hash: str) -> str:
    return f"token:{token_hash}"
