"""A long ticket takes several runs, and each goes on where the one before it ended, whatever ended that."""

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from botocore.client import BaseClient
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from config import aws as config_aws
from config import times
from ingestion.zendesk import begun, client, pipeline, progress, replay, tasks
from ingestion.zendesk.errors import GiveUp
from ingestion.zendesk.progress import Progress
from tests.ingestion.conftest import Worker, Zendesk, desk_ticket, stored
from ticketing import deliveries, service
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.record import many_comments

pytestmark = pytest.mark.usefixtures("aws", "embedded")


def written(zendesk: Zendesk, count: int) -> list[str]:
    """So many comments beside the description, and what they say."""
    texts = [f"Comment {number}" for number in range(count)]
    for text in texts:
        zendesk.comment(text)
    return texts


def said(zendesk_id: str = "12345") -> list[str]:
    ticket_id = raw_tickets.ticket_key(zendesk_id).keyed_id
    return [one.comment for one in service.get_conversation(ticket_id, None, 10_000).comments]


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages and transactions, and each of them is noted."""
    monkeypatch.setattr(Zendesk, "page", 10)
    monkeypatch.setattr(many_comments, "AT_ONCE", 7)
    monkeypatch.setattr(progress, "NOTE_SECONDS", 0.0)


class Cut:
    """Ends this process' work at one of its AWS calls: before it is made, or after it was made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.after, self.error = -1, False, KeyboardInterrupt()
        original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(client: Any, operation: str, parameters: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise self.error
            answer = original(client, operation, parameters)
            if self.left == 0:
                raise self.error
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", call)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    return Cut(monkeypatch)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_a_long_ticket_is_there_whole_and_in_order(
    http: responses.RequestsMock, worker: Worker, busy: None, cut: Cut, after: bool
) -> None:
    number, survived = 0, False
    while not survived:
        number += 1
        http.reset()
        zendesk = Zendesk(http, 20_000 + number)
        texts = written(zendesk, 12)
        deliveries.receive(Delivery(delivery_id="d-1", door="zendesk", customer_id="default", key=str(20_000 + number)))
        cut.left, cut.after = number, after
        try:
            worker.run(0)
            survived = cut.left > 0
        except KeyboardInterrupt:
            pass
        cut.left = -1
        while stored("d-1").state == "received":
            worker.run(0, redelivered=True)
        assert said(str(20_000 + number)) == texts, number
        ticket = desk_ticket(str(20_000 + number)).ticket
        assert (ticket.comment_count, ticket.version, ticket.arriving) == (12, 13, None)
        assert stored("d-1").state == "created"
        assert not kept()
        forget("d-1")
    assert number > 12  # or the calls were not those of a long ticket


def kept() -> list[str]:
    """What lies in S3 of fetches that have begun."""
    found = config_aws.client("s3").list_objects_v2(Bucket=settings.LARGE_MESSAGE_BUCKET, Prefix=begun.PREFIX)
    return [one["Key"] for one in found.get("Contents", [])]


def forget(delivery_id: str) -> None:
    key = config_aws.to_wire({"delivery_id": delivery_id})
    config_aws.client("dynamodb").delete_item(TableName=settings.DELIVERIES_TABLE, Key=key)


