"""A message says whose it is: only what the door wrote down is believed, and no object of another's is touched."""

import random
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from config import aws, json
from tests import record
from tests.ticketing.submitting import dead_letters, failed, message, published, status, submit, theirs, waiting
from ticketing import deliveries, service
from ticketing.submissions import large, whose, worker

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

FORGED = {"ticket_id": "x-1", "customer_id": "acme", "tier": "gold", "message": "Send me the keys"}
LARGE = {"message": random.Random(7).randbytes(600).hex()}  # too large for a message in `all_in_s3`


@pytest.fixture
def all_in_s3(settings: Any) -> None:
    settings.SQS_MAX_MESSAGE_BYTES = 600


def objects() -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=settings.LARGE_MESSAGE_BUCKET)
    return [one["Key"] for one in found.get("Contents", [])]


def pointer(key: str) -> str:
    return json.dumps({"type": "S3_REFERENCE", "bucket": settings.LARGE_MESSAGE_BUCKET, "key": key, "size": 1})


def test_a_message_with_other_words_leaves_the_delivery_to_its_own_message(submitter: APIClient) -> None:
    accepted = submit(submitter, {"message": "Help"}, "k-1").json()
    [own] = waiting()
    forged = message(json.dumps(FORGED), "m-9", submission_id=accepted["submission_id"])
    before = deliveries.get(accepted["submission_id"])
    assert failed(forged) == []
    assert (record.ticket_ids(), deliveries.get(accepted["submission_id"])) == ([], before)
    [cause] = dead_letters().values()
    assert cause == "It is not what the API took in under that submission_id, so another program wrote it"
    assert failed(own) == []
    [ticket_id] = record.ticket_ids()
    made = service.find(ticket_id)
    assert made
    assert (made.ticket_id, made.customer_id, made.issue_description) == (
        accepted["ticket_id"],
        "acme",
        "Help",
    )


def test_a_forged_message_does_not_say_that_the_doors_own_is_queued(submitter: APIClient, refuse: set[str]) -> None:
    refuse.add("SendMessage")
    assert submit(submitter, {"message": "Help"}, "k-1").status_code == 503
    refuse.clear()
    [open_one] = deliveries.scan()
    assert failed(message(json.dumps(FORGED), submission_id=open_one.delivery_id)) == []
    assert submit(submitter, {"message": "Help"}, "k-1").status_code == 202
    assert len(waiting()) == 1


@pytest.mark.usefixtures("all_in_s3")
def test_a_message_that_points_to_anothers_object_is_failed_and_the_object_stays(submitter: APIClient) -> None:
    accepted = submit(submitter, LARGE).json()
    [own], [key] = waiting(), objects()
    assert failed(message(pointer(key), "m-9")) == []
    assert (theirs("m-9").state, objects(), record.ticket_ids()) == ("failed", [key], [])
    assert theirs("m-9").error == "The message points to an object that belongs to a submission to the API"
    assert failed(own) == []
    assert (objects(), status(submitter, accepted["submission_id"])["status"]) == ([], "created")


@pytest.mark.usefixtures("all_in_s3")
def test_a_submission_deletes_no_object_of_another_even_one_that_says_the_same(
    submitter: APIClient, token_client: Any
) -> None:
    mine = submit(submitter, LARGE).json()
    [mine_sent], [of_mine] = waiting(), objects()
    submit(token_client("submit", customer="rival"), LARGE)
    [of_theirs] = set(objects()) - {of_mine}
    assert failed(message(pointer(of_theirs), "m-9", submission_id=mine["submission_id"])) == []
    assert set(objects()) == {of_mine, of_theirs}
    assert failed(mine_sent) == []
    assert record.ticket_ids() == [mine["ticket_id"]]


def test_an_object_of_an_earlier_version_is_read_for_its_submission_and_left_to_expire(submitter: APIClient) -> None:
    accepted = submit(submitter, {"message": "Help"}).json()
    key = large.store("r-1", json.dumps({"message": "Help"}))
    assert failed(message(pointer(key), submission_id=accepted["submission_id"])) == []
    assert (record.ticket_ids(), objects()) == ([accepted["ticket_id"]], [key])


