"""The page Deliveries: what has not ended well, why, and sending it on its way again."""

import base64
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from django.conf import settings
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from config import aws as config_aws
from config import celery, json, times
from config.aws import sqs
from tests import record
from tests.ticketing.submitting import message, work
from ticketing import deliveries
from ticketing.deliveries import Delivery, unfinished
from ticketing.desk.page import ticket_url
from ticketing.submissions import large, wordless, worker

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

PAGE = "/desk/ticketing/delivery/"
TIMES = "\N{MULTIPLICATION SIGN}"
Deliver = Callable[..., None]


@pytest.fixture
def deliver(monkeypatch: pytest.MonkeyPatch) -> Deliver:
    """A delivery of the submission door that came so many minutes ago."""

    def make(delivery_id: str, state: Any = "accepted", minutes: float = 0, **more: Any) -> None:
        moment = times.stamp(datetime.now(UTC) - timedelta(minutes=minutes))
        monkeypatch.setattr(times, "now", lambda: moment)
        values = {"door": "submission", "customer_id": "acme", "key": f"key of {delivery_id}"} | more
        deliveries.receive(Delivery(delivery_id=delivery_id, **values))
        if state != "received":
            deliveries.accept(delivery_id)
        if state not in ("received", "accepted"):
            deliveries.finish(delivery_id, state, error="It is no JSON" if state == "failed" else None)

    return make


def shown(response: Any) -> list[str]:
    assert response.status_code == 200
    return [row["delivery"].delivery_id for row in response.context["rows"]]


def dead_letter(body: str) -> str:
    """A message that can never become a ticket, and is in the dead-letter queue; its delivery's id."""
    message_id = sqs.send("TicketSubmissions", body)
    assert work() == 1
    [delivery_id] = [one.delivery_id for one in unfinished.page().deliveries if one.key == message_id]
    return delivery_id


def raise_a_bug(*_: Any) -> None:
    raise KeyError("a bug")


@pytest.fixture
def redriver(client: Client, grace: User) -> Client:
    """Somebody who may redrive, and nothing more."""
    grace.user_permissions.add(*Permission.objects.filter(codename__in=("view_delivery", "change_delivery")))
    client.force_login(grace)
    return client


def test_what_has_not_ended_well_is_there_newest_first(desk: Client, deliver: Deliver) -> None:
    deliver("oldest", minutes=20)
    deliver("newest", "failed", door="zendesk", key="12345")
    deliver("middle", "received", 10)
    for end in ("created", "updated", "duplicate", "ignored"):
        deliver(f"ended {end}", end)
    response = desk.get(PAGE)
    assert shown(response) == ["newest", "middle", "oldest"]
    text = response.content.decode()
    for said in ("It is no JSON", "key of oldest", "12345", "acme", "On its way", "No try has told anything"):
        assert said in text, said


def test_a_ticket_in_which_no_text_was_recognised_is_named_in_a_tab_of_its_own(desk: Client, deliver: Deliver) -> None:
    worker.handler({"Records": [message('{"a": 1}', "m-1"), message('{"message": "Help"}', "m-2")]})
    deliver("failed", "failed")
    assert shown(desk.get(PAGE)) == ["failed"]
    response = desk.get(PAGE, {"state": "noted"})
    [row] = response.context["rows"]
    assert (row["delivery"].key, row["said"]) == ("m-1", wordless.NOTE)
    assert (row["button"], row["aside"]) == ("", "")
    text = response.content.decode()
    assert f'href="{ticket_url(row["delivery"].ticket_id)}" class="desk-reference"' in text
    assert '<th scope="col">Note</th>' in text


def test_one_state_is_chosen(desk: Client, deliver: Deliver) -> None:
    for state in ("failed", "accepted", "received"):
        deliver(state, state)
    for state in ("failed", "accepted", "received"):
        assert shown(desk.get(PAGE, {"state": state})) == [state]
    assert len(shown(desk.get(PAGE, {"state": "created"}))) == 3


