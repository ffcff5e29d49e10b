"""What is too large for an item is kept whole in S3, and comes back whole, wherever the ticket is read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from django.conf import settings
from rest_framework.test import APIClient

from config import aws
from config.refusals import Busy, Invalid, KeyReused
from tests import record
from ticketing import index, service
from ticketing.models import IndexedTicket
from ticketing.record import overflow, store
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket, new_comment

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

LARGE = "é" * 300_000  # 600 KB
DEEP = {"shelf": [1, {"text": "x" * 500_000}]}


def change(ticket: Ticket, **changes: Any) -> Ticket:
    return service.change_ticket(ticket.ticket_id, "acme", changes, record.ACTOR)


def objects() -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=settings.ATTACHMENTS_BUCKET)
    return [one["Key"] for one in found.get("Contents", [])]


def taken_away() -> Callable[[], None]:
    """Somebody deletes the one object; what brings it back."""
    place: Any = {"Bucket": settings.ATTACHMENTS_BUCKET, "Key": objects()[0]}
    content = aws.client("s3").get_object(**place)["Body"].read()
    aws.client("s3").delete_object(**place)

    def bring_back() -> None:
        aws.client("s3").put_object(**place, Body=content)

    return bring_back


def test_a_large_description_comes_back_whole_from_every_reading() -> None:
    ticket = record.opened(issue_description=LARGE)
    assert ticket.issue_description == LARGE
    assert service.get_ticket(ticket.ticket_id, "acme").issue_description == LARGE
    assert service.get_conversation(ticket.ticket_id, "acme").ticket.issue_description == LARGE
    assert service.list_by_caller("lea", "acme", None, 20).tickets[0].issue_description == LARGE
    assert next(iter(service.all_tickets())).issue_description == LARGE


def test_a_reading_that_breaks_off_is_tried_like_every_call(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    ticket = record.opened(issue_description=LARGE)

    def cut(*_: Any, **__: Any) -> bytes:
        raise ReadTimeoutError(endpoint_url="s3")

    monkeypatch.setattr(aws.calls._retry, "sleep", lambda _: None)
    with monkeypatch.context() as away:
        away.setattr(StreamingBody, "read", cut)
        with pytest.raises(aws.Retryable):
            service.get_ticket(ticket.ticket_id, "acme")
    assert calls.count("GetObject") == aws.calls.TRIES
    assert service.get_ticket(ticket.ticket_id, "acme").issue_description == LARGE


def test_large_attributes_come_back_with_every_digit() -> None:
    ticket = record.opened(attributes=DEEP)
    assert service.get_ticket(ticket.ticket_id, "acme").attributes == DEEP


def test_a_large_ticket_costs_two_calls_and_a_small_one_one(calls: list[str]) -> None:
    record.opened(issue_description=LARGE)
    assert calls == ["PutObject", "PutItem"]
    calls.clear()
    record.opened()
    assert calls == ["PutItem"]


def test_the_object_lies_under_the_ticket_and_its_own_hash() -> None:
    ticket = record.opened(issue_description=LARGE)
    [key] = objects()
    assert key.startswith(f"{ticket.ticket_id}/")
    assert len(key.split("/")[1]) == 64


def test_a_rival_with_the_same_key_overwrites_nothing() -> None:
    first = record.opened_with_key("key", "one", issue_description=LARGE)
    with pytest.raises(KeyReused):
        record.opened_with_key("key", "two", issue_description="a" * 500_000)
    assert service.get_ticket(first.ticket.ticket_id, "acme").issue_description == LARGE
    assert record.opened_with_key("key", "one", issue_description=LARGE).ticket.issue_description == LARGE


def test_a_ticket_grows_out_of_its_item_and_back_into_it() -> None:
    ticket = record.opened(attributes={"a": 1})
    change(ticket, issue_description=LARGE)
    grown = service.get_ticket(ticket.ticket_id, "acme")
    assert (grown.issue_description, grown.attributes, grown.version) == (LARGE, {"a": 1}, 2)
    change(ticket, issue_description="Small again")
    small = service.get_ticket(ticket.ticket_id, "acme")
    assert (small.issue_description, small.attributes, small.overflow) == ("Small again", {"a": 1}, None)
    assert record.items(ticket.ticket_id, "TICKET")[0]["issue_description"] == "Small again"


def test_another_field_of_a_large_ticket_changes_without_writing_the_large_ones_again(calls: list[str]) -> None:
    ticket = record.opened(issue_description=LARGE)
    calls.clear()
    changed = change(ticket, status="pending")
    assert "PutObject" not in calls
    assert (changed.status, changed.issue_description) == ("pending", LARGE)
    assert service.get_ticket(ticket.ticket_id, "acme") == changed


def test_a_comment_on_a_large_ticket_costs_what_it_costs_on_a_small_one(calls: list[str]) -> None:
    ticket = record.opened(issue_description=LARGE)
    calls.clear()
    service.add_comment(ticket.ticket_id, "acme", new_comment("Hello"), record.ACTOR)
    assert calls == ["TransactWriteItems"]


def test_it_is_announced_without_the_large_fields_and_indexed_with_them() -> None:
    ticket = record.opened(issue_description=LARGE)
    item = aws.client("dynamodb").scan(TableName=settings.TABLE_NAME)["Items"][0]
    changed = service.from_change(item)
    assert changed
    body, _ = announcement.to_message(changed, "ticket.created")
    told = json.loads(body)
    assert told["partial"] is True
    assert not {"issue_description", "attributes"} & set(told["ticket"])
    index.apply([service.get_ticket(ticket.ticket_id, None)])
    assert IndexedTicket.objects.get(pk=ticket.ticket_id).issue_description == LARGE


def test_a_ticket_whose_object_somebody_deleted_is_still_served(caplog: pytest.LogCaptureFixture) -> None:
    ticket = record.opened(issue_description=LARGE, subject="Still here")
    [key] = objects()
    aws.client("s3").delete_object(Bucket=settings.ATTACHMENTS_BUCKET, Key=key)
    assert service.get_ticket(ticket.ticket_id, "acme").subject == "Still here"
    assert f"{ticket.ticket_id} are not in S3 any more" in caplog.text


def test_a_change_made_while_the_object_is_away_leaves_the_large_fields_alone() -> None:
    ticket = record.opened(issue_description=LARGE, attributes={"a": 1})
    bring_back = taken_away()
    changed = change(ticket, priority="high", tags=["seen"], assignee=None)
    assert (changed.version, changed.priority) == (2, "high")
    service.add_comment(ticket.ticket_id, "acme", new_comment("Hello"), record.ACTOR)
    change(ticket, status="solved")
    service.add_comment(ticket.ticket_id, "acme", new_comment("It opens again"), record.ACTOR)
    bring_back()
    whole = record.get(ticket.ticket_id)
    assert (whole.issue_description, whole.attributes) == (LARGE, {"a": 1})
    assert (whole.priority, whole.tags, whole.status, whole.version) == ("high", ["seen"], "open", 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"b": 2}},
        {"issue_description": ""},
        {"attributes": {}, "type": "x"},
        {"issue_description": "", "attributes": {}},
    ],
)
def test_a_change_of_what_cannot_be_read_is_refused_for_now(changes: dict[str, Any]) -> None:
    ticket = record.get(record.opened(issue_description=LARGE, attributes={"a": 1}).ticket_id)
    bring_back = taken_away()
    with pytest.raises(Busy, match="cannot be read"):
        change(ticket, **changes)
    bring_back()
    assert record.get(ticket.ticket_id) == ticket
    assert change(ticket, **changes).version == 2


@pytest.mark.parametrize("description", ["Told once more", LARGE + "!"])
def test_what_is_lost_for_good_can_be_told_anew(description: str) -> None:
    ticket = record.opened(issue_description=LARGE, attributes={"a": 1})
    bring_back = taken_away()
    change(ticket, issue_description=description, attributes={})
    for _ in range(2):
        now = record.get(ticket.ticket_id)
        assert (now.issue_description, now.attributes, now.version) == (description, {}, 2)
        bring_back()


def test_a_large_ticket_can_be_emptied() -> None:
    ticket = record.opened(issue_description=LARGE, attributes={"a": 1})
    change(ticket, issue_description="", attributes={})
    emptied = record.get(ticket.ticket_id)
    assert (emptied.issue_description, emptied.attributes, emptied.overflow) == ("", {}, None)


def test_a_bucket_that_is_not_there_is_an_error_and_no_ticket_without_its_description(settings: Any) -> None:
    ticket = record.opened(issue_description=LARGE)
    settings.ATTACHMENTS_BUCKET = "no-such-bucket"
    with pytest.raises(aws.Permanent, match="NoSuchBucket"):
        record.get(ticket.ticket_id)
    with pytest.raises(aws.Permanent, match="NoSuchBucket"):
        change(ticket, priority="high")


def test_s3_that_is_away_refuses_the_ticket_and_leaves_nothing(refuse: set[str]) -> None:
    refuse.add("PutObject")
    with pytest.raises(aws.Retryable):
        record.opened(issue_description=LARGE)
    assert record.ticket_ids() == []


def test_what_even_s3_does_not_help_is_refused_with_a_sentence() -> None:
    with pytest.raises(Invalid, match="too large to be stored"):
        record.opened(tags=["x" * 1000] * 500)
    assert record.ticket_ids() == []


def test_dynamodb_itself_takes_the_largest_item_that_is_kept_whole() -> None:
    room = store.MAX_ITEM_BYTES - 1500
    ticket = record.opened(issue_description="x" * room)
    assert ticket.overflow is None
    assert service.get_ticket(ticket.ticket_id, "acme").issue_description == "x" * room
    assert objects() == []


def test_the_itsm_door_takes_and_gives_a_large_ticket_whole(token_client: Callable[..., APIClient]) -> None:
    client = token_client("itsm")
    sent = {"caller_id": "lea", "issue_description": "x" * 900_000, "shelf": 1.10}
    answer = client.post("/itsm/tickets", sent, format="json")
    assert answer.status_code == 201
    shown = client.get(answer["Location"]).json()
    assert (shown["issue_description"], shown["attributes"]) == ("x" * 900_000, {"shelf": 1.1})


@pytest.mark.parametrize("text", [b"{}", b"no JSON", b'{"issue_description": "Lie", "attributes": {}}'])
def test_an_object_that_somebody_overwrote_is_not_served(text: bytes, caplog: pytest.LogCaptureFixture) -> None:
    ticket = record.opened(issue_description=LARGE)
    place: Any = {"Bucket": settings.ATTACHMENTS_BUCKET, "Key": objects()[0]}
    aws.client("s3").put_object(**place, Body=text)
    served = service.get_ticket(ticket.ticket_id, "acme")
    assert (served.issue_description, served.attributes, overflow.is_whole(served)) == ("", {}, False)
    assert "overwritten in S3: restore them" in caplog.text
    with pytest.raises(Busy):
        change(ticket, issue_description="New")
