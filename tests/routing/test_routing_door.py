"""The routing door: a customer's own tickets, by the tier of their token."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.record import ACTOR
from ticketing import service
from ticketing.tickets.ticket import new_comment

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]
PATH = "/routing/tickets"


@pytest.fixture
def client(token_client: Any) -> APIClient:
    made: APIClient = token_client("route", tier="gold")
    return made


def post(client: APIClient, body: Any, path: str = PATH, **headers: str) -> Any:
    return client.post(path, json.dumps(body).encode(), content_type="application/json", headers=headers)


def opened(client: APIClient, message: str = "No lesson") -> Any:
    answer = post(client, {"type": "incident", "message": message})
    assert answer.status_code == 201
    return answer.json()


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_ticket_is_opened_for_the_tokens_customer_and_tier(client: APIClient) -> None:
    answer = post(client, {"type": "incident", "message": "No lesson", "tier": "general", "customer_id": "rival"})
    body = answer.json()
    ticket = service.get_ticket(body["ticket_id"], "acme")
    assert body == {
        "ticket_id": ticket.ticket_id,
        "reference": ticket.reference,
        "type": "incident",
        "message": "No lesson",
        "tier": "gold",
        "status": "open",
        "created_at": ticket.created_at,
    }
    assert answer["Location"] == f"{PATH}/{ticket.ticket_id}"
    assert (ticket.channel, ticket.caller_id, ticket.issue_description) == ("routing", "customer:acme", "No lesson")
    assert ticket.attributes == {"tier": "general", "customer_id": "rival"}


@pytest.mark.parametrize("name", ["type", "message"])
def test_a_text_that_is_missing_is_required(client: APIClient, name: str) -> None:
    body: dict[str, Any] = {"type": "incident", "message": "No lesson"}
    missing: list[Any] = [None, "", "  \n", 7, [], {}, True]
    for wrong in missing:
        assert error(post(client, body | {name: wrong})) == (400, f"{name} is required"), wrong
    body.pop(name)
    assert error(post(client, body)) == (400, f"{name} is required")


def test_an_empty_body_and_no_object_are_refused(client: APIClient) -> None:
    assert error(client.post(PATH, b"", content_type="application/json")) == (400, "Request body is required")
    assert error(post(client, [])) == (400, "Request body is not valid JSON")


def test_a_key_makes_a_repeat_harmless(client: APIClient, token_client: Any) -> None:
    body = {"type": "t", "message": "m"}
    first, again = (post(client, body, Idempotency_Key='"k"') for _ in range(2))
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert "Idempotency-Replayed" not in first
    assert error(post(client, body | {"message": "x"}, Idempotency_Key="k")) == (
        422,
        "Idempotency-Key was used with a different request",
    )
    other = post(token_client("route", customer="rival"), body, Idempotency_Key="k")
    assert other.json()["ticket_id"] != first.json()["ticket_id"]


def test_one_ticket_is_shown_with_its_public_comments_alone(client: APIClient) -> None:
    ticket = opened(client)
    path = f"{PATH}/{ticket['ticket_id']}"
    added = post(client, {"comment": "Still none"}, f"{path}/comments")
    assert added.status_code == 201
    service.add_comment(ticket["ticket_id"], "acme", new_comment("A note", visibility="internal"), ACTOR)
    service.add_comment(ticket["ticket_id"], "acme", new_comment("An answer", author="Ada"), ACTOR)
    shown = client.get(path).json()
    assert {name: shown[name] for name in ticket} == ticket
    assert [one["comment"] for one in shown["comments"]] == ["Still none", "An answer"]
    assert shown["comments"][0] == added.json()
    assert set(added.json()) == {"ticket_id", "comment_id", "comment", "author", "created_at"}


def test_all_public_comments_are_shown_however_many(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket_id = opened(client)["ticket_id"]
    texts = [str(n) for n in range(8)]
    for text in texts:
        service.add_comment(ticket_id, "acme", new_comment(text), ACTOR)
    first, more = service.get_conversation, service.more_comments
    monkeypatch.setattr(service, "get_conversation", lambda name, customer: first(name, customer, limit=3))
    monkeypatch.setattr(service, "more_comments", lambda name, after, _: more(name, after, limit=3))
    assert [one["comment"] for one in client.get(f"{PATH}/{ticket_id}").json()["comments"]] == texts


def test_a_comment_is_required_opens_the_ticket_again_and_is_refused_once_closed(client: APIClient) -> None:
    ticket_id = opened(client)["ticket_id"]
    path = f"{PATH}/{ticket_id}/comments"
    assert error(post(client, {"comment": " "}, path)) == (400, "comment is required")
    service.change_ticket(ticket_id, "acme", {"status": "solved"}, ACTOR)
    first = post(client, {"comment": "Again"}, path, Idempotency_Key="k")
    assert client.get(f"{PATH}/{ticket_id}").json()["status"] == "open"
    service.change_ticket(ticket_id, "acme", {"status": "closed"}, ACTOR)
    assert error(post(client, {"comment": "More"}, path)) == (409, "Ticket is closed")
    again = post(client, {"comment": "Again"}, path, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (201, first.json())


def test_the_list_is_the_customers_own_from_this_door_newest_first_and_paged(
    client: APIClient, token_client: Any
) -> None:
    made = [opened(client, str(n))["ticket_id"] for n in range(5)]
    opened(token_client("route", customer="rival"))
    record.opened(channel="submission", caller_id="customer:acme")
    seen, cursor = [], ""
    while True:
        page = client.get(PATH, {"limit": "2", "cursor": cursor}).json()
        seen += [one["ticket_id"] for one in page["tickets"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_a_cursor_of_another_customer_or_list_is_refused(client: APIClient, token_client: Any) -> None:
    for _ in range(2):
        opened(client)
    cursor = client.get(PATH, {"limit": "1"}).json()["next_cursor"]
    assert client.get(PATH, {"cursor": cursor}).status_code == 200
    rival = token_client("route", customer="rival")
    assert error(rival.get(PATH, {"cursor": cursor})) == (400, "cursor is not valid")
    itsm = token_client("itsm")
    assert error(itsm.get("/itsm/tickets", {"caller": "customer:acme", "cursor": cursor})) == (
        400,
        "cursor is not valid",
    )


def test_a_uuid_is_found_in_either_case(client: APIClient) -> None:
    mine = opened(client)["ticket_id"]
    added = post(client, {"comment": "x"}, f"{PATH}/{mine.upper()}/comments").json()
    shown = client.get(f"{PATH}/{mine.upper()}").json()
    assert (shown["ticket_id"], shown["comments"]) == (mine, [added])


def test_anyone_elses_ticket_is_not_found(client: APIClient, token_client: Any) -> None:
    mine = opened(client)["ticket_id"]
    by_another_door = record.opened().ticket_id
    rival = token_client("route", customer="rival")
    for asking, ticket_id in ((rival, mine), (client, by_another_door), (client, "nonsense"), (rival, mine.upper())):
        assert error(asking.get(f"{PATH}/{ticket_id}")) == (404, "Ticket not found"), ticket_id
        answer = post(asking, {"comment": "x"}, f"{PATH}/{ticket_id}/comments")
        assert error(answer) == (404, "Ticket not found"), ticket_id
    assert record.get(by_another_door).comment_count == 0
