"""The environment: plain values, secrets, and the defaults of a local copy.

`make run` writes the settings of its copy to `$LOCAL_DIR/local.env`. Every command started beside it reads that file as
defaults, so `manage.py reindex` works on the running copy with nothing set. A machine that works on a real account has
no such file, or sets `LOCAL_DIR` to nothing.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

_MAKE_A_KEY: Final = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"

BASE_DIR = Path(__file__).resolve().parent.parent


def local_dir() -> Path | None:
    """The folder of the local copy, or None if `LOCAL_DIR` is empty."""
    name = os.environ.get("LOCAL_DIR", ".local")
    return BASE_DIR / name if name else None


def load_local_defaults() -> None:
    """Use the local copy's settings as defaults. The environment wins; a secret that it looks up gets no default."""
    folder = local_dir()
    file = folder / "local.env" if folder else None
    if file is None or not file.is_file():
        return
    for line in file.read_text().splitlines():
        name, _, value = line.partition("=")
        if name and not (name.endswith("_SECRET_ID") or f"{name}_SECRET_ID" in os.environ):
            os.environ.setdefault(name, value)


def text(name: str, default: str = "") -> str:
    """The variable's value, or the default if it is unset or empty."""
    return os.environ.get(name) or default


def number(name: str, default: int) -> int:
    """The variable as a whole number. Anything else stops the start with a sentence (ImproperlyConfigured)."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, but it is {value!r}.") from None


def flag(name: str, default: bool = False) -> bool:
    """The variable as yes or no: 1, true, yes and on mean yes."""
    return text(name, str(default)).lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "", *, empty: bool = False) -> list[str]:
    """The variable's comma-separated values.

    With `empty`, an empty value counts, and a variable that is set to nothing is one empty value.
    """
    given = os.environ.get(name, default) if empty else text(name, default)
    return [word.strip() for word in given.split(",") if word.strip() or empty]


def secret(name: str, default: str = "") -> str:
    """The secret `name`: its plain value, or a lookup in Secrets Manager if `NAME_SECRET_ID` names it there.

    If the lookup fails, the start stops with a sentence (ImproperlyConfigured).
    """
    secret_id = text(f"{name}_SECRET_ID")
    if not secret_id:
        return text(name, default)
    from config import aws  # noqa: PLC0415 - only a process with such a secret needs it here

    try:
        return aws.secret_string(secret_id, text("REGION", "us-east-1"))
    except (aws.AwsError, KeyError) as error:  # KeyError: its value is not text
        raise ImproperlyConfigured(f"{name}_SECRET_ID names {secret_id}, which cannot be read: {error}") from None


def secret_key(given: str, *, debugging: bool) -> str:
    """Django's secret key, as given. Raises ImproperlyConfigured, which stops the start, if it is missing or weak.

    While debugging it may be missing. Then each process makes its own, so that nobody can know it.
    """
    key = given or (secrets.token_urlsafe(50) if debugging else "")
    if not key:
        raise ImproperlyConfigured(
            "DJANGO_SECRET_KEY is not set: set it (or DJANGO_SECRET_KEY_SECRET_ID), or start a local copy with "
            f"`make run`. {_MAKE_A_KEY}"
        )
    if len(key) < 50 or len(set(key)) < 5 or key.startswith("django-insecure-"):  # as `check --deploy` sees it
        raise ImproperlyConfigured(
            "DJANGO_SECRET_KEY is weak, and who guesses it can sign in as anybody: it needs at least 50 characters, "
            f"five of them different, and must not begin with django-insecure-. {_MAKE_A_KEY}"
        )
    return key
