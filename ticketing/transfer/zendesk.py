"""Maps a ticket of Zendesk's JSON export: one object a line, with the ticket's people and comments inside.

The ticket gets the id that the Zendesk door gives it, and its comments get the door's keys. So a webhook for an
imported ticket neither opens a second one nor adds a comment twice.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config import json
from config.refusals import Invalid
from ticketing.deliveries import raw_tickets
from ticketing.tickets import zendesk_comment
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.workflow import ZENDESK_STATUS
from ticketing.transfer import foreign
from ticketing.transfer.foreign import LeftOut, Mapped

_TAKEN = {
    *("id", "requester_id", "requester", "subject", "description", "type", "status", "priority", "tags", "comments"),
    *("created_at", "updated_at", "url"),
    *("raw_subject", "fields", "comment_count", "is_public"),  # repeat others
    *("allow_attachments", "allow_channelback", "encoded_id", "generated_timestamp", "result_type"),  # say nothing
}
_TAKEN_OF_COMMENT = {
    *("id", "author_id", "body", "public", "created_at", "attachments", "data", "formatted_from", "formatted_to"),
    *("type", "html_body", "plain_body", "audit_id", "ticket_id"),  # repeat others, or say nothing
}
_PEOPLE = ("requester", "submitter", "assignee", "collaborator", "collaborators")
_SEEN = ("subject", "issue_description", "type", "status", "priority", "tags", "requester")


def mapped(given: dict[str, Any], staff: Mapping[str, str]) -> Mapped:
    """The ticket as a line. `staff` has the desk's user names by e-mail address and name (`foreign.staff`).

    Raises LeftOut for a deleted ticket, and Invalid for what is no ticket of this export.
    """
    _check(given)
    number, people = foreign.number(given, "id"), _people(given)
    opening, comments = zendesk_comment.split(given, foreign.objects(given, "comments"))
    marks = [zendesk_comment.mark(one, _author(one, people)) for one in comments]
    told: list[str] = []
    assignee, values, rest = _assignee(given, staff, told), _fields(given), foreign.rest(given, _TAKEN)
    everything = foreign.objects(given, "comments")
    told += [*foreign.has_more(people), *foreign.files_stay(everything)]
    told += [*foreign.not_taken(everything, _TAKEN_OF_COMMENT), *foreign.kept(rest, "zendesk")]
    return Mapped(
        values
        | {
            "ticket_id": raw_tickets.ticket_key(number).keyed_id,
            "issue_description": zendesk_comment.opening(values["issue_description"], opening),
            "assignee": assignee,
            "attributes": {"zendesk": rest | _as_the_door(given, number, values, comments) | _opened(given, opening)},
            "comments": [_comment(one, people, given.get("requester_id")) for one in comments],
        },
        told,
        [
            raw_tickets.comment_key(number, foreign.number(one, "id"), mark)
            for one, mark in zip(comments, marks, strict=True)
        ],
    )


def _check(given: dict[str, Any]) -> None:
    if "tickets" in given:
        raise Invalid("It is a page of many tickets: `jq -c '.tickets[]'` makes lines of them")
    if given.get("status") == "deleted":
        raise LeftOut("It was deleted in Zendesk")
    if not isinstance(given.get("status"), str) or given["status"] not in ZENDESK_STATUS:
        raise Invalid(f"status must be one of: {', '.join(ZENDESK_STATUS)}, deleted")
    if given.get("comments") is None:
        raise Invalid("comments is required: Zendesk's JSON export has them, the incremental export of its API has not")


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """What the Zendesk door makes of the ticket, too (ingestion/zendesk/mapping.py). So it finds nothing changed."""
    requester, sender = foreign.inner(given.get("requester")), _sender(given)
    requester_id = given.get("requester_id") or requester.get("id")
    subject, comments = foreign.text(given.get("subject")), foreign.objects(given, "comments")
    said = zendesk_comment.description(given, zendesk_comment.split(given, comments)[0])
    return {
        "channel": "zendesk",
        "caller_id": f"zendesk:{requester_id}" if requester_id else whole_customer(settings.DEFAULT_CUSTOMER),
        "requester": foreign.person(
            requester.get("name") or sender.get("name"), requester.get("email") or sender.get("address")
        ),
        "subject": subject,
        "issue_description": foreign.text(said) or subject or "(no description)",
        "type": foreign.text(given.get("type")),
        "status": ZENDESK_STATUS[given["status"]],
        "priority": given.get("priority") or "normal",
        "tags": foreign.texts(given, "tags"),
        "created_at": given.get("created_at"),
        "updated_at": given.get("updated_at"),
    }


def _as_the_door(
    given: dict[str, Any], number: str, values: dict[str, Any], comments: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the Zendesk door keeps in the attributes, to know later what changed in Zendesk and what at the desk."""
    site = re.match(r"https://[^/]+", given["url"]) if isinstance(given.get("url"), str) else None
    people, requester_id = _people(given), given.get("requester_id")
    answers = [
        foreign.number(one, "id")
        for one in comments
        if zendesk_comment.is_told_answer(one, _who(one, people), requester_id)
    ]
    seen = {name: json.fingerprint(values[name])[:12] for name in _SEEN}
    return {
        "ticket_id": number,
        "url": f"{site[0]}/agent/tickets/{number}" if site else None,
        "status": given["status"],
        "created_at": given.get("created_at"),
        "updated_at": given.get("updated_at"),
        "seen": seen | {"answer": answers[-1] if answers else ""},
    }


