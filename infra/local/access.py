"""How to get into a local copy: its login and tokens. Needs Django to be set up."""

import json
import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from config.caller import SCOPES
from infra.local.place import write_private
from routing.tokens import Ended, caller_of, issue

LOGIN = "agent"
CUSTOMERS = {"general": "acme", "gold": "globex"}
SCOPE_SETS = [*([scope] for scope in SCOPES), list(SCOPES)]


def ensure(file: Path) -> None:
    """Make sure that the login and tokens in the file exist. What is missing is added to file and database."""
    known: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    access = {"login": login(known.get("login")), "tokens": tokens(known.get("tokens", []))}
    write_private(file, json.dumps(access, indent=2) + "\n")


def login(known: dict[str, str] | None) -> dict[str, str]:
    """Create or repair the superuser, whose password stays the one that was printed before."""
    password = known["password"] if known else secrets.token_urlsafe(12)
    user, _ = User.objects.get_or_create(username=LOGIN, defaults={"email": f"{LOGIN}@foyer.example"})
    if not (user.is_superuser and user.check_password(password)):
        user.is_active = user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save()
    return {"user": LOGIN, "password": password}


def tokens(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One token for each tier and each set of scopes."""
    return [token(known, tier, scopes) for tier in CUSTOMERS for scopes in SCOPE_SETS]


def token(known: list[dict[str, Any]], tier: str, scopes: list[str]) -> dict[str, Any]:
    """The token of a tier with these scopes: the known one, or a new one if it has ended or was revoked."""
    for entry in known:
        if entry["tier"] == tier and entry["scopes"] == scopes and works(entry["token"]):
            return entry
    text = issue(f"local {tier} {','.join(scopes)}", CUSTOMERS[tier], tier, scopes)
    return {"tier": tier, "scopes": scopes, "token": text}


def works(text: str) -> bool:
    """Whether the database has this token, neither revoked nor ended."""
    try:
        return caller_of(text) is not None
    except Ended:
        return False
