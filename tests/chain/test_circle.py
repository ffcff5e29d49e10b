"""A ticket's whole way on a real local AWS: record, change stream, topic, queues, index. Each step by hand."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings

from config import aws as config_aws
from config.aws import sqs
from config.consumer import changes, queue_loop, stream_loop
from config.consumer.leases import hold
from config.consumer.sources import Source, sources
from config.consumer.stream_loop import Reader
from routing.models import Clock
from ticketing import service
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Actor, Ticket, draft, new_comment

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("local-aws")]


def _source(name: str) -> Source:
    [found] = [source for source in sources() if source.name == name]
    return found


@contextmanager
def _reading() -> Iterator[Reader]:
    """A reader as a new process makes it: with the lease, from the saved checkpoint."""
    with hold("change-stream", "test") as lease:
        assert lease
        reader = Reader(_source("change-stream"), lease)
        if reader.has_gap():
            reader.catch_up()
        yield reader


def _announce_all() -> None:
    with _reading() as reader:
        _read_all(reader)


@pytest.fixture(autouse=True)
def _nothing_left_from_other_tests(local_aws: str) -> None:
    _open()  # so that there is a record in the stream to set out from
    _announce_all()
    _work_all("analytics", "priority", "general")


def _read_all(reader: Reader) -> None:
    while reader.step():
        pass
    reader.save()


def _work_all(*names: str) -> None:
    for name in names:
        while queue_loop.work_once(_source(name), 0):
            pass


def _open(tier: Any = "general") -> Ticket:
    new = draft(channel="itsm", customer_id="acme", tier=tier, caller_id=str(uuid.uuid4()), issue_description="Help")
    return service.open_ticket(new).ticket


def _actor() -> Actor:
    return Actor("test", "itsm", "r-1")


def test_a_ticket_and_its_changes_reach_the_index() -> None:
    ticket = _open()
    service.add_comment(ticket.ticket_id, "acme", new_comment("More"), _actor())
    service.change_ticket(ticket.ticket_id, "acme", {"status": "pending"}, _actor())
    _announce_all()
    _work_all("analytics")
    row = IndexedTicket.objects.get(pk=ticket.ticket_id)
    assert (row.version, row.status, row.comment_count) == (3, "pending", 1)


@pytest.mark.parametrize(("tier", "worked_by"), [("gold", "priority"), ("general", "general")])
def test_each_tier_has_its_queue(tier: str, worked_by: str) -> None:
    ticket = _open(tier)
    _announce_all()
    others = {"priority", "general"} - {worked_by}
    _work_all(*others)
    assert not Clock.objects.filter(pk=ticket.ticket_id).exists()
    _work_all(worked_by)
    assert Clock.objects.get(pk=ticket.ticket_id).tier == tier


def test_an_item_that_another_program_wrote_reaches_the_index() -> None:
    ticket_id = f"erp-{uuid.uuid4()}"
    item = {"ticket_id": ticket_id, "item": "TICKET", "subject": "From the ERP", "caller_id": "erp"}
    config_aws.client("dynamodb").put_item(TableName=settings.TABLE_NAME, Item=config_aws.to_wire(item))
    _announce_all()
    _work_all("analytics")
    row = IndexedTicket.objects.get(pk=ticket_id)
    assert (row.subject, row.version, row.status, row.customer_id) == ("From the ERP", 1, "open", "default")


def test_a_reader_that_died_after_announcing_announces_again() -> None:
    ticket = _open()
    with _reading() as dying:
        dying.save = lambda: None  # type: ignore[method-assign]  # it dies before its checkpoint is saved
        while dying.step():
            pass
    _announce_all()
    bodies = [one.record["body"] for one in sqs.receive(settings.ANALYTICS_QUEUE, 10, 0)]
    assert len([body for body in bodies if ticket.ticket_id in body]) == 2


def test_what_the_stream_lost_is_announced_from_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local AWS that was restarted: the checkpoint names a record that the stream does not hold any more."""
    with _reading() as reader:
        _read_all(reader)
        reader.positions[reader.shards[0].shard_id] = "1".zfill(30)
        reader.save()
        ticket = _open()
    monkeypatch.setattr(changes, "read", lambda place, _: ([], place))  # the stream has nothing to tell
    with _reading() as reader:
        stop = threading.Event()

        def catch_up_and_stop() -> None:
            Reader.catch_up(reader)
            stop.set()

        monkeypatch.setattr(reader, "catch_up", catch_up_and_stop)
        stream_loop.follow(reader, stop)
    _work_all("analytics")
    assert IndexedTicket.objects.filter(pk=ticket.ticket_id).exists()