def test_it_is_paged(desk: Client, deliver: Deliver) -> None:
    for n in range(120):
        deliver(f"d-{n:03}", "failed" if n % 2 else "accepted", minutes=n)
    seen, where = [], f"{PAGE}?state=failed"
    while where:
        response = desk.get(where)
        seen += shown(response)
        where = response.context["more"] and PAGE + response.context["more"]
    assert seen == [f"d-{n:03}" for n in range(1, 120, 2)]
    assert len(shown(desk.get(PAGE))) == 50
    assert len(shown(desk.get(PAGE, {"after": "nonsense"}))) == 50


def test_the_ticket_is_linked_only_where_it_is_in_the_record(desk: Client, deliver: Deliver) -> None:
    ticket = record.opened()
    deliver("made", ticket_id=ticket.ticket_id)
    deliver("not made", ticket_id="t-1")
    text = desk.get(PAGE).content.decode()
    assert f'href="{ticket_url(ticket.ticket_id)}" class="desk-reference">{ticket.reference}<' in text
    assert ticket_url("t-1") not in text


@pytest.mark.parametrize("body", ["no JSON", "[1]", '{"type": "COMPRESSED", "data": "%"}', "\ufffd"])
def test_a_poisonous_message_names_its_cause(desk: Client, body: str) -> None:
    dead_letter(body)
    text = desk.get(PAGE).content.decode()
    assert "The message " in text
    assert "failed" in text


def test_an_error_that_nobody_expected_is_named_too(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.submissions.worker.to_draft", raise_a_bug)
    sqs.send("TicketSubmissions", "{}")
    assert work() == 0
    [one] = unfinished.page().deliveries
    assert (one.state, one.attempts) == ("accepted", 1)
    assert "An error in Foyer itself (KeyError): see the worker&#x27;s log" in desk.get(PAGE).content.decode()


def test_a_delivery_that_somebody_spoiled_stops_only_its_own_message() -> None:
    spoiled = str(uuid.uuid4())
    message_id = sqs.send("TicketSubmissions", "{}", {"submission_id": spoiled})
    item = config_aws.to_wire({"delivery_id": spoiled, "details": json.dumps({"messageId": message_id})})
    config_aws.client("dynamodb").put_item(TableName=settings.DELIVERIES_TABLE, Item=item)
    sqs.send("TicketSubmissions", "{}")
    assert work() == 1
    noted = config_aws.client("dynamodb").get_item(
        TableName=settings.DELIVERIES_TABLE, Key={"delivery_id": {"S": spoiled}}
    )
    assert "An error in Foyer itself (KeyError)" in noted["Item"]["error"]["S"]


def test_an_aws_that_refused_is_named_too(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise config_aws.Permanent("AccessDenied", "arn:aws:secret")

    monkeypatch.setattr("ticketing.submissions.worker.envelope.unseal", refused)
    sqs.send("TicketSubmissions", "{}")
    assert work() == 0
    text = desk.get(PAGE).content.decode()
    assert "AWS refused it or did not answer (AccessDenied)" in text
    assert "arn:aws:secret" not in text


def test_one_delivery_is_redriven(redriver: Client, said: Callable[[Any], str]) -> None:
    pointer = {"type": "S3_REFERENCE", "bucket": settings.LARGE_MESSAGE_BUCKET, "key": f"{large.PREFIX}lost.json"}
    delivery_id, other = dead_letter(json.dumps(pointer)), dead_letter("no JSON")
    large.store("lost", "{}")
    response = redriver.post(PAGE, {"delivery": delivery_id}, follow=True)
    assert said(response) == "Its message went back to TicketSubmissions."
    assert work() == 1
    assert shown(redriver.get(PAGE)) == [other]
    response = redriver.post(PAGE, {"delivery": delivery_id}, follow=True)
    assert said(response) == "This delivery ended meanwhile: created. There is nothing to do."


def test_one_whose_message_is_not_dead_lettered_says_so(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str]
) -> None:
    deliver("d-1", "failed")
    assert said(redriver.post(PAGE, {"delivery": "d-1"}, follow=True)).startswith("Its message is not among the 0 mess")
    assert said(redriver.post(PAGE, {"delivery": "d-2"}, follow=True)) == "There is no such delivery."


def test_a_task_whose_delivery_is_set_aside_stays_where_its_whole_queue_is_redriven(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str]
) -> None:
    hopeless, mended = str(uuid.uuid4()), str(uuid.uuid4())
    for delivery_id in (hopeless, mended):
        deliver(delivery_id, "failed", door="zendesk", key="12345")
        sqs.send("FoyerJobsDLQ", task(delivery_id))
    sqs.send("FoyerJobsDLQ", "another program's")
    deliveries.set_aside(found(hopeless), "Ada: Zendesk has no such ticket")
    answer = said(redriver.post(PAGE, {"queue": "FoyerJobs"}, follow=True))
    assert answer == "2 of the 3 messages seen in FoyerJobsDLQ went back to FoyerJobs."
    assert [one.record["body"] for one in sqs.receive("FoyerJobsDLQ", 10, 0)] == [task(hopeless)]