def test_a_message_that_names_another_programs_first_id_does_not_end_its_delivery() -> None:
    assert failed(message(json.dumps(FORGED), "m-9", origin_message_id="m-1")) == []
    assert failed(message('{"message": "Help"}', "m-1")) == []
    said = {found.issue_description for one in record.ticket_ids() if (found := service.find(one))}
    assert said == {FORGED["message"], "Help"}
    assert {one.customer_id for one in deliveries.scan()} == {settings.DEFAULT_CUSTOMER}


def test_a_message_that_comes_again_under_a_delivery_apart_makes_one_ticket() -> None:
    failed(message('{"message": "Other"}', "m-9", origin_message_id="m-1"))
    own = message('{"message": "Help"}', "m-1")
    assert failed(own) == failed(own) == []
    assert len(record.ticket_ids()) == 2
    assert {one.delivery_id for one in deliveries.scan()} <= whose.delivery_ids(own)


def test_a_message_that_names_another_programs_delivery_has_one_of_its_own() -> None:
    failed(message("no JSON", "m-1"))
    assert failed(message(json.dumps(FORGED), "m-9", submission_id=theirs("m-1").delivery_id)) == []
    assert (theirs("m-1").state, theirs("m-9").state) == ("failed", "created")


def test_a_notification_that_has_anothers_id_and_other_words_is_no_repeat_of_it() -> None:
    for number, text in enumerate(["Forged", "Help", "Help"]):
        assert failed(message(published(text, "sns-1"), f"m-{number}")) == []
    said = sorted(found.issue_description for one in record.ticket_ids() if (found := service.find(one)))
    assert said == ["Forged", "Help"]


def as_door_noted(accepted: Any) -> tuple[str, int, str | None]:
    known = deliveries.get(accepted["submission_id"])
    assert known
    return known.state, known.attempts, known.error


def test_the_tries_of_a_forged_message_are_not_counted(submitter: APIClient, refuse: set[str]) -> None:
    """Its object in S3 cannot be read now, so nobody can say yet that it is forged."""
    accepted = submit(submitter, {"message": "Help"}).json()
    forged = message(pointer(large.store("r-1", json.dumps(FORGED))), "m-9", submission_id=accepted["submission_id"])
    refuse.add("GetObject")
    for _ in range(3):
        assert failed(forged) == ["m-9"]
    assert as_door_noted(accepted) == ("accepted", 0, None)
    refuse.clear()
    assert failed(forged) == []
    assert as_door_noted(accepted) == ("accepted", 0, None)


@pytest.mark.usefixtures("all_in_s3")
def test_the_tries_of_its_own_message_are_counted(submitter: APIClient, refuse: set[str]) -> None:
    accepted = submit(submitter, LARGE).json()
    [own] = waiting()
    refuse.add("GetObject")
    assert failed(own) == [own["messageId"]]
    assert as_door_noted(accepted) == ("accepted", 1, "AWS refused it or did not answer (InternalError)")


@pytest.mark.parametrize(
    "body", ["no JSON", "[]", '{"type": "COMPRESSED", "data": "x"}', pointer("large-tickets/none")]
)
def test_a_forged_message_that_cannot_be_read_ends_nothing(submitter: APIClient, body: str) -> None:
    accepted = submit(submitter, {"message": "Help"}).json()
    [own] = waiting()
    assert failed(message(body, "m-9", submission_id=accepted["submission_id"])) == []
    assert as_door_noted(accepted) == ("accepted", 0, None)
    assert list(dead_letters().values()) == [worker._NOT_WRITTEN_DOWN]
    assert failed(own) == []
    assert as_door_noted(accepted)[0] == "created"


def test_an_error_of_ours_is_noted_at_the_deliveries_of_the_message_alone(submitter: APIClient) -> None:
    accepted = submit(submitter, {"message": "Help"}).json()
    [own] = waiting()
    failed(message('{"message": "Help"}', "m-1"))
    worker.note(message("{", "m-9", submission_id=accepted["submission_id"]), KeyError("a"))
    worker.note(message("{", "m-9", origin_message_id="m-1"), KeyError("a"))
    assert (as_door_noted(accepted), theirs("m-1").attempts) == (("accepted", 0, None), 1)
    worker.note(own, KeyError("a"))
    worker.note(message('{"message": "Help"}', "m-1"), KeyError("a"))
    assert (as_door_noted(accepted)[1], theirs("m-1").attempts) == (1, 2)
