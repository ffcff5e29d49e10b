"""Makes a local copy usable, in one process: AWS's resources, the database, the login and the tokens.

Everything here may be repeated: what is there already stays as it is.
"""

import json
import secrets
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from infra.local.place import Place, write_private

LOGIN = "agent"
CUSTOMERS = {"general": "acme", "gold": "globex"}
SCOPES = ("itsm", "events", "submit", "route")
SCOPE_SETS = [*([scope] for scope in SCOPES), list(SCOPES)]


def prepare(access_file: Path) -> None:
    """Provision, migrate, and write the login and the tokens into the access file."""
    call_command("migrate", interactive=False, verbosity=1)
    call_command("provision")
    create_embedding_function()
    access: dict[str, Any] = json.loads(access_file.read_text()) if access_file.is_file() else {}
    access["login"] = login(access.get("login"))
    access["tokens"] = tokens(access.get("tokens", []))
    write_private(access_file, json.dumps(access, indent=2) + "\n")


def login(known: dict[str, str] | None) -> dict[str, str]:
    """A superuser whose password is the one that was printed before."""
    from django.contrib.auth.models import User

    password = known["password"] if known else secrets.token_urlsafe(12)
    user, _ = User.objects.get_or_create(username=LOGIN, defaults={"email": f"{LOGIN}@foyer.example"})
    if not (user.is_superuser and user.check_password(password)):
        user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save()
    return {"user": LOGIN, "password": password}


def tokens(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One token per tier and scope set: those made before where they still hold, else new ones."""
    return [token(known, tier, scopes) for tier in CUSTOMERS for scopes in SCOPE_SETS]


def token(known: list[dict[str, Any]], tier: str, scopes: list[str]) -> dict[str, Any]:
    """The token of a tier with these scopes."""
    from routing.tokens import issue

    for entry in known:
        if entry["tier"] == tier and entry["scopes"] == scopes and holds(entry["token"]):
            return entry
    text = issue(f"local {tier} {','.join(scopes)}", CUSTOMERS[tier], tier, scopes)
    return {"tier": tier, "scopes": scopes, "token": text}


def holds(token: str) -> bool:
    """Whether the database still knows the token; another database does not."""
    from routing.tokens import caller_of

    return caller_of(token) is not None


def create_embedding_function() -> None:
    """Let something answer where the product calls on the embedding function of another team."""
    from django.conf import settings

    from config import aws
    from tests.standins import embedding

    embedding.create(aws.client("lambda"), settings.EMBEDDING_FUNCTION)


if __name__ == "__main__":
    django.setup()
    prepare(Place.from_environment().access_file)
