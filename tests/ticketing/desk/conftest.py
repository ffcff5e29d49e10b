"""People at the desk, and tickets for them to see."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from tests.browser import chromium
from ticketing import index, service
from ticketing.desk.page import ticket_url
from ticketing.tickets.ticket import Actor, Ticket, draft

MakeTicket = Callable[..., Ticket]
DOOR = Actor(name="a program", door="itsm", request_id="r-1")
LIST = "admin:ticketing_indexedticket_changelist"


@pytest.fixture
def ada(db: None) -> User:
    """May do everything."""
    return User.objects.create_superuser("ada", password="ada", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def grace(db: None) -> User:
    """Staff who may look, and nothing else."""
    user = User.objects.create_user("grace", password="grace", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_indexedticket"))
    return user


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    """Ada's browser, signed in."""
    client.force_login(ada)
    return client


@pytest.fixture
def make_ticket(aws: None, db: None) -> MakeTicket:
    """Open a ticket in the record, and in the index unless told otherwise."""

    def make(indexed: bool = True, **fields: Any) -> Ticket:
        defaults: dict[str, Any] = {
            "channel": "itsm",
            "customer_id": "acme",
            "tier": "general",
            "caller_id": "maria@example.com",
            "issue_description": "It prints nothing.",
            "subject": "Printer",
        }
        unsaved = replace(draft(**defaults), **fields)
        ticket = service.open_ticket(unsaved).ticket
        if indexed:
            index.apply([ticket])
        return ticket

    return make


@pytest.fixture
def fill(desk: Client) -> Callable[..., dict[str, Any]]:
    """The form of a ticket's page as a browser would send it, with what the person typed and chose."""

    def filled(ticket: Ticket, **typed: Any) -> dict[str, Any]:
        form = desk.get(ticket_url(ticket.ticket_id)).context["form"]
        return {**form.data, **typed}

    return filled


@pytest.fixture
def list_address() -> str:
    return reverse(LIST)


@pytest.fixture
def said() -> Callable[[Any], str]:
    """The messages on a page, as one text."""

    def texts(response: Any) -> str:
        return " ".join(str(message) for message in response.context["messages"])

    return texts


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module whose tests ask: they use SQL beside it, which Django then has to be told to allow."""
    with pytest.MonkeyPatch.context() as patch, chromium() as browser:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield browser
