"""What nobody can work is put aside with its cause, and keeps what it had."""

import pytest

from config import aws
from config.aws import sqs
from config.consumer import dead_letters, redrive

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
    seen = dead_letters.causes(f"{QUEUE}DLQ")
    assert seen[0] == ("one", 2)
    assert sorted(number for _, number in seen) == [1, 1, 2]
    assert len(sqs.receive(f"{QUEUE}DLQ", 10, 0)) == 4
