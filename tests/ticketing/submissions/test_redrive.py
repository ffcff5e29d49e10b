"""Redriving: messages go back to their queue, none is lost, each keeps its first id."""

import base64
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config import aws, json
from config.aws import sqs
from config.aws.sqs import Message
from config.consumer import redrive
from tests import moto_stack, record
from tests.ticketing.submitting import submit, theirs, work
from ticketing import deliveries
from ticketing.deliveries import raw_tickets
from ticketing.submissions import large
from ticketing.submissions.service import ticket_key

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

SUBMISSIONS, ANALYTICS = "TicketSubmissions", "AnalyticsQueue"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("redrive", *arguments)
    return capsys.readouterr().out


def dead(name: str, body: str = "{}", **attributes: str) -> str:
    return sqs.send(f"{name}DLQ", body, attributes)


def put_aside() -> None:
    """Every message of the submission queue, into its dead-letter queue with all that was on it."""
    for one in sqs.receive(SUBMISSIONS, 10, 0):
        sqs.forward(f"{SUBMISSIONS}DLQ", one, {})
        sqs.delete(SUBMISSIONS, [one])


def there(name: str) -> list[Message]:
    return [one for _ in range(3) for one in sqs.receive(name, 10, 0)]


def test_messages_go_back_with_their_attributes_and_their_first_id(capsys: pytest.CaptureFixture[str]) -> None:
    first = dead(SUBMISSIONS, '{"a": 1}', request_id="r-1")
    dead(SUBMISSIONS, '{"b": 1}', origin_message_id="m-0")
    aws.client("sqs").send_message(
        QueueUrl=sqs.url(f"{SUBMISSIONS}DLQ"),
        MessageBody='{"c": 1}',
        MessageAttributes={
            "bytes": {"DataType": "Binary", "BinaryValue": b"\0\1"},
            "number": {"DataType": "Number.int", "StringValue": "7"},
        },
    )
    assert run(capsys, SUBMISSIONS) == "3 messages moved from TicketSubmissionsDLQ back to TicketSubmissions.\n"
    assert there(f"{SUBMISSIONS}DLQ") == []
    moved = {one.record["body"]: one.attributes for one in there(SUBMISSIONS)}
    assert {name: value["StringValue"] for name, value in moved['{"a": 1}'].items()} == {
        "request_id": "r-1",
        "origin_message_id": first,
    }
    assert moved['{"b": 1}']["origin_message_id"]["StringValue"] == "m-0"
    assert moved['{"c": 1}']["bytes"] == {"DataType": "Binary", "BinaryValue": b"\0\1"}
    assert moved['{"c": 1}']["number"] == {"DataType": "Number.int", "StringValue": "7"}


def test_only_so_many_are_moved_and_the_rest_can_be_received_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(25):
        dead(ANALYTICS)
    assert run(capsys, ANALYTICS, "--limit", "12").startswith("12 messages moved")
    assert len(there(ANALYTICS)) == 12
    assert len(there(f"{ANALYTICS}DLQ")) == 13


def test_one_tickets_announcements_are_moved_and_the_others_stay_visible(capsys: pytest.CaptureFixture[str]) -> None:
    for ticket_id in ("t-1", "t-2", "t-1"):
        dead(ANALYTICS, json.dumps({"ticket_id": ticket_id}))
    dead(ANALYTICS, "no JSON")
    assert run(capsys, f"{ANALYTICS}DLQ", "--ticket", "t-1").startswith("2 messages moved")
    assert {json.loads(one.record["body"])["ticket_id"] for one in there(ANALYTICS)} == {"t-1"}
    assert len(there(f"{ANALYTICS}DLQ")) == 2


