"""Requests that race with one key: one message, one answer; and what died holds nobody up for long."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from config import deadline, times
from config.aws import sqs
from config.aws.events import attribute
from config.refusals import Busy
from tests import record
from tests.ticketing.submitting import QUEUE, status, submit, waiting, work
from ticketing import deliveries
from ticketing.deliveries import Delivery, ago
from ticketing.submissions import turn

pytestmark = pytest.mark.django_db

RACERS = 16
MINUTE = timedelta(minutes=1)
BUSY = "Another request with this Idempotency-Key is being accepted: send it again in half a minute"


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request looks once, and does not wait for another."""
    monkeypatch.setattr(turn, "WAIT_SECONDS", 0)


@pytest.fixture
def all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose turn it is, it sends only when all the others have begun to wait."""
    met, send, take = threading.Barrier(RACERS, timeout=30), sqs.send, turn.take

    def sent(*given: Any) -> str:
        met.wait()
        return send(*given)

    def taken(*given: Any) -> Any:
        met.wait()
        return take(*given)

    monkeypatch.setattr(sqs, "send", sent)
    monkeypatch.setattr(turn, "take", taken)


def race(client: APIClient, payload: Any, key: str) -> list[Any]:
    """The answers to that many requests at once, each by a client of its own that has the same token."""
    clients = [APIClient(headers={"Token": client.defaults["HTTP_TOKEN"]}) for _ in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(lambda one: submit(one, payload, key), clients))


def queued(submission_id: str) -> list[str]:
    """The ids of the messages of one submission."""
    found: list[str] = []
    while some := sqs.receive(QUEUE, 10, 0):
        found += [one.message_id for one in some if attribute(one.record, "submission_id") == submission_id]
    return found


def being_sent() -> Delivery:
    """A delivery whose message another request is sending, as it stands in the table."""
    one = Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k", sender="another")
    return deliveries.receive(one) or deliveries.get("d-1") or one


def lost_acceptance(client: APIClient, refuse: set[str]) -> Any:
    """An answer whose delivery could not be told of it."""
    refuse.add("UpdateItem")
    first = submit(client, {"a": 1}, "key")
    refuse.clear()
    assert first.status_code == 202
    return first.json()


def assert_one_did_the_work(answers: list[Any]) -> None:
    assert [one.status_code for one in answers] == [202] * RACERS
    [answer] = {tuple(sorted(one.json().items())) for one in answers}
    assert Counter(one.get("Idempotency-Replayed") for one in answers) == {None: 1, "true": RACERS - 1}
    assert queued(dict(answer)["submission_id"]) == [dict(answer)["messageId"]]


@pytest.mark.usefixtures("local_aws")
@pytest.mark.parametrize("size", [1, 400_000], ids=["inline", "compressed"])
def test_of_sixteen_at_once_one_is_first_and_fifteen_repeat_its_answer(submitter: APIClient, size: int) -> None:
    submit(submitter, {})  # its token is seen: from here on no request asks SQL
    for number in range(3):
        assert_one_did_the_work(race(submitter, {"a": "x" * size}, f"race-{size}-{number}"))


@pytest.mark.usefixtures("local_aws", "all_together")
def test_so_it_is_when_all_the_others_come_while_the_first_has_not_sent_yet(token_client: Any) -> None:
    client: APIClient = token_client("submit", customer="all-together")
    client.get("/ticketing/submissions/x")  # as above
    assert_one_did_the_work(race(client, {"a": 1}, "race"))


@pytest.mark.usefixtures("aws", "no_wait")
def test_a_repeat_sends_nothing_while_the_first_may_still_be_sending(
    submitter: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile: list[Any] = []
    send = sqs.send

    def slow(*given: Any) -> str:
        monkeypatch.setattr(sqs, "send", send)
        meanwhile.append(submit(submitter, {"a": 1}, "key"))
        return send(*given)

    monkeypatch.setattr(sqs, "send", slow)
    first = submit(submitter, {"a": 1}, "key")
    [repeat] = meanwhile
    assert (repeat.status_code, repeat["Retry-After"], repeat.json()["error"]) == (503, "30", BUSY)
    assert first.status_code == 202
    assert len(waiting()) == 1


@pytest.mark.usefixtures("aws", "no_wait")
@pytest.mark.parametrize(
    ("died", "code"), [(timedelta(), 503), (turn.TURN - timedelta(seconds=5), 503), (MINUTE, 202), (-MINUTE, 202)]
)
def test_a_first_that_died_before_it_sent_holds_its_repeat_up_until_its_turn_is_over(
    submitter: APIClient, monkeypatch: pytest.MonkeyPatch, died: timedelta, code: int
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as then:
        then.setattr(times, "now", lambda: ago(died))
        then.setattr(sqs, "send", die)
        with pytest.raises(KeyboardInterrupt):
            submit(submitter, {"a": 1}, "key")
    answer = submit(submitter, {"a": 1}, "key")
    assert answer.status_code == code
    assert [one["messageId"] for one in waiting()] == ([answer.json()["messageId"]] if code == 202 else [])


@pytest.mark.usefixtures("aws", "no_wait")
@pytest.mark.parametrize("operation", ["SendMessage", "PutObject"])
def test_a_first_that_aws_refused_gives_its_turn_to_the_next_at_once(
    submitter: APIClient, refuse: set[str], settings: Any, operation: str
) -> None:
    if operation == "PutObject":
        settings.SQS_MAX_MESSAGE_BYTES = 100
    refuse.add(operation)
    assert submit(submitter, {"a": 1}, "key").status_code == 503
    refuse.clear()
    answer = submit(submitter, {"a": 1}, "key")
    assert (answer.status_code, "Idempotency-Replayed" in answer) == (202, False)


@pytest.mark.usefixtures("aws")
def test_who_waits_takes_the_turn_as_soon_as_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: deliveries.release("d-1", "another"))
    assert turn.take(being_sent(), "me").sender == "me"
    assert being_sent().sender == "me"


@pytest.mark.usefixtures("aws")
def test_who_waits_has_the_answer_as_soon_as_it_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: deliveries.accept("d-1", {"messageId": "m-1"}))
    assert turn.take(being_sent(), "me").details == {"messageId": "m-1"}


@pytest.mark.usefixtures("aws")
def test_a_lost_answer_of_the_table_leaves_the_turn_with_the_request_that_has_it(
    submitter: APIClient, aws_answers: list[Any]
) -> None:
    aws_answers.append("lost")
    answer = submit(submitter, {"a": 1}, "key")
    assert (answer.status_code, "Idempotency-Replayed" in answer) == (202, False)
    assert len(waiting()) == 1


@pytest.mark.usefixtures("aws", "no_wait")
def test_a_lost_acceptance_heals_as_soon_as_a_worker_meets_the_message(submitter: APIClient, refuse: set[str]) -> None:
    first = lost_acceptance(submitter, refuse)
    assert submit(submitter, {"a": 1}, "key").status_code == 503
    assert work() == 1
    again = submit(submitter, {"a": 1}, "key")
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (202, first, "true")
    assert (waiting(), record.ticket_ids()) == ([], [first["ticket_id"]])


@pytest.mark.usefixtures("aws", "no_wait")
def test_or_when_the_turn_is_over_and_its_two_messages_make_one_ticket(
    submitter: APIClient, refuse: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr(times, "now", lambda: ago(MINUTE))
        first = lost_acceptance(submitter, refuse)
    again = submit(submitter, {"a": 1}, "key")
    assert (again.status_code, again.json()["ticket_id"]) == (202, first["ticket_id"])
    assert submit(submitter, {"a": 1}, "key").json() == again.json()
    while work():
        pass
    assert record.ticket_ids() == [first["ticket_id"]]
    assert status(submitter, first["submission_id"])["status"] == "created"
    assert submit(submitter, {"a": 1}, "key").json() == again.json()


@pytest.mark.usefixtures("aws")
def test_a_wait_ends_within_the_requests_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(time, "sleep", looks.append)
    with deadline.within(-1), pytest.raises(Busy, match=BUSY):
        turn.take(being_sent(), "me")
    assert looks == []


@pytest.mark.usefixtures("aws", "db")
def test_a_table_that_is_away_while_a_repeat_waits_is_said_to_be_busy(
    submitter: APIClient, refuse: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs, "send", lambda *_: submit_meanwhile())
    answers: list[Any] = []

    def submit_meanwhile() -> str:
        refuse.add("GetItem")
        answers.append(submit(submitter, {"a": 1}, "key"))
        refuse.clear()
        return "m-1"

    assert submit(submitter, {"a": 1}, "key").json()["messageId"] == "m-1"
    assert [(one.status_code, one["Retry-After"]) for one in answers] == [(503, "30")]