def found(delivery_id: str) -> Delivery:
    delivery = deliveries.get(delivery_id)
    assert delivery
    return delivery


def task(delivery_id: str) -> str:
    """A message about the delivery, as Celery puts it on its queue."""

    def coded(value: Any) -> str:
        return base64.b64encode(json.dumps(value).encode()).decode()

    return coded({"body": coded([[delivery_id], {}, {}]), "headers": {"task": "ingestion.zendesk.ingest"}})


def test_what_is_set_aside_stays_where_its_whole_queue_is_redriven(
    redriver: Client, said: Callable[[Any], str]
) -> None:
    hopeless = deliveries.get(dead_letter("no JSON"))
    assert hopeless
    deliveries.set_aside(hopeless, "Ada: nobody knows who sent it")
    dead_letter("[]")
    answer = said(redriver.post(PAGE, {"queue": "TicketSubmissions"}, follow=True))
    assert answer == "1 of the 2 messages seen in TicketSubmissionsDLQ went back to TicketSubmissions."
    assert [one.delivery_id for one in unfinished.all_set_aside()] == [hopeless.delivery_id]


def test_a_whole_queue_is_redriven(redriver: Client, said: Callable[[Any], str]) -> None:
    for _ in range(12):
        sqs.send("AnalyticsQueueDLQ", "{}")
    page = redriver.get(PAGE)
    assert {one["way"].name: one["count"] for one in page.context["queues"]}["AnalyticsQueue"] == 12
    answer = said(redriver.post(PAGE, {"queue": "AnalyticsQueue"}, follow=True))
    assert answer == "12 of the 12 messages seen in AnalyticsQueueDLQ went back to AnalyticsQueue."
    assert "There is no queue Passwords." in said(redriver.post(PAGE, {"queue": "Passwords"}, follow=True))


