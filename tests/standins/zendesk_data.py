"""What the Zendesk stand-in tells about a ticket: made up, realistic, and the same for an id at every call."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.standins import zendesk_shapes as shapes

FIRST_UNKNOWN_ID = 900_000_000  # from here on there is no ticket
LONG_CONVERSATION = 250  # comments of a ticket whose id ends in 77
BY_AN_AGENT = 888  # a ticket whose id ends so was opened by an agent, with a picture, for a customer who wrote nothing
ORGANIZATION = {"id": 5_000_000, "name": "Lindqvist Family"}

STORIES = (
    (
        "Refund for a cancelled HL Mathematics session",
        (
            "The session on Tuesday was cancelled by the tutor ten minutes before it started, and the credit has not "
            "come back to our account. Could you look into it before the next invoice, please?"
        ),
        ["billing", "refund"],
    ),
    (
        "Cannot join the lesson space",
        (
            "My daughter gets 'connection lost' as soon as the whiteboard opens. We tried Chrome and Safari, on two "
            "different networks. Her lesson starts again tomorrow at 16:00."
        ),
        ["lesson_space", "technical"],
    ),
    (
        "IB Chemistry IA: which feedback may a tutor give?",
        (
            "Our coordinator asks what your tutors may comment on in an internal assessment draft, and what counts as "
            "undue help. We need an answer in writing."
        ),
        ["ib", "academic_policy"],
    ),
    (
        "Tutor's availability disappeared from the calendar",
        (
            "Since the weekend I cannot see any slot of our Physics tutor, although she told us that she teaches on "
            "Thursdays. Booking with somebody else a week before the mocks is not what we want."
        ),
        ["scheduling", "tutor"],
    ),
    (
        "Invoice shows the wrong school address",
        (
            "Die Rechnung für Oktober trägt noch unsere alte Anschrift (Königstraße 4). Please correct it, our "
            "accounts department cannot pay it otherwise."
        ),
        ["billing", "invoice"],
    ),
)
REQUESTERS = ("María Fernández", "Aiko Tanaka", "Tom O'Brien", "Léa Moreau", "Sofia Lindqvist", "Omar Haddad")
ME = {"id": 8_999_999, "name": "Foyer", "email": "desk@foyer.example", "role": "agent", "active": True}
AGENTS = ("Priya Raman", "Jonas Weber", "Grace Mensah")
REPLIES = (
    ("Thank you for writing. I am looking into it and will be back today.", True, True),
    ("Checked with the scheduling team: it happened to three more families this week.", True, False),
    ("Any news? We would like to settle this before the weekend.", False, True),
    ("This needs a subject expert, tagging need_sme.", True, False),
)


def ticket(ticket_id: int) -> dict[str, Any]:
    """The ticket as `GET /api/v2/tickets/{id}.json` shows it, without its envelope."""
    plain = _plain(ticket_id)
    return plain | shapes.of(ticket_id).ticket(plain)


def _plain(ticket_id: int) -> dict[str, Any]:
    chance = random.Random(ticket_id)
    subject, description, tags = STORIES[ticket_id % len(STORIES)]
    created = datetime(2025, 1, 6, 8, tzinfo=UTC) + timedelta(minutes=chance.randrange(400_000))
    return {
        "id": ticket_id,
        "url": f"https://foyer.zendesk.com/api/v2/tickets/{ticket_id}.json",
        "subject": subject,
        "raw_subject": subject,
        "description": description,
        "type": chance.choice(["question", "incident", "problem"]),
        "status": chance.choice(["new", "open", "pending", "hold"]),
        "priority": chance.choice(["low", "normal", "high", "urgent", None]),
        "requester_id": _requester(ticket_id)["id"],
        "submitter_id": _requester(ticket_id)["id"],
        "assignee_id": _agent(ticket_id)["id"],
        "organization_id": ORGANIZATION["id"] if _is_by_an_agent(ticket_id) else None,
        "group_id": 360001,
        "tags": [*tags, "need_sme"],
        "via": {"channel": chance.choice(["email", "web"]), "source": {"from": {}, "to": {}, "rel": None}},
        "custom_fields": [{"id": 360011, "value": None}],
        "created_at": _time(created),
        "updated_at": _time(created + timedelta(hours=30)),
    }


def comments(ticket_id: int, *, inline: bool = False, count: int | None = None) -> list[dict[str, Any]]:
    """All of the ticket's comments, oldest first: three to five, a long conversation, or `count`. Pictures only if
    `inline`."""
    if count is not None:
        return [_numbered(ticket_id, number) for number in range(count)]
    if _is_by_an_agent(ticket_id):
        files = [_picture(ticket_id)] if inline else []
        return [_comment(ticket_id, 0) | {"author_id": _agent(ticket_id)["id"], "attachments": files}]
    count = LONG_CONVERSATION if ticket_id % 100 == 77 else 3 + ticket_id % 3
    return shapes.of(ticket_id).comments([_comment(ticket_id, number) for number in range(count)])


def users(ticket_id: int) -> list[dict[str, Any]]:
    """Who wrote on the ticket, as the list of its comments tells."""
    if shapes.of(ticket_id).names_nobody:
        return []
    return [_requester(ticket_id), _agent(ticket_id)]


def user(user_id: int) -> dict[str, Any] | None:
    """A user by their id."""
    everybody = [person(number) for person in (_requester, _agent) for number in range(len(REQUESTERS))]
    return next((one for one in everybody if one["id"] == user_id), None)


def organization(organization_id: int) -> dict[str, Any] | None:
    """The one organization, by its id."""
    return ORGANIZATION if organization_id == ORGANIZATION["id"] else None


def _is_by_an_agent(ticket_id: int) -> bool:
    return ticket_id % 1000 == BY_AN_AGENT


def _picture(ticket_id: int) -> dict[str, Any]:
    return {
        "id": ticket_id,
        "file_name": "whiteboard.png",
        "content_type": "image/png",
        "size": 48_211,
        "inline": True,
        "content_url": f"https://foyer.zendesk.com/attachments/token/{ticket_id}/?name=whiteboard.png",
    }


@cache
def _numbered(ticket_id: int, number: int) -> dict[str, Any]:
    """As `_comment`, made once: each page of a conversation takes all of it."""
    return _comment(ticket_id, number)


def _comment(ticket_id: int, number: int) -> dict[str, Any]:
    opened = _plain(ticket_id)
    text, by_agent, public = REPLIES[(number - 1) % len(REPLIES)] if number else (opened["description"], False, True)
    return {
        "id": ticket_id * 1000 + number,
        "type": "Comment",
        "author_id": _agent(ticket_id)["id"] if by_agent else opened["requester_id"],
        "body": text,
        "html_body": f'<div class="zd-comment"><p>{text}</p></div>',
        "plain_body": text,
        "public": public,
        "attachments": [],
        "via": opened["via"],
        "created_at": _time(datetime.fromisoformat(opened["created_at"]) + timedelta(minutes=7 * number)),
    }


def _requester(ticket_id: int) -> dict[str, Any]:
    return _user(7_000_000, ticket_id % len(REQUESTERS), REQUESTERS, "end-user", "family.example")


def _agent(ticket_id: int) -> dict[str, Any]:
    return _user(8_000_000, ticket_id % len(AGENTS), AGENTS, "agent", "foyer.example")


def _user(base: int, index: int, names: tuple[str, ...], role: str, domain: str) -> dict[str, Any]:
    name = names[index]
    address = f"{role}{index}@{domain}"
    return {"id": base + index, "name": name, "email": address, "role": role, "active": True, "time_zone": "UTC"}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
