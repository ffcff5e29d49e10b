"""What other services put around a message is taken off, whatever is inside; and their repeats open one ticket."""

import base64
import gzip
from typing import Any

import pytest
from django.conf import settings

from config import aws as config_aws
from config import json
from tests import record
from tests.ticketing.submitting import dead_letters, event, failed, message, published, theirs
from ticketing import service
from ticketing.submissions import large, whose, worker
from ticketing.submissions.service import ticket_key
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

CRM_9 = '{"ticket_id": "CRM-9", "subject": "Printer", "message": "It is on fire", "floor": 3}'
CRM_9_ID = ticket_key({"ticket_id": "CRM-9"}, "default", "-").keyed_id
AT = {"s3BucketName": "foyer-large-messages", "s3Key": "large-tickets/theirs.json"}
NEW = "software.amazon.payloadoffloading.PayloadS3Pointer"


@pytest.fixture(autouse=True)
def _stored(aws: None) -> None:
    store(CRM_9)


def store(text: str) -> None:
    config_aws.client("s3").put_object(Bucket=AT["s3BucketName"], Key=AT["s3Key"], Body=text.encode())


def only_ticket() -> Ticket:
    [ticket] = service.all_tickets()
    return ticket


def forms_of(text: str) -> dict[str, str]:
    """A payload in every form. The pointers' object is another matter."""
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    return {
        "plain": text,
        "compressed": json.dumps({"type": "COMPRESSED", "data": packed}),
        "pointer": json.dumps({"type": "S3_REFERENCE", "bucket": AT["s3BucketName"], "key": AT["s3Key"], "size": 1}),
        "extended client": json.dumps([NEW, AT]),
        "bare pointer": json.dumps(AT),
        "SNS": published(text, "inner"),
        "event": json.dumps(event(json.loads(text))),
        "event with a pointer": json.dumps(event(AT)),
    }


FORMS = forms_of(CRM_9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("times", [1, 2], ids=["one envelope", "two envelopes"])
def test_a_form_inside_snss_envelope_becomes_its_ticket(form: str, times: int) -> None:
    body = FORMS[form]
    for _ in range(times):
        body = published(body)
    assert failed(message(body)) == []
    ticket = only_ticket()
    assert (ticket.ticket_id, ticket.subject, ticket.issue_description) == (CRM_9_ID, "Printer", "It is on fire")
    assert ticket.attributes == {"ticket_id": "CRM-9", "floor": 3}
    assert (theirs().state, theirs().note) == ("created", None)


def test_the_envelope_says_whether_a_pointer_is_in_it() -> None:
    attributes = {"ExtendedPayloadSize": {"Type": "Number", "Value": "100"}}
    body = published(json.dumps(AT | {"s3Region": "eu"}), MessageAttributes=attributes)
    assert failed(message(body)) == []
    assert only_ticket().ticket_id == CRM_9_ID


def test_the_message_itself_says_whether_it_is_a_pointer() -> None:
    assert failed(message(json.dumps(AT | {"s3Region": "eu"}), SQSLargePayloadSize="100")) == []
    assert only_ticket().ticket_id == CRM_9_ID


@pytest.mark.parametrize("text", ["The printer is on fire", "[1, 2]", '"text"', "17", '{"cut": ', "{'a': 1}"])
def test_a_text_that_is_no_json_object_becomes_the_ticket(text: str) -> None:
    assert failed(message(published(text, Subject="Printer"))) == []
    ticket = only_ticket()
    assert (ticket.subject, ticket.issue_description, theirs().note) == ("Printer", text, None)


@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        ({"AlarmName": "Disk", "NewStateValue": "ALARM"}, "ALARM: Disk"),
        ({"message": "It burns"}, "ALARM: Disk"),
        ({"message": "It burns", "subject": "Printer"}, "Printer"),
    ],
)
def test_snss_subject_is_the_tickets_unless_the_payload_has_one(payload: dict[str, str], subject: str) -> None:
    assert failed(message(published(json.dumps(payload), Subject="ALARM: Disk"))) == []
    ticket = only_ticket()
    assert (ticket.subject, ticket.issue_description) == (subject, payload.get("message", ""))
    assert ticket.attributes == {name: payload[name] for name in payload if name not in ("message", "subject")}
    assert theirs().note is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        ({"message": "It burns"}, "Printer down"),
        ({"message": "It burns", "subject": None}, "Printer down"),
        ({"message": "It burns", "subject": " "}, "Printer down"),
        ({"message": "It burns", "subject": "Theirs"}, "Theirs"),
    ],
    ids=["without a subject", "with null", "with a blank one", "with its own"],
)
def test_snss_subject_reaches_the_ticket_whichever_form_is_inside(
    form: str, payload: dict[str, Any], subject: str
) -> None:
    text = json.dumps(payload)
    store(text)
    assert failed(message(published(forms_of(text)[form], Subject="Printer down"))) == []
    ticket = only_ticket()
    assert (ticket.subject, ticket.issue_description, ticket.attributes) == (subject, "It burns", {})


@pytest.mark.parametrize(
    ("inner", "subject"), [({"Subject": "Inner"}, "Inner"), ({}, "Outer")], ids=["inner has one", "inner has none"]
)
def test_of_two_subjects_the_one_nearest_to_the_payload_is_the_tickets(inner: dict[str, str], subject: str) -> None:
    sent = published('{"message": "It burns"}', "inner", **inner)
    assert failed(message(published(sent, Subject="Outer"))) == []
    assert only_ticket().subject == subject


