"""What Zendesk, Freshdesk, Zammad, osTicket and others call a line's fields, to say which name is wanted for which."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from config.text import shown

# Of several names for a field, the first one in the line counts.
TICKET = {
    "caller_id": "requester_id contact_id user_id customer_email requester_email user_email email from sender reporter "
    "requester_name customer_name",
    "issue_description": "description_text description body_text body message content text details note first_message",
    "comments": "conversations articles notes thread thread_entries threads messages replies comment history",
    "ticket_id": "id display_id ticket_number number ticket_no key external_id",
    "subject": "title summary raw_subject topic",
    "status": "state state_id status_id status_name ticket_status",
    "priority": "priority_id priority_name urgency",
    "type": "ticket_type category kind",
    "assignee": "assignee_id owner_id owner responder_id agent_id staff_id agent responder assigned_to",
    "tags": "labels tag_list",
    "attributes": "custom_fields custom_field cdata extra metadata",
    "created_at": "created create_time creation created_on date_created opened_at createdate",
    "received_at": "received received_on date_received",
    "updated_at": "updated update_time modified updated_on last_modified lastupdate modified_at changed_at",
}
COMMENT = {
    "comment": "body_text plain_body body text message content note html_body",
    "author": "author_id user_id from from_email sender created_by poster name email",
    "visibility": "public private internal is_private is_internal",
    "created_at": "created create_time creation created_on date date_created",
    "comment_id": "id article_id note_id",
}
_LONGEST = 100  # characters of a name that are told
_OWN_EXPORT = {
    "freshdesk": ("helpdesk_ticket", "description_text", "display_id", "fr_escalated"),
    "zendesk": ("raw_subject", "generated_timestamp", "submitter_id"),
}


def faults(
    values: Mapping[str, Any],
    known: Collection[str],
    required: Collection[str],
    theirs: Mapping[str, str],
    of: str = "",
) -> list[str]:
    """What is wrong with names of which some are not `known`: a sentence each, missing ones first. Empty if all are.

    A field that is not known would be lost. If it probably stands for one that is not given, the sentence says for
    which: `theirs` has other systems' names. `of` is put in front of each sentence.
    """
    unknown = [name for name in values if name not in known]
    missing = [name for name in required if values.get(name) is None] if unknown else []
    renamed = _wanted(unknown, values, theirs)
    sentences = [f"{name} is required" for name in missing]
    sentences += [f"{_shown(name)} is called {ours} here" for name, ours in renamed.items()]
    sentences += [f"{_shown(name)} is not known here" for name in unknown if name not in renamed]
    return [f"{of}{sentence}" for sentence in sentences]


def system_of(values: Mapping[str, Any]) -> str | None:
    """The system whose own export the line seems to be of, if an import can map it."""
    return next((system for system, names in _OWN_EXPORT.items() if any(one in values for one in names)), None)


def _wanted(unknown: Collection[str], given: Mapping[str, Any], theirs: Mapping[str, str]) -> dict[str, str]:
    """The unknown names that stand for a field that is not given, each with the field's name."""
    spelt = {_plain(name): name for name in unknown}
    found: dict[str, str] = {}
    for ours, names in theirs.items():
        if given.get(ours) is None and (
            name := next((spelt[one] for one in [ours, *names.split()] if one in spelt), None)
        ):
            found.setdefault(name, ours)
    return found


def _shown(name: str) -> str:
    return shown(name[:_LONGEST])


def _plain(name: str) -> str:
    """`createdAt`, `Created At` and `created-at` are all `created_at`."""
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).lower()
