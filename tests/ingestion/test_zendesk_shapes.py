"""Each shape of ticket that the stand-in knows is filed whole and once, or left out with a reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.zendesk import client, mapping, tasks
from tests.ingestion.conftest import desk_ticket, stored
from tests.standins import zendesk_shapes as shapes
from tests.standins.zendesk import ZendeskStandIn
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, raw_tickets

pytestmark = pytest.mark.usefixtures("aws", "embedded")


@pytest.fixture(autouse=True)
def standin(settings: Any) -> Iterator[None]:
    with ZendeskStandIn() as zendesk:
        settings.ZENDESK_API_URL = zendesk.url
        settings.ZENDESK_EMAIL, settings.ZENDESK_API_TOKEN = zendesk.auth[0].partition("/")[0], zendesk.auth[1]
        yield


def ingest(zendesk_id: str, delivery_id: str) -> Delivery:
    deliveries.receive(Delivery(delivery_id=delivery_id, door="zendesk", customer_id="default", key=zendesk_id))
    tasks.ingest.apply((delivery_id,), throw=True)
    return stored(delivery_id)


@pytest.mark.parametrize("name", sorted(shapes.SHAPES.keys() - {"deleted"}))
def test_a_ticket_of_each_shape_is_filed_once_with_every_comment(name: str) -> None:
    zendesk_id = str(shapes.named(name))
    ends = [ingest(zendesk_id, delivery_id).state for delivery_id in ("d-1", "d-2")]
    assert ends == ["created", "updated"]
    found, there = desk_ticket(zendesk_id), client.fetch(zendesk_id)
    assert len(found.comments) == len(mapping.comments(there)) > 0
    assert all(one.comment for one in found.comments)
    assert [one.created_at for one in found.comments] == sorted(one.created_at for one in found.comments)


def test_a_deleted_ticket_opens_nothing_and_says_so() -> None:
    zendesk_id = str(shapes.named("deleted"))
    delivery = ingest(zendesk_id, "d-1")
    assert (delivery.state, delivery.note) == (
        "ignored",
        f"Zendesk ticket {zendesk_id} is deleted, so there is no work to do on it",
    )
    assert service.find(raw_tickets.ticket_key(zendesk_id).keyed_id) is None
