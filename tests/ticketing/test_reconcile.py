"""Reconciling: whatever was accepted and is not there is named, and what to do about it; nothing else is."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config import aws, times
from tests import record
from tests.ticketing.submitting import submit, waiting, work
from ticketing import deliveries, index, service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.models import IndexedTicket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def ago(**parts: float) -> str:
    return times.stamp(datetime.now(UTC) - timedelta(**parts))


def delivered(monkeypatch: pytest.MonkeyPatch, state: Any = "accepted", received_at: str = "", **more: Any) -> Delivery:
    """A delivery as it stands in the table."""
    values = {"door": "submission", "customer_id": "acme", "key": "k"} | more
    one = Delivery(delivery_id=str(uuid.uuid4()), **values)
    with monkeypatch.context() as patch:
        patch.setattr(times, "now", lambda: received_at or ago())
        deliveries.receive(one)
    if state != "received":
        deliveries.accept(one.delivery_id)
    if state not in ("received", "accepted"):
        deliveries.finish(one.delivery_id, state, one.ticket_id, "It is no JSON" if state == "failed" else None)
    return one


def indexed() -> str:
    ticket = record.opened()
    index.apply([ticket])
    return ticket.ticket_id


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What the command says; it must fail."""
    with pytest.raises(CommandError):
        call_command("reconcile", *arguments)
    return capsys.readouterr().out.splitlines()


