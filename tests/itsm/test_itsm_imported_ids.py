"""The ITSM and routing doors: what a list shows can be read, changed and commented by its id, whatever it is."""

from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from config import json
from tests.itsm.asking import PATH, error
from tests.ticketing.transfer.transferring import imported

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

UPPER = "01A1FD35-2EF3-7740-852A-2DEBEFCC0860"
IDS = [
    *("FD-22", "a/b c", "x?y#z", "ü-1", "12345", "/", "//a//", "a%2Fb", "50%", "%", "a\\b", "a+b&c=d", "comments"),
    *("7/comments", "a\nb", " ", ".hidden", "...", "会议-1", '"quoted"', "é" * 1024, UPPER, UPPER.replace("A", "a")),
]


def ask(client: APIClient, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A request as gunicorn passes it on: with the path as it came, too."""
    content = b"" if body is None else json.dumps(body).encode()
    return client.generic(
        method,
        path,
        content,  # type: ignore[arg-type]  # bytes are what it is for
        content_type="application/json",
        headers=headers,
        RAW_URI=path,
    )


def line(ticket_id: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": ticket_id, "customer_id": "acme", "caller_id": "lea", "issue_description": "Old"} | more


@pytest.mark.parametrize("ticket_id", IDS)
def test_an_imported_ticket_is_read_changed_and_commented_by_the_id_that_the_list_shows(
    client: APIClient, rival: APIClient, ticket_id: str
) -> None:
    said = {"comment": "First", "visibility": "public", "created_at": "2026-01-01T00:00:00Z"}
    assert imported(line(ticket_id, comments=[said])).created == 1
    [listed] = ask(client, "GET", f"{PATH}?caller=lea").json()["tickets"]
    assert listed["ticket_id"] == ticket_id
    path = f"{PATH}/{quote(listed['ticket_id'], safe='')}"

    shown = ask(client, "GET", path).json()
    assert shown == listed | {"comments": shown["comments"], "comments_cursor": None}
    assert [(one["ticket_id"], one["comment"]) for one in shown["comments"]] == [(ticket_id, "First")]
    changed = ask(client, "PATCH", path, {"priority": "high"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["priority"], changed["ETag"]) == (200, "high", '"2"')
    for replayed in (False, True):
        added = ask(client, "POST", f"{path}/comments", {"comment": "Next"}, **{"Idempotency-Key": "k"})
        assert (added.status_code, added.json()["ticket_id"]) == (201, ticket_id)
        assert added.has_header("Idempotency-Replayed") is replayed

    first = ask(client, "GET", f"{path}/comments?limit=1").json()
    rest = ask(client, "GET", f"{path}/comments?cursor={first['next_cursor']}").json()
    assert [one["comment"] for one in first["comments"] + rest["comments"]] == ["First", "Next"]
    for method, where in (("GET", path), ("GET", f"{path}/comments")):
        assert error(ask(rival, method, where)) == (404, "Ticket not found")


@pytest.mark.parametrize("ticket_id", ["FD-22", "a/b c", UPPER])
def test_the_routing_door_names_its_imported_tickets_too(token_client: Any, ticket_id: str) -> None:
    client = token_client("route")
    imported(line(ticket_id, channel="routing", caller_id="customer:acme", type="question"))
    [listed] = ask(client, "GET", "/routing/tickets").json()["tickets"]
    path = f"/routing/tickets/{quote(listed['ticket_id'], safe='')}"
    added = ask(client, "POST", f"{path}/comments", {"comment": "Next"})
    assert (added.status_code, added.json()["ticket_id"]) == (201, ticket_id)
    assert ask(client, "GET", path).json() == listed | {"comments": [added.json()]}


@pytest.mark.parametrize("path", ["a/b", "a/b%2Fc", "a%2Fb/c", "a%2Fb/", "/a%2Fb", "a%2Fb/comments/"])
def test_a_slash_that_is_not_encoded_is_no_part_of_an_id(client: APIClient, path: str) -> None:
    imported(line("a/b"), line("a/b/c"), line("a/b/"))
    assert error(ask(client, "GET", f"{PATH}/{path}")) == (404, "Not found")


@pytest.mark.parametrize("ticket_id", ["x" * 2049, "é" * 1025])
def test_an_id_that_is_too_long_for_the_record_is_404(client: APIClient, ticket_id: str) -> None:
    path = f"{PATH}/{quote(ticket_id)}"
    assert error(ask(client, "GET", path)) == (404, "Ticket not found")
    assert error(ask(client, "PATCH", path, {"subject": "x"})) == (404, "Ticket not found")
    assert error(ask(client, "POST", f"{path}/comments", {"comment": "x"})) == (404, "Ticket not found")


@pytest.mark.parametrize("path", ["/itsm%2Ftickets", "/itsm/tickets%2F", "/%2F", "/%2f?a=%2F", "/é%2F%ff"])
def test_elsewhere_an_encoded_slash_is_not_found(client: APIClient, path: str) -> None:
    assert error(ask(client, "GET", path)) == (404, "Not found")
