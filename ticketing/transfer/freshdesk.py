"""Maps a ticket of Freshdesk's account export (`helpdesk_ticket`, with notes), or of its API (with conversations).

The two call things differently. In the export, `description` and `body` are text, and HTML stands beside them. In the
API they are HTML, and `description_text` and `body_text` are text. The number of a ticket is `display_id` in the
export, and `id` in the API.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config.refusals import Invalid
from ticketing.tickets import attached
from ticketing.tickets.callers import whole_customer
from ticketing.tickets.workflow import Priority, Status
from ticketing.transfer import foreign
from ticketing.transfer.foreign import LeftOut, Mapped

_STATUS: dict[int, Status] = {
    2: "open",
    3: "pending",
    4: "solved",
    5: "closed",
    6: "pending",  # waiting for the customer
    7: "pending",  # waiting for a third party
}
_PRIORITY: dict[int, Priority] = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_TAKEN = {
    *("subject", "description", "description_text", "type", "ticket_type", "priority", "tags", "requester", "email"),
    *("requester_id", "requester_name", "created_at", "updated_at", "conversations", "notes", "attachments", "id"),
    *("description_html", "structured_description", "priority_name", "requester_status_name"),  # repeat others
    *("display_id", "delta", "trained", "account_id"),  # say nothing
}
_TAKEN_OF_NOTE = {
    *("id", "body", "body_text", "private", "incoming", "user_id", "created_at", "attachments", "from_email"),
    *("body_html", "full_text", "full_text_html", "structured_body"),  # repeat others
    *("updated_at", "last_edited_at", "ticket_id", "account_id", "category"),  # say nothing
}
_MOST_INCLUDED = 10  # conversations that the API includes in a ticket


def mapped(given: dict[str, Any], staff: Mapping[str, str]) -> Mapped:
    """The ticket as a line. `staff` has the desk's user names by e-mail address and name (`foreign.staff`).

    Raises LeftOut for spam and a deleted ticket, and Invalid for what is no ticket of Freshdesk.
    """
    given = foreign.inner(given.get("helpdesk_ticket")) or given
    number = foreign.number(given, "display_id", "id")
    for name, state in (("deleted", "was deleted"), ("spam", "is spam")):
        if given.get(name):
            raise LeftOut(f"It {state} in Freshdesk")
    told: list[str] = []
    notes = _notes(given, told)
    told += foreign.has_more([given.get("requester"), given.get("responder")])
    told += foreign.files_stay([given, *notes])
    rest = foreign.rest(given, _TAKEN)
    values = _fields(given, staff, told) | {
        "ticket_id": f"freshdesk:{number}",
        "attributes": {"freshdesk": rest | {"ticket_id": number}},
        "comments": [_comment(one, given) for one in notes],
    }
    return Mapped(values, told + foreign.kept(rest, "freshdesk"))


def _fields(given: dict[str, Any], staff: Mapping[str, str], told: list[str]) -> dict[str, Any]:
    requester, responder = foreign.inner(given.get("requester")), foreign.inner(given.get("responder"))
    requester_id = given.get("requester_id") or requester.get("id")
    name = responder.get("name") or (given.get("responder_name") if given.get("responder_id") else None)
    return {
        "caller_id": f"freshdesk:{requester_id}" if requester_id else whole_customer(settings.DEFAULT_CUSTOMER),
        "requester": foreign.person(
            requester.get("name") or given.get("requester_name"), requester.get("email") or given.get("email")
        ),
        "subject": foreign.text(given.get("subject")),
        "issue_description": attached.with_files(_description(given), foreign.objects(given, "attachments"))
        or "(no description)",
        "type": foreign.text(given.get("type")) or foreign.text(given.get("ticket_type")),
        "status": _status(given, told),
        "priority": _priority(given.get("priority")),
        "assignee": _assignee(given, staff, foreign.text(responder.get("email")), foreign.text(name), told),
        "tags": foreign.texts(given, "tags"),
        "created_at": given.get("created_at"),
        "updated_at": given.get("updated_at"),
    }


def _assignee(
    given: dict[str, Any], staff: Mapping[str, str], email: str | None, name: str | None, told: list[str]
) -> str | None:
    """The user name. The API gives the agent's number alone, of which the desk knows nobody."""
    if not (email or name) and given.get("responder_id"):
        told.append("responder_id comes without name and address, so it is assigned to nobody")
    return foreign.assigned(staff, email, name, told)


