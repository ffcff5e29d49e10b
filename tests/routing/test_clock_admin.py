"""Due times at the desk: their name, and how their times are told."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from routing import tokens
from routing.models import ApiToken, Clock

pytestmark = pytest.mark.django_db
LIST = "/desk/routing/clock/"
EVENING = datetime(2026, 2, 9, 21, 36, tzinfo=UTC)


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", password="x"))
    return client


@pytest.fixture
def clock() -> Clock:
    return Clock.objects.create(
        ticket_id="t-1", reference="F-7K3M-9Q2D", tier="gold", started_at=EVENING, due_at=EVENING, version=1
    )


def text(desk: Client, path: str) -> str:
    return " ".join(desk.get(path).content.decode().split())


def test_the_page_has_the_name_that_the_sidebar_has(desk: Client, clock: Clock) -> None:
    page = text(desk, LIST)
    assert "<title> Due times | Foyer</title>" in page
    assert "locks" not in page.replace("blocks", "")
    assert "<title> F-7K3M-9Q2D | View due time | Foyer</title>" in text(desk, f"{LIST}t-1/change/")


def test_a_due_time_has_24_hours_as_everywhere_at_the_desk(desk: Client, clock: Clock) -> None:
    for path in (LIST, f"{LIST}t-1/change/"):
        page = text(desk, path)
        assert "9 Feb 2026, 21:36" in page
        assert "p.m." not in page


def test_so_has_the_time_at_which_a_token_was_issued(desk: Client) -> None:
    tokens.issue("crm", "acme", "gold", ["itsm"])
    ApiToken.objects.update(created_at=EVENING)
    assert "9 Feb 2026, 21:36" in text(desk, "/desk/routing/apitoken/")
