"""What nobody can work is put aside with its cause, and keeps what it had."""

import pytest

from config import aws
from config.aws import sqs
from config.consumer import dead_letters, redrive
from tests.config.consumer.test_celery_tasks import FOREIGN

pytestmark = pytest.mark.usefixtures("aws")

QUEUE = "GeneralTicketsQueue"


def received(name: str = QUEUE) -> sqs.Message:
    [one] = sqs.receive(name, 1, 0)
    return one


def test_a_message_keeps_its_text_its_attributes_and_its_first_id() -> None:
    given = {"tier": {"DataType": "String", "StringValue": "gold"}, "n": {"DataType": "Number", "StringValue": "7"}}
    given["raw"] = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}  # type: ignore[dict-item]
    aws.client("sqs").send_message(QueueUrl=sqs.url(QUEUE), MessageBody="hello", MessageAttributes=given)  # type: ignore[arg-type]
    first = received()
    assert dead_letters.put_aside(QUEUE, first.record, "It is no announcement")
    aside = received(f"{QUEUE}DLQ")
    assert aside.record["body"] == "hello"
    assert {name: aside.attributes[name] for name in given} == given
    assert aside.attributes["cause"]["StringValue"] == "It is no announcement"
    assert redrive.origin(aside) == first.message_id


def test_a_message_that_is_put_aside_again_keeps_its_first_id_and_has_the_new_cause() -> None:
    sqs.send(QUEUE, "hello", {"origin_message_id": "first", "cause": "old"})
    dead_letters.put_aside(QUEUE, received().record, "new")
    aside = received(f"{QUEUE}DLQ")
    assert redrive.origin(aside) == "first"
    assert aside.attributes["cause"]["StringValue"] == "new"


def test_causes_are_counted_and_the_messages_stay_visible() -> None:
    for cause in ("one", "two", "one"):
        sqs.send(f"{QUEUE}DLQ", "hello", {"cause": cause})
    sqs.send(f"{QUEUE}DLQ", "hello")
    seen = dead_letters.causes(f"{QUEUE}DLQ", lambda _: False)
    assert seen[0] == ("one", 2)
    assert sorted(number for _, number in seen) == [1, 1, 2]
    assert len(sqs.receive(f"{QUEUE}DLQ", 10, 0)) == 4


@pytest.mark.parametrize("way", redrive.ways(), ids=lambda way: way.name)
def test_a_redrive_for_one_ticket_looks_through_what_strangers_wrote_and_leaves_it(way: redrive.Way) -> None:
    for body in FOREIGN.values():
        sqs.send(way.dead_letters, body)
    moved = redrive.move(way, only="a-ticket")
    assert (moved.count, moved.seen, moved.stayed) == (0, len(FOREIGN), {})
    assert sqs.count(way.dead_letters) == len(FOREIGN)


def test_what_names_no_ticket_is_not_announced_again_but_stays_with_the_reason() -> None:
    announcer = redrive.way("AnnouncerDLQ")
    for body in FOREIGN.values():
        sqs.send(announcer.dead_letters, body)
    [(cause, number)] = dead_letters.causes(announcer.dead_letters, announcer.names_nothing)
    assert (cause.startswith("No cause is noted here, and it names no ticket"), number) == (True, 10)
    moved = redrive.move(announcer)
    assert (moved.count, len(moved.stayed)) == (0, len(FOREIGN))
    assert set(moved.stayed.values()) == {"The message is no announcement of a ticket"}
    assert sqs.count(announcer.dead_letters) == len(FOREIGN)
