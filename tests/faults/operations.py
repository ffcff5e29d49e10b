"""Every way to write a ticket, as its user does it. `name` is a customer, caller and key of one run's own."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from config import json
from config.aws import sqs
from routing import tokens
from tests.faults import working
from ticketing import service
from ticketing.desk import staff
from ticketing.desk.page import ticket_url
from ticketing.desk.ticket_forms import TicketForm
from ticketing.tickets.ticket import draft

SCOPES = ["itsm", "submit", "route"]
OVERSIZE = 400_000  # characters: a ticket's item cannot hold them


@dataclass(frozen=True)
class Operation:
    """`prepare` gives `act` what it needs; `act` may be repeated, and gives what it was told each time."""

    act: Callable[[str, Any], Any]
    prepare: Callable[[str], Any]
    status: str = "open"
    version: int = 1
    comments: int = 0
    changes: int = 0
    calls: int = 1  # external calls, at least: what is tried to die at


def prepare(operation: str, name: str) -> Any:
    return OPERATIONS[operation].prepare(name)


def act(operation: str, name: str, given: Any) -> Any:
    return OPERATIONS[operation].act(name, given)


def _token(name: str) -> dict[str, str]:
    return {"token": tokens.issue(name, name, "gold", SCOPES)}


def _send(method: str, path: str, token: str, name: str, body: Any) -> Any:
    headers = {"Host": "localhost", "Token": token, "Idempotency-Key": name}
    content = json.dumps(body).encode()
    answer = getattr(APIClient(), method)(path, content, content_type="application/json", headers=headers)
    assert answer.status_code in (200, 201, 202), answer.content
    return answer.json()


def _post(path: str, body: dict[str, Any], told: str) -> Callable[[str, Any], Any]:
    """A POST; `told` is the answer's field that a repeat has to give again. `path` and body may name what is given."""

    def post(name: str, given: Any) -> Any:
        return _send("post", path.format(**given), given["token"], name, body)[told]

    return post


def _large(name: str, given: Any, size: int = 8_000) -> Any:
    """A payload that only S3 can take."""
    noise = random.Random(name).randbytes(size // 2).hex()
    return _send("post", "/ticketing/submissions", given["token"], name, {"message": noise})["ticket_id"]


def _ticket(door: str, **changes: Any) -> Callable[[str], dict[str, str]]:
    """A ticket of the run's own, opened through a door and changed, and who opened it."""

    def opened(name: str) -> dict[str, str]:
        given = _token(name)
        body = {"caller_id": name, "issue_description": "Help", "type": "question", "message": "Help"}
        ticket = _send("post", f"/{door}/tickets", given["token"], f"{name} first", body)
        if changes:
            _send("patch", f"/itsm/tickets/{ticket['ticket_id']}", given["token"], name, changes)
        return given | {"ticket_id": ticket["ticket_id"]}

    return opened


def _change(name: str, given: Any) -> Any:
    changes = {"status": "pending", "tags": ["seen"], "attributes": {"floor": 3}}
    return _send("patch", f"/itsm/tickets/{given['ticket_id']}", given["token"], name, changes)["version"]


def _at_the_desk(name: str) -> dict[str, Any]:
    """A ticket's form as a person at the desk has it before them, filled in, and the cookie of their session."""
    opened = service.open_ticket(
        draft(channel="itsm", customer_id=name, tier="gold", caller_id=name, issue_description="Help")
    )
    typed = {"text": "Try this", "do": "reply", "status": "solved", "key": name}
    form = dict(TicketForm.for_ticket(opened.ticket, staff.everybody()).data)
    return {"path": ticket_url(opened.ticket.ticket_id), "form": form | typed, "session": _session()}


def _new_at_the_desk(name: str) -> dict[str, Any]:
    """The form of a new ticket, filled in."""
    form = {"key": name, "caller": name, "description": "Help", "priority": "normal", "tier": "gold"}
    return {"path": "/desk/ticketing/indexedticket/add/", "form": form, "session": _session()}


def _session() -> str:
    browser = Client()
    browser.force_login(User.objects.get(username="ada"))
    return browser.cookies["sessionid"].value


def _send_form(name: str, given: Any) -> Any:
    """Where the browser is led then: to the ticket."""
    browser = Client(headers={"Host": "localhost"})
    browser.cookies["sessionid"] = given["session"]
    answer = browser.post(
        given["path"], {field: "" if value is None else value for field, value in given["form"].items()}
    )
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def _submitted(name: str) -> Any:
    return _post("/ticketing/submissions", {"message": "Help"}, "ticket_id")(name, _token(name))


def _submitted_oversize(name: str) -> Any:
    return _large(name, _token(name), OVERSIZE)


def _put_on_queue(name: str) -> Any:
    return sqs.send("TicketSubmissions", json.dumps({"caller_id": name, "ticket_id": name}))


def _work_submissions(name: str, given: Any) -> None:
    working.work("submissions")


def _announce(name: str, given: Any) -> None:
    working.announce()


def _announced(name: str) -> Any:
    given = _ticket("itsm")(name)
    working.announce()
    return given


def _index(name: str, given: Any) -> None:
    working.work("analytics")


COMMENT = _post("/itsm/tickets/{ticket_id}/comments", {"comment": "Still broken"}, "comment_id")

OPERATIONS = {
    "create through ITSM": Operation(
        _post("/itsm/tickets", {"caller_id": "lea", "issue_description": "Help"}, "ticket_id"), _token
    ),
    "create through routing": Operation(
        _post("/routing/tickets", {"type": "question", "message": "Help"}, "ticket_id"), _token
    ),
    "create at the desk": Operation(_send_form, _new_at_the_desk, calls=2),
    "create what no item can hold": Operation(
        _post("/itsm/tickets", {"caller_id": "lea", "issue_description": "x" * OVERSIZE}, "ticket_id"), _token, calls=2
    ),
    "submit": Operation(_post("/ticketing/submissions", {"message": "Help"}, "ticket_id"), _token, calls=3),
    "submit what needs S3": Operation(_large, _token, calls=4),
    "work a submission": Operation(_work_submissions, _submitted, calls=5),
    "work a submission that no item can hold": Operation(_work_submissions, _submitted_oversize, calls=8),
    "work another program's message": Operation(_work_submissions, _put_on_queue, calls=5),
    "comment": Operation(COMMENT, _ticket("itsm"), version=2, comments=1),
    "comment through routing": Operation(
        _post("/routing/tickets/{ticket_id}/comments", {"comment": "Still broken"}, "comment_id"),
        _ticket("routing"),
        version=2,
        comments=1,
        calls=2,
    ),
    "comment that reopens": Operation(
        COMMENT, _ticket("itsm", status="solved"), version=3, comments=1, changes=2, calls=2
    ),
    "change": Operation(_change, _ticket("itsm"), status="pending", version=2, changes=1, calls=2),
    "desk reply": Operation(_send_form, _at_the_desk, status="solved", version=2, comments=1, changes=1, calls=3),
    "announce": Operation(_announce, _ticket("itsm"), calls=6),
    "index": Operation(_index, _announced, calls=3),
}