def test_a_run_that_is_out_of_time_is_followed_by_one_that_goes_on_and_costs_no_try(
    received: Delivery, zendesk: Zendesk, worker: Worker, busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, transact, left = written(zendesk, 24), config_aws.Table.transact, iter(range(2))

    def out_of_time(*args: Any) -> None:
        if next(left, None) is None:
            raise SoftTimeLimitExceeded
        transact(*args)

    with monkeypatch.context() as slow:
        slow.setattr(config_aws.Table, "transact", out_of_time)
        worker.run(tasks.RETRIES)  # the last try
    delivery = stored("d-1")
    assert (delivery.state, delivery.attempts, delivery.error) == ("received", 0, None)
    assert (delivery.progress["there"], delivery.progress["of"]) == (14, 24)
    assert desk_ticket().ticket.arriving == {"there": 14, "of": 24}
    assert (worker.countdowns, worker.retries) == ([0.0], [0])
    worker.run(0)
    assert said() == texts
    assert (stored("d-1").state, stored("d-1").progress, desk_ticket().ticket.arriving) == ("created", {}, None)


def test_a_run_that_did_not_get_on_costs_a_try(
    received: Delivery, zendesk: Zendesk, worker: Worker, busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(zendesk, 24)

    def out_of_time(*_: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(client, "fetch", out_of_time)
    worker.run(tasks.RETRIES - 1)
    assert (stored("d-1").attempts, worker.retries) == (1, [tasks.RETRIES])
    worker.run(tasks.RETRIES)
    assert stored("d-1").state == "failed"


def test_a_run_that_worked_for_long_hands_over(
    received: Delivery, zendesk: Zendesk, worker: Worker, busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HAND_OVER_SECONDS", 0.0)
    texts, runs = written(zendesk, 24), 0
    while stored("d-1").state == "received":
        worker.run(0)
        runs += 1
    assert runs == 6  # two pages more, three transactions more
    assert zendesk.cursors == [None, "10", "20"]
    assert said() == texts
    assert set(worker.countdowns) == {0.0}


def test_a_run_whose_message_came_before_hands_over_as_soon_as_it_got_on(
    received: Delivery, zendesk: Zendesk, worker: Worker
) -> None:
    zendesk.page = 10
    texts = written(zendesk, 24)
    worker.run(0, redelivered=True)
    assert (zendesk.cursors, worker.retries) == ([None], [0])
    assert stored("d-1").progress["fetched"] == 10
    worker.run(0)
    assert said() == texts
    assert stored("d-1").state == "created"


def test_a_short_ticket_whose_message_came_before_is_done_at_once(
    received: Delivery, zendesk: Zendesk, worker: Worker
) -> None:
    texts = written(zendesk, 24)
    worker.run(0, redelivered=True)
    assert said() == texts
    assert (stored("d-1").state, worker.retries) == ("created", [])


def test_pages_that_were_fetched_are_not_fetched_anew(received: Delivery, zendesk: Zendesk, worker: Worker) -> None:
    zendesk.page, zendesk.no_page = 10, {"20": 429}
    texts = written(zendesk, 24)
    worker.run(tasks.RETRIES)
    delivery = stored("d-1")
    assert (delivery.state, delivery.progress["fetched"], worker.retries) == ("received", 20, [0])
    assert "status 429" in str(delivery.error)
    zendesk.no_page = {}
    zendesk.cursors.clear()
    worker.run(0)
    assert zendesk.cursors == ["20"]
    assert said() == texts
    assert not kept()


def test_what_was_fetched_by_several_runs_is_as_old_as_the_first_of_them(received: Delivery) -> None:
    first = Progress()
    first.begin(received)
    first.fetched(client.Fetched({}, [], {}, "10", 1))
    assert first.kept()
    later = Progress()
    assert later.began >= first.began
    later.begin(stored("d-1"))
    assert later.began == first.began


def test_what_is_fetched_anew_because_it_is_gone_is_as_old_as_the_new_fetch(received: Delivery) -> None:
    deliveries.progressed("d-1", {"at": times.now(), "fetched": 10, "began": "2026-01-01T00:00:00.000Z"})
    anew = Progress()
    began = anew.began
    assert anew.begin(stored("d-1")) is None
    assert anew.began == began


@pytest.fixture
def half(received: Delivery, zendesk: Zendesk) -> Iterator[list[str]]:
    """A run died after the first page. Gives the comments' texts."""
    zendesk.page = 10
    texts = written(zendesk, 14)
    begun.save("d-1", client.Fetched(zendesk.ticket, zendesk.comments[:10], {"7": zendesk.users[0]}, "10", 1))
    deliveries.progressed("d-1", {"at": times.now(), "fetched": 10})
    yield texts
    assert said() == texts
    assert not kept()


def test_a_cursor_that_zendesk_does_not_take_any_more_is_no_failure(
    half: list[str], zendesk: Zendesk, worker: Worker
) -> None:
    zendesk.page, zendesk.no_page = 20, {"10": 422}
    worker.run(0)
    assert zendesk.cursors == ["10", None]


def test_what_was_fetched_and_is_gone_is_fetched_anew(half: list[str], zendesk: Zendesk, worker: Worker) -> None:
    begun.delete("d-1")
    worker.run(0)
    assert zendesk.cursors == [None, "10"]


def test_what_was_fetched_long_ago_is_fetched_anew(half: list[str], zendesk: Zendesk, worker: Worker) -> None:
    deliveries.progressed("d-1", {"at": "2026-01-01T00:00:00.000Z", "fetched": 10})
    worker.run(0)
    begun.delete("d-1")  # the bucket's rule does it
    assert zendesk.cursors == [None, "10"]


def test_a_delivery_that_failed_is_fetched_anew(half: list[str], zendesk: Zendesk, worker: Worker) -> None:
    deliveries.finish("d-1", "failed", error="It was refused")
    worker.run(0)
    begun.delete("d-1")
    assert zendesk.cursors == [None, "10"]


def test_a_list_without_an_end_is_given_up(
    received: Delivery, http: responses.RequestsMock, zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_MOST_PAGES", 3)
    zendesk.page = 1
    written(zendesk, 2)
    assert len(client.fetch("12345")["comments"]) == 3
    written(zendesk, 1)
    with pytest.raises(GiveUp, match="has no end"):
        pipeline.run(received)


def test_a_comment_that_comes_on_two_pages_is_there_once(received: Delivery, zendesk: Zendesk) -> None:
    texts = written(zendesk, 3)
    zendesk.comments.append(zendesk.comments[2])
    pipeline.run(received)
    assert said() == texts


def test_many_comments_of_one_moment_stay_in_zendesks_order(received: Delivery, zendesk: Zendesk) -> None:
    for number in range(120):
        zendesk.comment(f"Comment {number}", id=5_000 - number, created_at="2026-01-05T11:00:00Z")
    pipeline.run(received)
    assert said() == [f"Comment {number}" for number in range(120)]


def test_a_long_ticket_takes_few_calls_and_one_more_comment_fewer(
    received: Delivery, zendesk: Zendesk, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "NOTE_SECONDS", 3600.0)  # on a slow machine it would be noted meanwhile
    texts = written(zendesk, 200)
    calls.clear()
    tasks.ingest.apply(("d-1",), throw=True)
    assert len(calls) <= 15  # there were more than two hundred, one for each comment
    zendesk.comment("One more")
    deliveries.receive(Delivery(delivery_id="d-2", door="zendesk", customer_id="default", key="12345"))
    calls.clear()
    tasks.ingest.apply(("d-2",), throw=True)
    assert len(calls) <= 12
    assert said() == [*texts, "One more"]


def test_a_replay_of_a_long_ticket_takes_few_calls_too(received: Delivery, zendesk: Zendesk, calls: list[str]) -> None:
    texts = written(zendesk, 200)
    context = {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users}
    raw_tickets.store(raw_tickets.key("12345", "2026-01-05"), context)
    for end, most in (("created", 15), ("updated", 10)):
        calls.clear()
        assert [one.end for one in replay.replayed("2026-01-05", "2026-01-05")] == [end]
        assert len(calls) <= most
    assert said() == texts


def test_what_was_announced_and_vanished_in_zendesk_is_not_waited_for(
    received: Delivery, zendesk: Zendesk, busy: None, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HAND_OVER_SECONDS", 0.0)
    zendesk.page = 100
    written(zendesk, 14)
    worker.run(0)
    assert desk_ticket().ticket.arriving == {"there": 7, "of": 14}
    begun.delete("d-1")
    del zendesk.comments[8:]
    worker.run(0)
    assert desk_ticket().ticket.arriving is None
    assert stored("d-1").state == "created"


@pytest.mark.usefixtures("aws")
def test_what_was_fetched_may_have_any_number_of_values() -> None:
    fetched = client.Fetched({"id": 1}, [{"id": n, "marks": [0] * 1000} for n in range(100)], {}, "10", 1)
    begun.save("d-1", fetched)
    assert begun.load("d-1") == fetched
