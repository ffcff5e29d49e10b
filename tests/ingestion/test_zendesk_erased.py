"""A Zendesk ticket that was erased at the desk: its raw documents are gone, and nothing of Zendesk's comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config import aws, times
from ingestion.zendesk import answering, client, pipeline, tasks
from tests.ingestion.answering import Died, World
from tests.ingestion.conftest import Zendesk, desk_ticket, stored
from tests.words import places
from ticketing import deliveries, service
from ticketing.answers import lane
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.erasing import places as places_module
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.index.following import follow
from ticketing.tickets.ticket import Actor

pytestmark = [pytest.mark.usefixtures("versioned"), pytest.mark.django_db]

STAFF = Actor(name="Priya", door="desk", request_id="r")
LEA = Person(email="lea@family.test")
WORDS = ("lesson", "Moreau", "family.test")


@pytest.fixture(autouse=True)
def no_long_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places_module, "_POLL_SECONDS", 0)


@pytest.fixture
def taken_in(received: Delivery, zendesk: Zendesk, embedded: list[Any]) -> Zendesk:
    """The ticket at the desk, with a comment, in the raw store twice, and in the index."""
    zendesk.comment("The lesson again", author_id=7)
    tasks.ingest.apply(("d-1",), throw=True)
    follow([desk_ticket().ticket])
    assert all(places(word, raw=True) for word in WORDS)
    return zendesk


def left() -> list[str]:
    return [place for word in WORDS for place in places(word, raw=True)]


def another(delivery_id: str = "d-2") -> None:
    deliveries.receive(Delivery(delivery_id=delivery_id, door="zendesk", customer_id="default", key="12345"))


def test_nothing_is_left_and_a_late_webhook_is_ignored_and_says_so(taken_in: Zendesk) -> None:
    report = run.erased(LEA, STAFF)
    assert report.counts["raw Zendesk documents (versions)"] == 1
    assert left() == []
    taken_in.comment("The lesson, once more", author_id=7)
    another()
    tasks.ingest.apply(("d-2",), throw=True)
    assert left() == []
    late = stored("d-2")
    assert (late.state, "was erased at the desk" in (late.note or "")) == ("ignored", True)
    call_command("reconcile")


def test_a_replay_of_a_document_that_somebody_restored_brings_nothing_back(taken_in: Zendesk) -> None:
    s3, bucket = aws.client("s3"), settings.S3_BUCKET_TICKETS
    [name] = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    content = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    run.erased(LEA, STAFF)
    s3.put_object(Bucket=bucket, Key=name, Body=content)
    today = times.now()[:10]
    with pytest.raises(CommandError):
        call_command("replay", "--since", today, "--until", today)
    assert {place for word in WORDS for place in places(word, raw=True)} == {bucket}


@pytest.mark.parametrize("when", ["fetched", "stored"])
def test_a_run_that_is_under_way_while_the_ticket_is_erased_leaves_nothing(
    taken_in: Zendesk, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    taken_in.comment("The lesson, once more", author_id=7)
    taken_in.ticket["updated_at"] = "2026-01-06T10:00:00Z"
    another()
    place = (client, "fetch") if when == "fetched" else (raw_tickets, "store")
    original: Callable[..., Any] = getattr(*place)

    def erasing(*given: Any) -> Any:
        done = original(*given)
        run.erased(LEA, STAFF)
        return done

    monkeypatch.setattr(*place, erasing)
    outcome = pipeline.run(stored("d-2"))
    assert (outcome.end, left()) == ("ignored", [])


def test_a_closed_ticket_and_its_follow_up_go_together(taken_in: Zendesk) -> None:
    first = desk_ticket().ticket
    service.change_ticket(first.ticket_id, None, {"status": "closed"}, STAFF)
    taken_in.comment("The lesson, once more", author_id=7)
    another()
    tasks.ingest.apply(("d-2",), throw=True)
    follow_up = stored("d-2").ticket_id or ""
    assert follow_up != first.ticket_id
    report = run.erased(Person(ticket_id=follow_up), STAFF)
    assert sorted(report.ticket_ids) == sorted([first.ticket_id, follow_up])
    assert left() == []


@pytest.mark.enable_socket
@pytest.mark.parametrize("begun", [False, True])
def test_an_answer_that_has_not_reached_zendesk_is_not_sent_any_more(world: World, begun: bool) -> None:
    comment = world.say("The lesson will be repeated")
    if begun:
        with world.dying("PUT", "before"), pytest.raises(Died):
            answering.work(comment.comment_id)
    run.erased(Person(ticket_id=world.ticket.ticket_id), STAFF)
    world.later(120)
    assert answering.work(comment.comment_id) is None
    assert (world.in_zendesk(), world.delivery(comment).state) == ([], "ignored")
    assert lane.read(world.ticket.ticket_id).waiting == []
    assert places("repeated", raw=True) == []