def test_a_zendesk_delivery_is_run_again(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(celery.app, "send_task", lambda *what, **_: sent.append(what))
    deliver("z-1", "failed", door="zendesk", key="12345")
    assert "Run again" in redriver.get(PAGE).content.decode()
    assert said(redriver.post(PAGE, {"delivery": "z-1"}, follow=True)).startswith("Its job is queued")
    assert sent == [("ingestion.zendesk.ingest", ("z-1",))]


def test_an_eager_job_that_fails_says_so_at_its_delivery(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CELERY_TASK_ALWAYS_EAGER", True)
    monkeypatch.setattr("ingestion.zendesk.pipeline.run", raise_a_bug)
    deliver("z-1", "accepted", door="zendesk", key="12345", minutes=20)
    assert said(redriver.post(PAGE, {"delivery": "z-1"}, follow=True)).startswith("Its job is queued")
    [one] = unfinished.page("failed").deliveries
    assert one.error == "An unexpected error (KeyError): see the log"


def aside(delivery_id: str) -> str:
    return reverse("admin:ticketing_delivery_aside", args=[quote(delivery_id)])


def test_what_can_never_end_well_is_set_aside_and_taken_back(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str]
) -> None:
    deliver("d/1_é", "failed", 4)
    link = aside("d/1_é")
    assert f'href="{link}"' in redriver.get(PAGE).content.decode()
    assert "It is no JSON" in redriver.get(link).content.decode()
    response = redriver.post(link, {"why": "Nobody knows\r\nwho sent it."}, follow=True)
    assert said(response).startswith("It is set aside.")
    assert (response.redirect_chain, shown(response)) == ([(PAGE, 302)], [])
    response = redriver.get(PAGE, {"state": "aside"})
    assert shown(response) == ["d/1_é"]
    assert re.search(r"set aside by <bdi>grace, 20\S+Z: Nobody knows who sent it\.", response.content.decode())
    assert link not in response.content.decode()
    response = redriver.post(f"{PAGE}?state=aside", {"back": "d/1_é"}, follow=True)
    assert (said(response), shown(response)) == ("It is on the list again.", [])
    assert shown(redriver.get(PAGE)) == ["d/1_é"]


@pytest.mark.parametrize("why", ["", "  ", "x" * 501, "nul\0"])
def test_nothing_is_set_aside_without_a_reason(redriver: Client, deliver: Deliver, why: str) -> None:
    deliver("d-1", "failed", 4)
    response = redriver.post(aside("d-1"), {"why": why})
    assert (response.status_code, list(response.context["form"].errors)) == (200, ["why"])
    assert shown(redriver.get(PAGE)) == ["d-1"]


@pytest.mark.parametrize(
    ("state", "minutes", "can_be"),
    [
        ("failed", 4, True),
        ("failed", 2, False),  # it is tried again
        ("accepted", 14, False),
        ("accepted", 16, True),
        ("received", 16, True),
        ("created", 16, False),
    ],
)
def test_what_is_on_its_way_or_ended_well_is_not_set_aside(
    redriver: Client, deliver: Deliver, state: str, minutes: int, can_be: bool
) -> None:
    deliver("d-1", state, minutes)
    assert (aside("d-1") in redriver.get(PAGE).content.decode()) is can_be
    assert redriver.get(aside("d-1")).status_code == (200 if can_be else 302)


def test_what_ends_while_somebody_writes_why_is_not_set_aside(
    redriver: Client, deliver: Deliver, said: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver("d-1", "failed", 4)
    monkeypatch.setattr(deliveries, "set_aside", lambda *_: not deliveries.finish("d-1", "created", "t-1"))
    response = redriver.post(aside("d-1"), {"why": "Nobody knows who sent it."}, follow=True)
    assert said(response).startswith("This delivery is still being tried, or it ended well meanwhile")
    assert said(redriver.get(aside("d-2"), follow=True)) == "There is no such delivery."
    assert said(redriver.post(PAGE, {"back": "d-1"}, follow=True)).startswith("This delivery is not set aside")
    assert said(redriver.get(aside("x" * 3000), follow=True)) == "There is no such delivery."


def test_what_somebody_else_set_aside_says_so(redriver: Client, deliver: Deliver, said: Callable[[Any], str]) -> None:
    assert "Nobody has set anything aside" in redriver.get(PAGE, {"state": "aside"}).content.decode()
    deliver("d-1", "failed", 4)
    redriver.post(aside("d-1"), {"why": "Nobody knows who sent it."})
    response = redriver.post(aside("d-1"), {"why": "So it is."}, follow=True)
    assert said(response).endswith("Somebody has set this delivery aside already.")
    assert "has ended well or was set aside" in response.content.decode()
    assert "Nobody knows who sent it." in redriver.get(PAGE, {"state": "aside"}).content.decode()


def test_who_may_look_may_not_redrive_and_others_may_not_look(client: Client, grace: User, deliver: Deliver) -> None:
    deliver("d-1", "failed", 4)
    client.force_login(grace)
    assert client.get(PAGE).status_code == 403
    assert "Deliveries" not in client.get("/desk/ticketing/indexedticket/").content.decode()
    grace.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    text = client.get(PAGE).content.decode()
    assert "It is no JSON" in text
    assert "Redrive" not in text
    assert aside("d-1") not in text
    assert client.post(PAGE, {"delivery": "d-1"}).status_code == 403
    assert client.get(aside("d-1")).status_code == 403
    assert client.post(aside("d-1"), {"why": "Why not"}).status_code == 403


def test_an_aws_that_is_away_is_told_in_a_sentence(
    desk: Client, monkeypatch: pytest.MonkeyPatch, said: Callable[[Any], str]
) -> None:
    def away(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)
    response = desk.get(PAGE)
    assert (response.status_code, said(response)[:33]) == (503, "The deliveries cannot be read rig")
    response = desk.post(PAGE, {"queue": "AnalyticsQueue"})
    assert response.status_code == 302
    response = desk.get(aside("d-1"), follow=True)
    assert "AWS did not answer, so this could not be written down." in said(response)


def test_the_page_reads_the_sparse_index_and_no_sql(desk: Client, deliver: Deliver, calls: list[str]) -> None:
    deliver("d-1", "failed", ticket_id="t-1")
    calls.clear()
    assert shown(desk.get(PAGE)) == ["d-1"]
    polls = ["BatchGetItem", *["GetQueueAttributes"] * 5]  # the latter for queues that nobody asked, here all
    assert calls == [*["Query"] * 16, *["GetQueueAttributes"] * 6, "BatchGetItem", *polls]


def test_a_dead_letter_queue_says_why_its_messages_lie_there(desk: Client) -> None:
    for cause in (
        "The message is no base64 of JSON",
        "The message is no base64 of JSON",
        "<b>It is no announcement</b>",
    ):
        sqs.send("FoyerJobsDLQ", "4111 1111 1111 1111", {"cause": cause})
    sqs.send("FoyerJobsDLQ", "another one")
    sqs.send("TicketSubmissionsDLQ", "another one")  # which has a delivery, if only by the message's id
    page = desk.get(PAGE).content.decode()
    assert f"<li>2 {TIMES} <bdi>The message is no base64 of JSON</bdi></li>" in page
    assert f"<li>1 {TIMES} <bdi>&lt;b&gt;It is no announcement&lt;/b&gt;</bdi></li>" in page
    assert (
        f"<li>1 {TIMES} <bdi>No cause is noted here, and it names no ticket: another program wrote it, or see the log<"
        in page
    )
    assert f"<li>1 {TIMES} <bdi>No cause is noted here: see its delivery below, or the log</bdi></li>" in page
    assert "4111" not in page
    assert len(sqs.receive("FoyerJobsDLQ", 10, 0)) == 4


def test_what_waits_without_being_worked_is_told(desk: Client) -> None:
    assert "Waits without being worked" not in desk.get(PAGE).content.decode()
    sqs.send("FoyerJobs", "hello")
    assert "Messages wait in FoyerJobs (1): nobody has asked" in desk.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("state", "progress", "said"),
    [
        ("accepted", {"fetched": 3200}, "On its way: 3,200 comments are read from Zendesk"),
        (
            "accepted",
            {"fetched": 5000, "there": 1470, "of": 5000},
            "On its way: 1,470 of 5,000 comments are at the desk",
        ),
        ("failed", {"there": 1470, "of": 5000}, "It is no JSON. So far: 1,470 of 5,000 comments are at the desk"),
    ],
    ids=["read", "written", "failed"],
)
def test_a_long_ticket_says_how_far_it_has_come(
    desk: Client, deliver: Deliver, state: str, progress: dict[str, Any], said: str
) -> None:
    deliver("d-1", state, door="zendesk")
    deliveries.progressed("d-1", progress)
    [row] = desk.get(PAGE).context["rows"]
    assert row["said"] == said


def test_what_has_ended_well_has_no_progress(deliver: Deliver) -> None:
    deliver("d-1")
    deliveries.progressed("d-1", {"there": 1, "of": 2})
    deliveries.finish("d-1", "created")
    deliveries.progressed("d-1", {"there": 1, "of": 2})
    found = deliveries.get("d-1")
    assert found
    assert found.progress == {}