def _opened(given: dict[str, Any], opening: dict[str, Any] | None) -> dict[str, Any]:
    """Who wrote the description, and for whom, as the door keeps it."""
    if opening is None:
        return {}
    people, number = _people(given), given.get("requester_id")
    by_staff = _is_by_staff(opening, people, number)
    opened = zendesk_comment.opened_by(opening, _author(opening, people), number, by_staff=by_staff)
    return {"opening": opened} if opened else {}


def _assignee(given: dict[str, Any], staff: Mapping[str, str], told: list[str]) -> str | None:
    assignee = foreign.inner(given.get("assignee"))
    return foreign.assigned(staff, foreign.text(assignee.get("email")), foreign.text(assignee.get("name")), told)


def _sender(given: dict[str, Any]) -> dict[str, Any]:
    """Who wrote the mail that opened the ticket."""
    return foreign.inner(foreign.inner(foreign.inner(given.get("via")).get("source")).get("from"))


def _people(given: dict[str, Any]) -> list[dict[str, Any]]:
    found = [given.get(name) for name in _PEOPLE]
    return [foreign.inner(one) for value in found for one in (value if isinstance(value, list) else [value])]


def _comment(comment: dict[str, Any], people: list[dict[str, Any]], requester_id: Any) -> dict[str, Any]:
    foreign.objects(comment, "attachments")  # or it is refused
    return {
        "comment_id": f"zendesk:{foreign.number(comment, 'id')}",
        "comment": zendesk_comment.whole(comment),
        "author": _author(comment, people),
        "visibility": foreign.visibility(comment.get("public"), public=True),
        "created_at": comment.get("created_at"),
        "door": "desk" if _is_by_staff(comment, people, requester_id) else "zendesk",  # as the Zendesk door does
    }


def _author(comment: dict[str, Any], people: list[dict[str, Any]]) -> str:
    """The author's name, if one of the ticket's people has this id."""
    if zendesk_comment.is_nobodys(comment):
        return zendesk_comment.SYSTEM
    return foreign.text(_who(comment, people).get("name")) or f"{zendesk_comment.NUMBER}{comment['author_id']}"


def _is_by_staff(comment: dict[str, Any], people: list[dict[str, Any]], requester_id: Any) -> bool:
    return zendesk_comment.is_by_staff(comment, _who(comment, people), requester_id)


def _who(comment: dict[str, Any], people: list[dict[str, Any]]) -> dict[str, Any]:
    return next((one for one in people if str(one.get("id")) == str(comment.get("author_id"))), {})