def test_a_subject_of_another_kind_stays_in_the_attributes() -> None:
    assert failed(message(published('{"message": "It burns", "subject": 7}', Subject="Printer down"))) == []
    assert (only_ticket().subject, only_ticket().attributes) == (None, {"subject": 7})


def test_an_event_without_a_text_has_snss_subject_and_is_kept_whole() -> None:
    whole = event({"level": 7})
    assert failed(message(published(json.dumps(whole), Subject="Printer down"))) == []
    assert (only_ticket().subject, only_ticket().attributes) == ("Printer down", whole)


def test_a_message_without_an_id_of_its_sender_opens_one_ticket_however_often_sns_sends_it() -> None:
    for message_id in ("m-1", "m-2", "m-3"):
        assert failed(message(published('{"message": "Help"}', "sns-7"), message_id)) == []
    assert failed(message(published('{"message": "Help"}', "sns-8"), "m-4")) == []
    assert failed(message(published('{"message": "Help"}', None), "m-5")) == []
    assert [theirs(f"m-{n}").state for n in range(1, 6)] == [
        "created",
        "duplicate",
        "duplicate",
        "created",
        "created",
    ]
    assert len(record.ticket_ids()) == 3


@pytest.mark.parametrize("detail", [{"message": "Help"}, {"level": 7}], ids=["with a text", "without one"])
def test_an_event_that_its_bus_sends_again_opens_one_ticket(detail: Any) -> None:
    for message_id in ("m-1", "m-2"):
        assert failed(message(json.dumps(event(detail)), message_id)) == []
    assert [theirs("m-1").state, theirs("m-2").state] == ["created", "duplicate"]
    assert len(record.ticket_ids()) == 1


def test_a_pointer_that_sns_sends_again_after_its_object_is_gone_is_a_duplicate() -> None:
    for message_id in ("m-1", "m-2"):
        assert failed(message(published(json.dumps([NEW, AT])), message_id)) == []
    assert [theirs("m-1").state, theirs("m-2").state] == ["created", "duplicate"]
    assert theirs("m-2").ticket_id == CRM_9_ID
    assert record.ticket_ids() == [CRM_9_ID]


@pytest.mark.parametrize("form", ["pointer", "extended client", "bare pointer"])
def test_two_workers_that_meet_one_pointer_at_once_open_one_ticket(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store('{"message": "Help"}')
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(large, "delete", lambda _: None)  # as if the first had not come so far yet
        assert failed(message(FORMS[form], "m-1")) == failed(message(published(FORMS[form]), "m-2")) == []
    assert failed(message(FORMS[form], "m-3")) == failed(message(FORMS[form], "m-4")) == []
    assert [theirs(f"m-{n}").state for n in (1, 2, 3, 4)] == ["created", "duplicate", "duplicate", "duplicate"]
    assert {theirs(f"m-{n}").ticket_id for n in (1, 2, 3, 4)} == set(record.ticket_ids())


def test_a_program_that_writes_its_key_anew_opens_another_ticket() -> None:
    for number, text in enumerate(["Help", "Help again", "Help once more"]):
        store(json.dumps({"message": text}))
        assert failed(message(FORMS["bare pointer"], f"m-{number}")) == []
    assert [theirs(f"m-{number}").state for number in range(3)] == ["created"] * 3
    assert len(record.ticket_ids()) == 3


@pytest.mark.parametrize("payload", [CRM_9, '{"message": "No id of its sender"}'])
def test_so_is_another_message_with_the_same_pointer(payload: str) -> None:
    store(payload)
    first, second = message(json.dumps([NEW, AT]), "m-1"), message(json.dumps(AT), "m-2")
    assert failed(first) == failed(second) == failed(first) == failed(second) == []
    assert [theirs("m-1").state, theirs("m-2").state] == ["created", "duplicate"]
    assert [theirs("m-1").ticket_id, theirs("m-2").ticket_id] == record.ticket_ids() * 2


def test_a_pointer_to_what_never_was_fails_with_its_cause() -> None:
    pointer = [NEW, AT | {"s3Key": "large-tickets/never.json"}]
    assert failed(message(published(json.dumps(pointer)))) == []
    assert list(dead_letters().values()) == ["The S3 object that the message points to is not there"]
    assert (theirs().state, theirs().error) == ("failed", "The S3 object that the message points to is not there")
    assert record.ticket_ids() == []


@pytest.mark.parametrize("bucket", ["zendesk-sme-tickets", "foyer-attachments", "somebody-elses"])
def test_no_wrapper_opens_another_bucket(bucket: str) -> None:
    pointer = {"s3BucketName": bucket, "s3Key": "large-tickets/a.json"}
    for number, body in enumerate([published(json.dumps([NEW, pointer])), json.dumps(event(pointer))]):
        assert failed(message(body, f"m-{number}")) == []
        assert body in dead_letters()
        assert theirs(f"m-{number}").error.startswith("The message points to an object outside the bucket")
    assert record.ticket_ids() == []


def test_a_wrapped_message_is_known_by_its_ticket_before_it_is_worked() -> None:
    one = message(published('{"message": "Help"}'))
    [promised] = worker.about(one) - whose.delivery_ids(one)
    assert failed(one) == []
    assert record.ticket_ids() == [promised]


def test_wrappers_without_end_are_opened_a_few_deep_and_the_ticket_says_what_is_left() -> None:
    body = CRM_9
    for _ in range(8):
        body = published(body)
    assert len(body) < settings.SQS_MAX_MESSAGE_BYTES
    assert failed(message(body)) == []
    assert "Notification" in only_ticket().issue_description
