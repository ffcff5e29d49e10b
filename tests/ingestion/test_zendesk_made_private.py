"""What was made private in Zendesk: wherever Foyer still has the words, they say that they are for staff alone."""

import io
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from rest_framework.test import APIClient

from config import aws, json
from ingestion.zendesk import pipeline
from tests.ingestion.conftest import Zendesk, desk_ticket
from tests.ticketing.search.conftest import found
from tests.ticketing.transfer.transferring import exported
from tests.words import places
from ticketing import service
from ticketing.deliveries import Delivery
from ticketing.desk import ticket_conversation
from ticketing.index.following import follow
from ticketing.models import IndexedComment
from ticketing.tickets.ticket import Actor

pytestmark = [pytest.mark.usefixtures("versioned", "embedded"), pytest.mark.django_db]

WORD = "zanzibar4111"
STAFF = Actor(name="Priya", door="desk", request_id="r")
FILE = {"file_name": f"{WORD}.png", "content_url": f"https://files.test/{WORD}", "content_type": "image/png"}


def take(received: Delivery, zendesk: Zendesk, minute: int) -> None:
    """What Zendesk has now is taken in, and is in the index."""
    zendesk.ticket["updated_at"] = f"2026-01-05T12:{minute:02}:00Z"
    pipeline.run(received)
    follow([desk_ticket().ticket])


def rows() -> list[dict[str, Any]]:
    """The record's items that have the word. What they have in S3 is the item's, and says nothing of readers."""
    scanned = aws.client("dynamodb").scan(TableName=settings.TABLE_NAME)["Items"]
    items = [aws.from_wire(one) for one in scanned]
    return [one for one in items if WORD in json.dumps(one)]


def read(client: APIClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(params=["a text", "a long text", "a file"])
def said(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A comment that has the word."""
    bodies: dict[str, dict[str, Any]] = {
        "a text": {"body": f"My card is {WORD}"},
        "a long text": {"body": f"My card is {WORD} {'and more ' * 6_500}"},
        "a file": {"body": "See here", "attachments": [FILE]},
    }
    return bodies[request.param]


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_comment_that_was_made_private_is_public_nowhere_and_staff_still_read_and_find_it(
    zendesk: Zendesk, received: Delivery, said: dict[str, Any], status: str, token_client: Any
) -> None:
    zendesk.comment(**said, author_id=7)
    take(received, zendesk, 1)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    zendesk.comments[1]["public"] = False
    take(received, zendesk, 2)
    call_command("reindex", "--afresh", "--segments", "1", stdout=io.StringIO(), stderr=io.StringIO())

    ticket_id, itsm = desk_ticket().ticket.ticket_id, token_client("itsm", customer="default")
    told = read(itsm, f"/itsm/tickets/{ticket_id}")
    paged = read(itsm, f"/itsm/tickets/{ticket_id}/comments")
    [line] = [json.loads(line) for line in exported() if WORD in line]
    copies = [*told["comments"], *paged["comments"], *line["comments"], *IndexedComment.objects.values("visibility")]
    assert [one["visibility"] for one in copies] == ["internal"] * 4
    assert WORD not in json.dumps({name: value for name, value in told.items() if name != "comments"})
    assert {one.get("visibility") for one in rows()} == {"internal"}
    assert found(WORD) == [ticket_id]
    assert places(WORD)


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_description_that_was_made_private_says_so_to_programs_and_is_a_note_for_staff(
    zendesk: Zendesk, received: Delivery, status: str, token_client: Any
) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = f"My card is {WORD}"
    take(received, zendesk, 1)
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": status}, STAFF)
    zendesk.comments[0]["public"] = False
    take(received, zendesk, 2)

    ticket = desk_ticket().ticket
    told = read(token_client("itsm", customer="default"), f"/itsm/tickets/{ticket.ticket_id}")
    [line] = [json.loads(one) for one in exported() if WORD in one]
    opened = [one["attributes"]["zendesk"]["opening"]["visibility"] for one in (told, line)]
    assert (opened, told["comments"]) == (["internal", "internal"], [])
    assert ticket_conversation.opening(ticket).kind == "note"
    assert found(WORD) == [ticket.ticket_id]


def test_a_customers_program_at_the_routing_door_sees_nothing_of_a_zendesk_ticket(
    zendesk: Zendesk, received: Delivery, token_client: Any
) -> None:
    zendesk.comment(f"My card is {WORD}", author_id=7, public=False)
    take(received, zendesk, 1)
    ticket_id = desk_ticket().ticket.ticket_id
    for customer in ("default", "acme"):
        client = token_client("route", customer=customer)
        assert client.get(f"/routing/tickets/{ticket_id}").status_code == 404
        assert read(client, "/routing/tickets")["tickets"] == []
    assert token_client("itsm", customer="acme").get(f"/itsm/tickets/{ticket_id}").status_code == 404
