"""Whose ticket it is, and who wrote what.

Zendesk lists people beside a ticket, and sometimes leaves one out. So a person who is missing there is unknown, and
nothing that the desk knows of them is given up.
"""

from collections.abc import Mapping
from typing import Any

from config import json
from ingestion.zendesk.values import inner, text
from ticketing.tickets import zendesk_comment

UNTOLD = f"{zendesk_comment.NUMBER}?"  # of a person whose name does not matter, since the desk knows it
_PART = "requester."  # begins the name of each fingerprint of a part


def requester_id(ticket: Mapping[str, Any]) -> str | None:
    """The id of the person whose ticket it is. None if it is nobody's, or Zendesk's own (-1)."""
    said = str(ticket.get("requester_id"))
    return said if said.isascii() and said.isdigit() else None


def requester(context: dict[str, Any]) -> dict[str, str] | None:
    """Name and address of the requester, as far as known: of Zendesk's user, or else of the mail that opened it."""
    user = _user(context, context["ticket"].get("requester_id"))
    sender = inner(inner(context["ticket"].get("via"), "source"), "from")
    found = {"name": text(user.get("name") or sender.get("name"))}
    found["email"] = text(user.get("email") or sender.get("address"))
    return {name: value for name, value in found.items() if value} or None


def organization(context: dict[str, Any]) -> dict[str, str] | None:
    """The id of the ticket's organization, and its name if Zendesk tells it."""
    number = context["ticket"].get("organization_id")
    if number is None:
        return None
    known = [one.get("name") for one in context.get("organizations", []) if str(one.get("id")) == str(number)]
    name = text(known[0]) if known else None
    return {"id": str(number)} | ({"name": name} if name else {})


def author(comment: dict[str, Any], context: dict[str, Any]) -> str:
    """The author's name, or Zendesk's id if the name is not known. What nobody wrote is Zendesk's."""
    if zendesk_comment.is_nobodys(comment):
        return zendesk_comment.SYSTEM
    return text(_user(context, comment["author_id"]).get("name")) or f"{zendesk_comment.NUMBER}{comment['author_id']}"


def is_number(author: str) -> bool:
    """Whether `author` gave the id, because the name is not known."""
    return author.startswith(zendesk_comment.NUMBER)


def is_staff(comment: dict[str, Any], context: dict[str, Any]) -> bool:
    """Whether an agent wrote it, and not about a ticket of their own."""
    author = _user(context, comment.get("author_id"))
    return zendesk_comment.is_by_staff(comment, author, context["ticket"].get("requester_id"))


def is_answer(comment: dict[str, Any], context: dict[str, Any]) -> bool:
    """Whether a customer may have said it, for all to read."""
    author = _user(context, comment.get("author_id"))
    return zendesk_comment.is_answer(comment, author, context["ticket"].get("requester_id"))


def is_told_answer(comment: dict[str, Any], context: dict[str, Any]) -> bool:
    """As `is_answer`, but not of somebody whom Zendesk does not tell this time."""
    author = _user(context, comment.get("author_id"))
    return zendesk_comment.is_told_answer(comment, author, context["ticket"].get("requester_id"))


def opening(comment: dict[str, Any] | None, context: dict[str, Any]) -> dict[str, str] | None:
    """Who wrote the ticket's description, and for whom, unless the requester did and everybody may read it."""
    if comment is None:
        return None
    by_staff, number = is_staff(comment, context), context["ticket"].get("requester_id")
    return zendesk_comment.opened_by(comment, author(comment, context), number, by_staff=by_staff)


def marks(said: dict[str, str] | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """Fingerprints of the requester and of each known part. What Zendesk does not say this time keeps its mark."""
    kept = {name: mark for name, mark in before.items() if name == "requester" or name.startswith(_PART)}
    parts = {f"{_PART}{name}": _mark(value) for name, value in (said or {}).items()}
    return {"requester": _mark(said)} | kept | parts | ({"requester": _mark(said)} if said else {})


def brought(here: dict[str, str] | None, said: dict[str, str] | None, before: Mapping[str, Any]) -> Any:
    """The desk's requester with what Zendesk changed since `before`, or says for the first time.

    Nothing is wiped. What staff wrote stays until Zendesk says something else than it did.
    """
    if before.get("requester") == _mark(said):
        return here
    untouched, known = before.get("requester") == _mark(here), dict(here or {})
    for name, value in (said or {}).items():
        mark = before.get(f"{_PART}{name}")
        if mark != _mark(value) and (mark or untouched or name not in known):
            known[name] = value
    return known or None


def _mark(value: Any) -> str:
    return json.fingerprint(value)[:12]


def _user(context: dict[str, Any], user_id: Any) -> dict[str, Any]:
    if user_id is None:
        return {}
    return next((user for user in context.get("users", []) if str(user.get("id")) == str(user_id)), {})
