"""Tickets that Zendesk deleted or merged, and statuses that Foyer does not know."""

from typing import Any

import pytest
from django.core.management import call_command

from config.refusals import Absent
from ingestion.zendesk import pipeline, tasks
from ingestion.zendesk.errors import GiveUp
from tests.ingestion.conftest import API, Zendesk, desk_ticket, stored
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, raw_tickets, unfinished
from ticketing.tickets.ticket import Actor

pytestmark = pytest.mark.usefixtures("aws", "embedded")

STAFF = Actor(name="Priya", door="desk", request_id="r")
MERGED = 'This request was closed and merged into request #99 "Lessons do not start".'


def work(delivery_id: str = "d-1") -> Delivery:
    """The delivery, worked to its end."""
    deliveries.receive(Delivery(delivery_id=delivery_id, door="zendesk", customer_id="default", key="12345"))
    tasks.ingest.apply((delivery_id,), throw=True)
    return stored(delivery_id)


def later(zendesk: Zendesk, **changes: Any) -> None:
    """What Zendesk says of the ticket an hour later than before."""
    hour = int(zendesk.ticket["updated_at"][11:13]) + 1
    zendesk.ticket |= {"updated_at": f"2026-01-05T{hour:02}:00:00Z"} | changes


@pytest.mark.django_db
def test_a_deleted_ticket_opens_no_work_and_leaves_nothing_behind(zendesk: Zendesk, embedded: list[Any]) -> None:
    zendesk.ticket["status"] = "deleted"
    delivery = work()
    assert (delivery.state, delivery.ticket_id) == ("ignored", None)
    assert delivery.note == "Zendesk ticket 12345 is deleted, so there is no work to do on it"
    assert [one.delivery_id for one in unfinished.noted_page().deliveries] == ["d-1"]
    with pytest.raises(Absent):
        desk_ticket()
    assert embedded == []
    call_command("reconcile")


def test_a_ticket_at_the_desk_is_solved_when_zendesk_deletes_it_and_comes_back_with_it(zendesk: Zendesk) -> None:
    work()
    later(zendesk, status="deleted")
    delivery = work("d-2")
    assert (delivery.state, delivery.ticket_id) == ("updated", desk_ticket().ticket.ticket_id)
    assert "is deleted" in str(delivery.note)
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.attributes["zendesk"]["status"]) == ("solved", "deleted")
    later(zendesk, status="open")
    assert work("d-3").note is None
    assert desk_ticket().ticket.status == "open"


def test_the_replay_of_a_deleted_ticket_that_the_desk_never_had_is_refused(zendesk: Zendesk) -> None:
    zendesk.ticket["status"] = "deleted"
    key = raw_tickets.key("12345", "2026-01-05T10:00:00.000Z")
    raw_tickets.store(key, {"ticket": zendesk.ticket, "comments": [], "users": []})
    with pytest.raises(GiveUp, match="nothing to open"):
        pipeline.again("12345", key, "d-1")
    with pytest.raises(Absent):
        desk_ticket()


@pytest.mark.parametrize("public", [True, False])
def test_a_merged_ticket_is_closed_and_names_the_other(zendesk: Zendesk, public: bool) -> None:
    zendesk.ticket |= {"status": "closed", "tags": ["need_sme", "closed_by_merge"]}
    zendesk.comment(MERGED, public=public)
    delivery = work()
    assert delivery.state == "created"
    assert delivery.note == f"Zendesk merged ticket 12345 into ticket 99: {API}/agent/tickets/99"
    ticket = desk_ticket().ticket
    assert ticket.status == "closed"
    assert ticket.attributes["zendesk"]["merged_into"] == {"ticket_id": "99", "url": f"{API}/agent/tickets/99"}


def test_a_ticket_that_is_merged_while_it_is_at_the_desk_is_closed_and_names_the_other(zendesk: Zendesk) -> None:
    work()
    later(zendesk, status="closed", tags=["closed_by_merge"])
    zendesk.comment(MERGED)
    assert "into ticket 99" in str(work("d-2").note)
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.attributes["zendesk"]["merged_into"]["ticket_id"]) == ("closed", "99")


def test_a_merge_whose_comment_was_worded_anew_names_no_other(zendesk: Zendesk) -> None:
    zendesk.ticket |= {"status": "closed", "tags": ["closed_by_merge"]}
    zendesk.comment("The same as order #4711")
    assert "into another ticket, which it does not name" in str(work().note)
    assert "merged_into" not in desk_ticket().ticket.attributes["zendesk"]


@pytest.mark.parametrize(
    ("ticket", "comment"),
    [
        ({"status": "open", "tags": ["closed_by_merge"]}, "I wrote again"),  # a follow-up inherits the tags
        ({"status": "closed", "tags": ["need_sme"]}, MERGED),
        ({"status": "open"}, 'Request #7 "x" was closed and merged into this request.'),
    ],
)
def test_what_is_not_merged_says_nothing_of_a_merge(zendesk: Zendesk, ticket: dict[str, Any], comment: str) -> None:
    zendesk.ticket |= ticket
    zendesk.comment(comment)
    assert work().note is None
    assert "merged_into" not in desk_ticket().ticket.attributes["zendesk"]


def test_a_status_that_foyer_does_not_know_is_told_and_kept(zendesk: Zendesk) -> None:
    zendesk.ticket["status"] = "archived"
    delivery = work()
    assert delivery.state == "created"
    assert "has the status `archived`, which Foyer does not know" in str(delivery.note)
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.attributes["zendesk"]["status"]) == ("open", "archived")


def test_a_status_that_foyer_does_not_know_reopens_nothing(zendesk: Zendesk) -> None:
    zendesk.ticket["status"] = "solved"
    work()
    later(zendesk, status="archived")
    assert "archived" in str(work("d-2").note)
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.attributes["zendesk"]["status"]) == ("solved", "archived")
    later(zendesk, status="open")
    work("d-3")
    assert desk_ticket().ticket.status == "open"


def test_an_answer_is_not_overlooked_whatever_the_status_is_called(zendesk: Zendesk) -> None:
    work()
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved"}, STAFF)
    later(zendesk, status="archived")
    zendesk.comment("It is still broken!", author_id=7)
    work("d-2")
    assert desk_ticket().ticket.status == "open"