def _status(given: dict[str, Any], told: list[str]) -> Status:
    """Freshdesk's own statuses have numbers up to 7. Those that an account adds read as open: somebody has to look."""
    status = given.get("status")
    if not isinstance(status, int) or status < min(_STATUS):
        raise Invalid("status must be a number from 2 on")
    if status not in _STATUS:
        name = foreign.text(given.get("status_name")) or "without a name"
        told.append(f'status {status} ("{name}") is one of your account, and is taken as open')
    return _STATUS.get(status, "open")


def _priority(value: Any) -> Priority:
    if value is None:
        return "normal"
    if not isinstance(value, int) or value not in _PRIORITY:
        raise Invalid("priority must be a number from 1 to 4")
    return _PRIORITY[value]


def _description(given: dict[str, Any]) -> str | None:
    return _text(given, "description") or foreign.text(given.get("subject"))


def _text(values: dict[str, Any], name: str) -> str | None:
    """A text that has HTML beside it: in the export as `name_html`, in the API as `name` itself."""
    if f"{name}_html" in values:
        return foreign.text(values.get(name)) or foreign.text_of_html(values[f"{name}_html"])
    return foreign.text(values.get(f"{name}_text")) or foreign.text_of_html(values.get(name))


def _notes(given: dict[str, Any], told: list[str]) -> list[dict[str, Any]]:
    """The answers and notes, oldest first. API v1 wraps each in `note`. A deleted one is left out."""
    name = "notes" if given.get("conversations") is None else "conversations"
    if given.get(name) is None:
        raise Invalid(
            "conversations or notes is required: the account export has notes, "
            "and the API gives a ticket's conversations at /api/v2/tickets/ID/conversations"
        )
    found = [foreign.inner(one.get("note")) or one for one in foreign.objects(given, name)]
    if name == "conversations" and len(found) == _MOST_INCLUDED:
        told.append("it has ten conversations, the most that include=conversations gives: there may be more")
    if any(one.get("deleted") for one in found):
        told.append("a note that was deleted in Freshdesk is left out")
    left = sorted((one for one in found if not one.get("deleted")), key=lambda one: str(one.get("created_at") or ""))
    told += foreign.not_taken(left, _TAKEN_OF_NOTE)
    return left


def _comment(note: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    said = attached.with_files(_text(note, "body"), foreign.objects(note, "attachments"))
    return {
        "comment_id": f"freshdesk:{foreign.number(note, 'id')}",
        "comment": said or attached.NO_TEXT,
        "author": _author(note, given),
        "visibility": foreign.visibility(note.get("private"), public=False),
        "created_at": note.get("created_at"),
        "door": "desk" if note.get("incoming") is False else None,  # by the door, the desk tells staff from customers
    }


def _author(note: dict[str, Any], given: dict[str, Any]) -> str | None:
    """The author's name, if it is the requester or the assignee; else the address, else Freshdesk's id."""
    user_id = note.get("user_id")
    for role in ("requester", "responder"):
        one = foreign.inner(given.get(role))
        if user_id is not None and user_id in (given.get(f"{role}_id"), one.get("id")):
            name = foreign.text(one.get("name")) or foreign.text(given.get(f"{role}_name"))
            if name:
                return name
    return foreign.text(note.get("from_email")) or (f"freshdesk:{user_id}" if user_id else None)
