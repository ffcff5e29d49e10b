"""What the mappings of other systems' exports share: their result, and how they read texts, files and people."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from config.refusals import Invalid
from config.text import mended
from ticketing.tickets.html_text import text_of
from ticketing.tickets.keys import Key
from ticketing.tickets.workflow import Visibility

_PERSON = ("id", "name", "email")
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Mapped:
    """A ticket of another system as the values of a line.

    `told` has a sentence for each thing that was not taken, or taken otherwise. `keys` has the key of each comment, by
    which its door recognizes it, or is empty.
    """

    values: dict[str, Any]
    told: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)


class LeftOut(Exception):
    """The other system's ticket is nobody's work, such as a deleted one. Its text is the reason, without a period."""


def staff() -> dict[str, str]:
    """The user name of everybody who works at the desk, by e-mail address and by full name, in lower case."""
    found: dict[str, str] = {}
    doubtful = {""}
    for user in User.objects.filter(is_staff=True, is_active=True):
        for known_as in {user.email.lower(), user.get_full_name().lower()}:
            if known_as in found:
                doubtful.add(known_as)
            found[known_as] = user.get_username()
    return {known_as: name for known_as, name in found.items() if known_as not in doubtful}


def assigned(people: Mapping[str, str], email: str | None, name: str | None, told: list[str]) -> str | None:
    """The user name of the assignee; None, and a sentence in `told`, if nobody at the desk has this address or name."""
    for known_as in (email, name):
        if known_as and known_as.lower() in people:
            return people[known_as.lower()]
    if email or name:
        told.append(f'nobody at the desk is "{email or name}", its assignee, so it is assigned to nobody')
    return None


def number(values: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is there, which has to be a whole number. Raises Invalid if none is one."""
    value = next((values[name] for name in names if values.get(name) is not None), None)
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,30}", str(value)):
        raise Invalid(f"{' or '.join(names)} must be the number of a ticket or comment")
    return str(int(str(value)))


def text(value: Any) -> str | None:
    """A text fit for the record, or None if it is missing or blank."""
    return mended(value) if isinstance(value, str) and value.strip() else None


def text_of_html(value: Any) -> str | None:
    """The words of HTML, or None if there are none."""
    return text(text_of(value)) if isinstance(value, str) else None


def texts(values: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts fit for the record, or of objects with a `name`. Raises Invalid if it is something else."""
    value = values.get(name) or []
    named = [one.get("name") if isinstance(one, dict) else one for one in value] if isinstance(value, list) else [None]
    found = [mended(one) for one in named if isinstance(one, str)]
    if len(found) < len(named):
        raise Invalid(f"{name} must be a list of texts")
    return found


def visibility(value: Any, *, public: bool) -> Visibility | None:
    """That of a comment whose field is `public` (true or false) if customers may see it. None if it says neither."""
    if not isinstance(value, bool):
        return None
    return "public" if value is public else "internal"


def inner(value: Any) -> dict[str, Any]:
    """An object, empty if it is none."""
    return value if isinstance(value, dict) else {}


def objects(values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects, empty if it is missing. Raises Invalid if it is something else."""
    value = values.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Invalid(f"{name} must be a list of objects")
    return value


def person(name: Any, email: Any) -> dict[str, str] | None:
    """The requester of a line, as far as known."""
    known = {"name": text(name), "email": text(email)}
    return {one: value for one, value in known.items() if value} or None


def rest(values: Mapping[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """The fields that say something and are not `taken`. Of a person, the name, the address and the id."""
    says = {name: value for name, value in values.items() if value is not False and value not in _NOTHING}
    return {name: _brief(value) for name, value in says.items() if name not in taken}


def _brief(value: Any) -> Any:
    """A person without their telephone numbers, roles, locale and the like. Anything else as it is."""
    if isinstance(value, list) and all(map(_is_person, value)):
        return [_brief(one) for one in value]
    return {name: value[name] for name in _PERSON if value.get(name)} if _is_person(value) else value


def _is_person(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= {"name", "email"}


def kept(names: Collection[str], system: str) -> list[str]:
    """A sentence for each field that has no place of its own in a ticket."""
    return [f"{name} is kept in attributes.{system}" for name in names]


def not_taken(comments: Collection[Mapping[str, Any]], taken: Collection[str]) -> list[str]:
    """A sentence for each field of comments that says something and is not `taken`: they have no attributes."""
    lost = dict.fromkeys(name for one in comments for name in rest(one, taken))
    return [f"{name} of its comments is not imported" for name in lost]


def files_stay(parts: Collection[Mapping[str, Any]]) -> list[str]:
    """A sentence if a ticket or its comments have files."""
    stay = any(one.get("attachments") for one in parts)
    return ["attached files stay where they are, and the text has their addresses"] if stay else []


def has_more(people: Collection[Any]) -> list[str]:
    """A sentence if more is known of these people than a ticket takes."""
    more = any(rest(inner(one), _PERSON) for one in people)
    return ["of people, only name, e-mail address and id are imported"] if more else []