def test_one_submissions_message_is_known_by_its_ticket_and_by_its_delivery(
    submitter: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, _ = (submit(submitter, {"n": n}).json() for n in range(3))
    put_aside()
    assert run(capsys, SUBMISSIONS, "--ticket", first["ticket_id"]).startswith("1 messages moved")
    assert run(capsys, SUBMISSIONS, "--ticket", second["submission_id"]).startswith("1 messages moved")
    assert work() == 2
    assert record.ticket_ids() == sorted([first["ticket_id"], second["ticket_id"]])
    assert len(there(f"{SUBMISSIONS}DLQ")) == 1


def test_another_programs_message_is_known_by_the_ticket_it_would_make(capsys: pytest.CaptureFixture[str]) -> None:
    dead(SUBMISSIONS, "no JSON")
    dead(SUBMISSIONS, '{"ticket_id": "CRM-1"}')
    ticket_id = ticket_key({"ticket_id": "CRM-1"}, "default", "-").keyed_id
    assert run(capsys, SUBMISSIONS, "--ticket", ticket_id).startswith("1 messages moved")
    assert work() == 1
    assert record.ticket_ids() == [ticket_id]


def test_a_message_that_fails_again_meanwhile_is_not_moved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, original = dead(SUBMISSIONS, "poison"), sqs.forward

    def fails_at_once(name: str, message: Message, more: dict[str, str]) -> str:
        return original(f"{name}DLQ", message, more)

    monkeypatch.setattr(sqs, "forward", fails_at_once)
    assert redrive.move(redrive.way(SUBMISSIONS)).count == 1
    [left] = there(f"{SUBMISSIONS}DLQ")
    assert redrive.origin(left) == first


def test_who_died_between_sending_and_deleting_doubles_nothing(refuse: set[str]) -> None:
    key = large.store("big", '{"subject": "Once"}')
    body = json.dumps({"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": key, "size": 1})
    first = dead(SUBMISSIONS, body)
    refuse.add("DeleteMessageBatch")
    with pytest.raises(aws.Retryable):
        redrive.move(redrive.way(SUBMISSIONS))
    refuse.clear()
    assert redrive.move(redrive.way(SUBMISSIONS)).count == 1
    assert work() + work() == 2
    assert len(record.ticket_ids()) == 1
    assert theirs(first).state == "created"


def test_nothing_is_deleted_before_it_was_sent(refuse: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    dead(SUBMISSIONS)
    refuse.add("SendMessage")
    with pytest.raises(CommandError) as caught:
        call_command("redrive", SUBMISSIONS)
    assert str(caught.value).startswith("0 messages moved, then: InternalError")
    refuse.clear()
    assert run(capsys, SUBMISSIONS).startswith("1 messages moved")


def test_a_message_that_its_queue_will_not_take_stays_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stays, original = dead(SUBMISSIONS, "too large"), sqs.forward
    dead(SUBMISSIONS, "{}")

    def strict(name: str, message: Message, more: dict[str, str]) -> str:
        if message.record["body"] == "too large":
            raise aws.Permanent("InvalidParameterValue", "One or more parameters are invalid")
        return original(name, message, more)

    monkeypatch.setattr(sqs, "forward", strict)
    with pytest.raises(CommandError, match="1 messages could not be moved"):
        call_command("redrive", SUBMISSIONS)
    out, err = capsys.readouterr()
    assert out.startswith("1 messages moved")
    assert f"{stays} stays in TicketSubmissionsDLQ: One or more parameters are invalid" in err
    assert len(there(f"{SUBMISSIONS}DLQ")) == 1


def test_what_the_announcer_put_aside_is_announced_from_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    ticket = record.opened()
    dead("Announcer", json.dumps({"ticket_id": ticket.ticket_id, "partial": True}), cause="larger than 262144 bytes")
    dead("Announcer", json.dumps({"ticket_id": "gone"}))
    assert run(capsys, "AnnouncerDLQ").startswith("2 messages moved from AnnouncerDLQ")
    [announced] = there(ANALYTICS)
    assert json.loads(announced.record["body"])["ticket"]["ticket_id"] == ticket.ticket_id
    assert there("AnnouncerDLQ") == []


def test_a_job_is_known_by_its_delivery_and_by_its_ticket(capsys: pytest.CaptureFixture[str]) -> None:
    delivery_id = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    deliveries.receive(deliveries.Delivery(delivery_id=delivery_id, door="zendesk", customer_id="default", key="12"))
    inner = base64.b64encode(json.dumps([[delivery_id], {}, {}]).encode()).decode()
    job = base64.b64encode(json.dumps({"body": inner, "headers": {}}).encode()).decode()
    for body in (job, job, "not Celery's"):
        dead("FoyerJobs", body)
    assert run(capsys, "FoyerJobs", "--ticket", delivery_id, "--limit", "1").startswith("1 messages moved")
    assert run(capsys, "FoyerJobs", "--ticket", raw_tickets.ticket_key("12").keyed_id).startswith("1 messages moved")


def test_an_unknown_queue_or_an_absurd_limit_is_refused_with_a_sentence() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("redrive", "Tickets")
    assert str(caught.value) == (
        "There is no queue Tickets. Those that can be redriven: TicketSubmissions, AnalyticsQueue, "
        "PriorityTicketsQueue, GeneralTicketsQueue, FoyerJobs, Announcer."
    )
    with pytest.raises(CommandError, match="from 1 on"):
        call_command("redrive", SUBMISSIONS, "--limit", "0")


def test_every_dead_letter_queue_has_a_way_back() -> None:
    names = {moto_stack.text(one["QueueName"]) for one in moto_stack.of_type("AWS::SQS::Queue")}
    assert {way.dead_letters for way in redrive.ways()} == {name for name in names if name.endswith("DLQ")}


def test_a_ticket_that_no_message_is_about_is_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    dead(SUBMISSIONS)
    with pytest.raises(CommandError, match="None of the 1 messages seen there is about t-1: it is still being tried"):
        run(capsys, SUBMISSIONS, "--ticket", "t-1")
    assert len(there(f"{SUBMISSIONS}DLQ")) == 1
