"""The announcer: every committed change of a ticket, once at least; what can never go is put aside with its cause."""

from typing import Any

import pytest

from config import aws as config_aws
from config import json
from config.aws import sqs
from config.aws.events import SqsRecord, StreamRecord
from config.consumer import changes
from routing import announcer, topic
from routing.topic import Message, Outcome
from tests import record
from tests.record import ACTOR
from ticketing import service
from ticketing.tickets import announcement
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import new_comment

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What was published, in order."""
    sent: list[Message] = []

    def publish(messages: list[Message]) -> Outcome:
        sent.extend(messages)
        return Outcome({}, {})

    monkeypatch.setattr(topic, "publish", publish)
    return sent


def stream() -> list[StreamRecord]:
    """Every record of the change stream so far."""
    arn = changes.stream_arn("poc-itsm-tickets")
    place = changes.iterator(arn, changes.shards(arn)[0].shard_id, "")
    assert place
    return changes.read(place, 1000)[0]


def announce() -> list[str]:
    return [one["itemIdentifier"] for one in announcer.handler({"Records": stream()})["batchItemFailures"]]


def told(messages: list[Message]) -> list[tuple[str, int]]:
    bodies = [json.loads(one.body) for one in messages]
    return [(body["event"], body["version"]) for body in bodies]


def aside() -> list[SqsRecord]:
    return [one.record for one in sqs.receive("AnnouncerDLQ", 10, 0)]


def test_every_change_of_a_ticket_is_announced_and_nothing_else(published: list[Message]) -> None:
    ticket = record.opened_with_key("k").ticket
    service.add_comment(ticket.ticket_id, "acme", new_comment("Hello"), ACTOR, key=Key("acme", "op", "k", "f"))
    changed = service.change_ticket(ticket.ticket_id, "acme", {"subject": "New"}, ACTOR)
    assert announce() == []
    assert told(published) == [("ticket.created", 1), ("ticket.updated", 2), ("ticket.updated", 3)]
    assert announcement.from_message(published[-1].body).ticket == changed
    assert json.loads(published[-1].body)["request_id"] == "r-1"


def test_gold_goes_first_and_a_tickets_own_changes_keep_their_order(published: list[Message]) -> None:
    plain, gold = record.opened(), record.opened(tier="gold")
    service.change_ticket(plain.ticket_id, "acme", {"subject": "New"}, ACTOR)
    service.change_ticket(gold.ticket_id, "acme", {"subject": "New"}, ACTOR)
    announce()
    assert [one.attributes["tier"] for one in published] == ["gold", "gold", "general", "general"]
    assert [version for _, version in told(published)] == [1, 2, 1, 2]


def test_a_ticket_of_another_program_is_announced_whatever_is_in_it(published: list[Message]) -> None:
    record.put(ticket_id="bare")
    record.put(ticket_id="odd", version="three", tier=7, attributes={"b": b"\xff", "s": {b"x"}}, created_at={"a": 1})
    assert announce() == []
    assert [json.loads(one.body)["ticket_id"] for one in published] == ["bare", "odd"]
    assert {one.attributes["tier"] for one in published} == {"general"}


def test_a_ticket_that_was_deleted_is_not_announced(published: list[Message]) -> None:
    record.put(ticket_id="gone")
    config_aws.client("dynamodb").delete_item(
        TableName="poc-itsm-tickets", Key={"ticket_id": {"S": "gone"}, "item": {"S": "TICKET"}}
    )
    announce()
    assert told(published) == [("ticket.created", 1)]


def test_what_could_not_be_published_now_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    record.opened()
    monkeypatch.setattr(topic, "publish", lambda messages: Outcome({one.name: "Down" for one in messages}, {}))
    assert announce() == [one["dynamodb"]["SequenceNumber"] for one in stream()]
    assert aside() == []


def test_what_can_never_be_published_is_put_aside_with_its_cause_and_the_rest_goes_on(
    published: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [record.opened(subject="the bad one" if n == 1 else None) for n in range(3)]
    publish = topic.publish

    def refuse(messages: list[Message]) -> Outcome:
        bad = [one for one in messages if "the bad one" in one.body]
        publish([one for one in messages if one not in bad])
        return Outcome({}, {one.name: "InvalidParameter: why" for one in bad})

    monkeypatch.setattr(topic, "publish", refuse)
    assert announce() == []
    assert len(published) == 2
    [one] = aside()
    assert one["messageAttributes"]["cause"]["stringValue"] == "InvalidParameter: why"
    body = json.loads(one["body"])
    assert (body["ticket_id"], body["version"], body["partial"]) == (tickets[1].ticket_id, 1, True)
    assert "ticket" not in body


def test_a_ticket_too_large_for_any_message_is_put_aside() -> None:
    record.opened(subject="x" * 300_000)
    record.opened()
    assert announce() == []
    [one] = aside()
    assert one["messageAttributes"]["cause"]["stringValue"] == "larger than 262144 bytes"


def test_what_cannot_even_be_put_aside_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    record.opened(subject="x" * 300_000)

    def away(*arguments: Any) -> str:
        raise config_aws.Retryable("Down")

    monkeypatch.setattr(sqs, "send", away)
    assert len(announce()) == 1


def test_a_catch_up_announces_what_changed_since_then_or_has_no_time(published: list[Message]) -> None:
    record.put(ticket_id="old", updated_at="2026-01-01T00:00:00.000Z")
    record.put(ticket_id="new", updated_at="2026-03-01T00:00:00.000Z", version=4)
    record.put(ticket_id="timeless")
    announcer.catch_up("2026-02-01T00:00:00.000Z")
    assert sorted(told(published)) == [("ticket.created", 1), ("ticket.updated", 4)]
    published.clear()
    announcer.catch_up(None)
    assert len(published) == 3


def test_a_catch_up_that_cannot_publish_is_begun_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    record.opened()
    monkeypatch.setattr(topic, "publish", lambda messages: Outcome({one.name: "Down" for one in messages}, {}))
    with pytest.raises(config_aws.Retryable, match="1 of 1 tickets"):
        announcer.catch_up(None)
