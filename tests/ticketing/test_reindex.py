"""The index against the record: what differs is named, or put right, while tickets come in."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config import aws as config_aws
from tests import record
from tests.record import ACTOR
from ticketing import index, reindex, service, store
from ticketing.models import IndexedTicket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


def differences() -> dict[str, str]:
    return {one.ticket_id: one.what for one in reindex.differences()}


@pytest.fixture
def differing() -> dict[str, str]:
    """One ticket of every kind of difference, and one that is right; what each should be called."""
    right, different, newer = (record.opened() for _ in range(3))
    index.apply([right, different, newer])
    IndexedTicket.objects.filter(pk=different.ticket_id).update(subject="forged")
    IndexedTicket.objects.filter(pk=newer.ticket_id).update(version=9)
    missing = record.opened().ticket_id
    IndexedTicket.objects.create(
        ticket_id="orphan", version=1, created_at=index._EPOCH, updated_at=index._EPOCH, requester=None
    )
    return {
        missing: "missing",
        different.ticket_id: "different",
        newer.ticket_id: "different",
        "orphan": "not in the record",
    }


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("reindex", *arguments)
    return capsys.readouterr().out


def test_every_kind_of_difference_is_found(differing: dict[str, str]) -> None:
    assert differences() == differing


def test_a_rebuild_puts_everything_right(differing: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == "4 tickets read, 4 rows put right.\n"
    assert differences() == {}
    assert sorted(IndexedTicket.objects.values_list("pk", flat=True)) == record.ticket_ids()
    assert run(capsys) == "4 tickets read, 0 rows put right.\n"


def test_a_check_lists_what_differs_changes_nothing_and_fails(
    differing: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sorted(IndexedTicket.objects.values_list("pk", "version"))
    with pytest.raises(CommandError) as caught:
        call_command("reindex", "--check")
    assert caught.value.returncode == 1
    assert str(caught.value) == "4 of 4 tickets differ. `manage.py reindex` puts them right."
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(f"{name}: {what}" for name, what in differing.items())
    assert sorted(IndexedTicket.objects.values_list("pk", "version")) == rows


def test_a_check_of_an_index_that_is_right_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    index.apply([record.opened(), record.opened()])
    assert run(capsys, "--check") == "The index says what the record says: 2 tickets.\n"


def test_a_ticket_changed_between_the_two_readings_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = record.opened()
    index.apply([ticket])
    looked = reindex._differing

    def meanwhile(tickets: list[Any]) -> list[reindex.Difference]:
        if ticket in tickets:
            changed = service.change_ticket(ticket.ticket_id, "acme", {"subject": "New"}, ACTOR)
            index.apply([changed])
        return looked(tickets)

    monkeypatch.setattr(reindex, "_differing", meanwhile)
    assert differences() == {}


def test_a_ticket_that_arrives_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    record.opened()
    arrived = []

    def read_then_arrive(since: str | None = None) -> Any:
        yield from list(store.scan(since))
        arrived.append(record.opened())
        index.apply(arrived)

    monkeypatch.setattr(service, "all_tickets", read_then_arrive)
    reindex.rebuild()
    assert sorted(IndexedTicket.objects.values_list("pk", flat=True)) == record.ticket_ids()
    assert arrived[0].ticket_id in record.ticket_ids()


def test_more_than_one_batch_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 2)
    for _ in range(5):
        record.opened()
    seen: list[int] = []
    assert len(list(reindex.differences(seen.append))) == 5
    assert seen == [2, 2, 1]


def test_items_of_other_programs_are_indexed_and_then_do_not_differ() -> None:
    record.put(ticket_id="bare")
    record.put(ticket_id="odd", subject="a\0b", assignee="x" * 3000, version="three", created_at="yesterday")
    assert reindex.rebuild() == 2
    assert differences() == {}


def test_a_record_that_cannot_be_read_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(since: str | None = None) -> Any:
        raise config_aws.Retryable("EndpointConnectionError")

    monkeypatch.setattr(service, "all_tickets", away)
    with pytest.raises(CommandError, match=r"The record cannot be read: EndpointConnectionError. Nothing is lost"):
        call_command("reindex")