def test_where_nothing_is_missing_it_says_so_and_ends_well(
    submitter: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(submitter, {"message": "Help"})
    work()
    index.apply(service.all_tickets())
    delivered(monkeypatch, "accepted")  # on its way
    delivered(monkeypatch, "ignored")
    call_command("reconcile")
    assert capsys.readouterr().out == "Nothing is missing: 5 looked at.\n"


@pytest.mark.parametrize("state", ["created", "updated", "duplicate"])
def test_a_ticket_that_a_delivery_made_and_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    gone = delivered(monkeypatch, state, ticket_id="gone")
    delivered(monkeypatch, state, ticket_id=indexed())
    [line] = lines(capsys)
    assert line.startswith(f"gone: not in the record, but delivery {gone.delivery_id} (door submission, key k) ended")


def test_an_accepted_delivery_that_has_not_ended_is_named_after_fifteen_minutes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late = delivered(monkeypatch, received_at=ago(minutes=16), ticket_id="t-1")
    delivered(monkeypatch, received_at=ago(minutes=14))
    deliveries.attempt(late.delivery_id, "S3 is away")
    [line] = lines(capsys)
    assert line.startswith("t-1: accepted at ")
    assert f"{late.delivery_id} (door submission, key k) has not ended (S3 is away). Look whether" in line
    assert f"`manage.py redrive TicketSubmissions --ticket {late.delivery_id}`" in line


def stands(one: Delivery) -> Delivery:
    found = deliveries.get(one.delivery_id)
    assert found
    return found


def test_so_is_the_raw_ticket_of_a_delivery_that_was_set_aside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = delivered(monkeypatch, "failed", door="zendesk", key="8")
    put_raw(raw_tickets.key("8", ago()))
    deliveries.set_aside(stands(one), "Ada: it is larger than we can store")
    call_command("reconcile")
    said = capsys.readouterr().out
    assert "is in the raw store. Its delivery was set aside: nothing is to be done." in said
    assert "2 that nobody waits for" in said
    deliveries.take_back(one.delivery_id)
    assert len(lines(capsys)) == 2


@pytest.mark.parametrize("state", ["failed", "accepted"])
def test_what_somebody_set_aside_is_listed_but_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    one = delivered(monkeypatch, state, received_at=ago(minutes=16))
    deliveries.set_aside(stands(one), "Ada, 2026-02-09T10:11:12.345Z: nobody knows who sent it")
    call_command("reconcile")
    said = capsys.readouterr().out
    assert said.startswith(f"{one.delivery_id}: delivery {one.delivery_id} (door submission, key k) was set aside")
    assert "set aside by Ada, 2026-02-09T10:11:12.345Z: nobody knows who sent it. Nothing is to be done" in said
    assert "1 that nobody waits for: promised nothing, set aside, or only noted.\nNothing is missing" in said
    deliveries.take_back(one.delivery_id)
    assert len(lines(capsys)) == 1


def test_a_ticket_in_which_no_text_was_recognised_is_named_but_not_missing(
    submitter: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = submit(submitter, {"a": 1}).json()
    work()
    index.apply(service.all_tickets())
    call_command("reconcile")
    said = capsys.readouterr().out
    assert said.startswith(f"{accepted['ticket_id']}: delivery {accepted['submission_id']} (door submission, key ")
    assert "ended `created` with a note. No text was recognised in what came" in said
    assert "1 that nobody waits for" in said
    assert "Nothing is missing" in said


def test_a_delivery_that_was_never_accepted_is_listed_but_promised_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late = delivered(monkeypatch, "received", received_at=ago(minutes=16))
    delivered(monkeypatch, "received")
    call_command("reconcile")
    said = capsys.readouterr().out
    assert said.startswith(f"{late.delivery_id}: promised nothing")
    assert "1 that nobody waits for: promised nothing, set aside, or only noted.\nNothing is missing" in said


def test_a_failed_delivery_is_named_with_its_cause(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delivered(monkeypatch, "failed", ticket_id="t-1")
    delivered(monkeypatch, "failed", ticket_id="t-2", door="zendesk", key="7")
    first, second = sorted(lines(capsys))
    assert first.startswith("t-1: no ticket, delivery ")
    assert "failed (It is no JSON). Repair the cause, then `manage.py redrive" in first
    assert "`Run again` on the page Deliveries" in second


def test_a_raw_ticket_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stored = "2026-01-05T23:59:59.999Z"
    for zendesk_id in ("1", "2"):
        key = raw_tickets.ticket_key(zendesk_id)
        ticket = service.open_ticket(record.new(customer_id="default"), key).ticket
        index.apply([ticket])
        delivered(monkeypatch, "created", stored, door="zendesk", key=zendesk_id, ticket_id=ticket.ticket_id)
    put_raw(raw_tickets.key("1", stored))
    [line] = lines(capsys)
    assert line.startswith("raw-tickets/year=2026/month=01/day=05/ticket-2.json: not in the raw store, but delivery ")


def put_raw(key: str) -> None:
    aws.client("s3").put_object(Bucket=settings.S3_BUCKET_TICKETS, Key=key, Body=b"{}")


def test_a_raw_ticket_without_a_ticket_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    put_raw(raw_tickets.key("8", ago()))
    put_raw(raw_tickets.key("9", ago(days=3)))
    put_raw("raw-tickets/readme.txt")
    assert {line.partition(":")[0] for line in lines(capsys)} == {raw_tickets.ticket_key(n).keyed_id for n in "89"}
    [line] = lines(capsys, "--since", "2d")
    assert line.startswith(f"{raw_tickets.ticket_key('8').keyed_id}: not in the record, but raw-tickets/")


def test_the_index_is_compared_too(capsys: pytest.CaptureFixture[str]) -> None:
    missing, different = record.opened().ticket_id, indexed()
    IndexedTicket.objects.filter(pk=different).update(subject="forged")
    deleted = indexed()
    ours = aws.client("dynamodb")
    ours.delete_item(TableName=settings.TABLE_NAME, Key=aws.to_wire({"ticket_id": deleted, "item": "TICKET"}))
    said = {line.partition(": ")[0]: line.partition(": ")[2].partition(". ")[0] for line in lines(capsys)}
    assert said == {
        missing: "in the record, but not in the index",
        different: "the index says something else of it",
        deleted: "in the index, but not in the record: another program deleted it",
    }


def test_only_what_came_in_since_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    delivered(monkeypatch, "failed", received_at="2026-01-05T10:00:00.000Z", ticket_id="old")
    delivered(monkeypatch, "failed", received_at="2026-02-09T10:00:00.000Z", ticket_id="new")
    assert [line[:3] for line in lines(capsys, "--since", "2026-02-01")] == ["new"]
    call_command("reconcile", "--since", "2026-02-09T10:00:00.001Z")
    with pytest.raises(CommandError, match=r"--since: yesterday is neither a time \(2026-02-09T10:00Z\) nor how long"):
        call_command("reconcile", "--since", "yesterday")
    with pytest.raises(CommandError, match="--since: 2999-01-01 is still to come, so nothing came in"):
        call_command("reconcile", "--since", "2999-01-01")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86_400), ("2d", 172_800)])
def test_how_long_ago(text: str, seconds: int) -> None:
    moment = times.parse(times.given(text))
    assert moment
    assert abs((datetime.now(UTC) - moment).total_seconds() - seconds) < 5


def test_an_aws_that_is_away_is_told_in_a_sentence(refuse: set[str]) -> None:
    refuse.add("Scan")
    with pytest.raises(CommandError, match=r"Not everything can be read: InternalError.*run it again"):
        call_command("reconcile")


def test_a_submission_whose_ticket_another_program_deleted(submitter: Any, capsys: pytest.CaptureFixture[str]) -> None:
    accepted = submit(submitter, {"message": "Help"}).json()
    work()
    assert waiting() == []
    key = aws.to_wire({"ticket_id": accepted["ticket_id"], "item": "TICKET"})
    aws.client("dynamodb").delete_item(TableName=settings.TABLE_NAME, Key=key)
    [line] = lines(capsys)
    assert line.startswith(f"{accepted['ticket_id']}: not in the record, but delivery {accepted['submission_id']} ")
