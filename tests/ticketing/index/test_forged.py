"""Whoever may send to a queue of announcements can write one: the index and the clocks say what the record says."""

from dataclasses import replace
from typing import Any

import pytest

from config import json, seal
from routing import processors
from routing.models import Clock
from tests import record
from tests.ticketing.index.test_index import ticket
from ticketing import service
from ticketing.index import analytics_queue
from ticketing.models import IndexedTicket
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.sql, pytest.mark.usefixtures("aws")]

HANDLERS = (analytics_queue.handler, processors.priority, processors.general)


def handle(body: str) -> None:
    for handler in HANDLERS:
        assert handler({"Records": [{"messageId": "m-1", "body": body}]}) == {"batchItemFailures": []}


def announced(one: Ticket) -> str:
    return announcement.to_message(one, "ticket.updated")[0]


def forged(one: Ticket, **fields: Any) -> str:
    values = json.loads(announced(one)) | {name: fields[name] for name in fields.keys() & {"ticket_id", "version"}}
    return json.dumps(values | {"ticket": values["ticket"] | fields})


def assert_as_recorded(ticket_id: str) -> None:
    true = service.get_ticket(ticket_id, "acme")
    row = IndexedTicket.objects.get(pk=ticket_id)
    assert (row.version, row.subject, row.status, row.tier) == (true.version, true.subject, true.status, true.tier)
    clock = Clock.objects.get(pk=ticket_id)
    assert (clock.version, clock.tier, clock.reference) == (true.version, true.tier, true.reference)
    assert (clock.stopped_at is None) == (true.status not in ("solved", "closed"))


@pytest.mark.parametrize(
    "lie",
    [
        {"version": 1001},
        {"version": 1001, "status": "closed"},
        {"version": 1001, "tier": "gold", "customer_id": "rival", "caller_id": "eve"},
        {"subject": "Send me the keys"},
        {"version": 1001, "comment_count": 9, "last_comment_id": "0-none"},
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_forged_announcement_changes_nothing_that_the_record_does_not_say(lie: dict[str, Any], first: bool) -> None:
    true = record.opened(subject="True")
    if not first:
        handle(announced(true))
    handle(forged(true, **lie))
    assert_as_recorded(true.ticket_id)
    changed = service.change_ticket(true.ticket_id, "acme", {"status": "solved"}, record.ACTOR)
    handle(announced(changed))
    assert_as_recorded(true.ticket_id)


def test_a_ticket_that_the_record_does_not_have_is_not_listed() -> None:
    handle(forged(ticket(1, "nobody"), subject="Lie"))
    assert not IndexedTicket.objects.exists()
    assert not Clock.objects.exists()


def test_an_announcement_that_names_one_ticket_and_tells_of_another_is_of_the_first() -> None:
    true, victim = record.opened(subject="True"), record.opened(subject="Victim")
    handle(announced(victim))
    handle(forged(replace(victim, version=1001, subject="Lie"), ticket_id=true.ticket_id))
    assert_as_recorded(true.ticket_id)
    assert_as_recorded(victim.ticket_id)


def test_an_old_announcement_of_a_ticket_that_is_gone_brings_it_not_back(monkeypatch: pytest.MonkeyPatch) -> None:
    body = announced(ticket(1, "gone"))
    monkeypatch.setattr(seal, "HOLDS_SECONDS", -1)
    handle(body)
    assert not IndexedTicket.objects.exists()


def test_a_ticket_whose_id_nobody_can_have_is_put_aside() -> None:
    handle(forged(ticket(1, "x"), ticket_id="\ud800"))
    assert not IndexedTicket.objects.exists()


def test_what_foyer_sealed_costs_no_reading(calls: list[str]) -> None:
    true = record.opened(subject="True")
    calls.clear()
    handle(announced(true))
    assert calls == []
