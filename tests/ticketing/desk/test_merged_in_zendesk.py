"""A ticket that Zendesk merged into another leads there from its page."""

from typing import Any

import pytest
from django.test import Client

from config import aws as config_aws
from tests.ticketing.desk.conftest import MakeTicket
from ticketing import index, service
from ticketing.deliveries import raw_tickets
from ticketing.desk.page import ticket_url
from ticketing.tickets.ticket import draft


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.ZENDESK_API_URL = "https://zendesk.test"


def merged(ticket_id: Any) -> dict[str, Any]:
    """The attributes of a ticket that was merged; another program may have written a wrong address."""
    return {"zendesk": {"merged_into": {"ticket_id": ticket_id, "url": "javascript:alert(1)"}}}


def link(desk: Client, ticket_id: str) -> tuple[Any, str]:
    """What the page says of the merge, and where that leads."""
    facts = desk.get(ticket_url(ticket_id)).context["facts"]
    [fact] = [fact for fact in facts if fact.label == "Merged into"]
    return fact.value, fact.link


def test_it_leads_to_zendesk_if_the_other_is_not_at_the_desk(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(attributes=merged("99"))
    expected = ("Zendesk ticket 99", "https://zendesk.test/agent/tickets/99")
    assert link(desk, ticket.ticket_id) == expected


def test_it_leads_to_the_other_if_that_is_at_the_desk(desk: Client, make_ticket: MakeTicket) -> None:
    values: dict[str, Any] = {
        "channel": "zendesk",
        "customer_id": "default",
        "tier": "general",
        "caller_id": "zendesk:7",
    }
    other = service.open_ticket(draft(**values, issue_description="No lesson"), raw_tickets.ticket_key("99")).ticket
    index.apply([other])
    ticket = make_ticket(attributes=merged("99"))
    assert link(desk, ticket.ticket_id) == (other.reference, ticket_url(other.ticket_id))


@pytest.mark.parametrize("number", ["../evil", "", None, 99])
def test_what_is_no_id_leads_nowhere(desk: Client, make_ticket: MakeTicket, number: Any) -> None:
    assert link(desk, make_ticket(attributes=merged(number)).ticket_id) == (None, "")


def test_the_indexs_copy_is_shown_without_it(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(attributes=merged("99"))

    def away(*_: Any, **__: Any) -> Any:
        raise config_aws.Retryable("EndpointConnectionError", "away")

    monkeypatch.setattr(service, "get_conversation", away)
    answer = desk.get(ticket_url(ticket.ticket_id))
    assert answer.status_code == 503
    assert [fact.value for fact in answer.context["facts"] if fact.label == "Merged into"] == [None]
