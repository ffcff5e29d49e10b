"""The pipeline as a job: tried again, failed, done once."""

from typing import Any

import pytest
import responses
from botocore.exceptions import ClientError
from celery.exceptions import SoftTimeLimitExceeded

from config import aws
from config.celery import VISIBILITY_SECONDS
from config.refusals import Stale
from ingestion.zendesk import pipeline, tasks
from ingestion.zendesk.errors import TryLater
from tests.ingestion.conftest import API, Worker, Zendesk, desk_ticket, stored
from tests.standins.zendesk import ZendeskStandIn
from ticketing import deliveries
from ticketing.deliveries import Delivery

TICKET = f"{API}/api/v2/tickets/12345.json"


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make every run end with this error."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(pipeline, "run", fail)


def test_a_job_that_comes_twice_is_done_once(
    received: Delivery, zendesk: Zendesk, embedded: list[dict[str, Any]]
) -> None:
    tasks.ingest.apply(("d-1",), throw=True)
    tasks.ingest.apply(("d-1",), throw=True)
    assert len(embedded) == 1
    assert stored("d-1").state == "created"


@pytest.mark.usefixtures("aws")
def test_a_job_without_a_delivery_is_nothing(embedded: list[dict[str, Any]]) -> None:
    tasks.ingest.apply(("unknown",), throw=True)
    assert embedded == []


FOR_NOW = [
    TryLater("Zendesk could not answer"),
    aws.Retryable("SlowDown"),
    aws.Contended("TransactionConflict"),
    Stale("It was changed meanwhile"),
    SoftTimeLimitExceeded(),
]


@pytest.mark.parametrize("error", FOR_NOW, ids=lambda error: type(error).__name__)
def test_what_fails_for_now_is_tried_again_then_failed(
    received: Delivery, monkeypatch: pytest.MonkeyPatch, worker: Worker, error: Exception
) -> None:
    failing(monkeypatch, error)
    for retries in range(tasks.RETRIES):
        worker.run(retries)
        assert stored("d-1").state == "received"
    assert stored("d-1").attempts == tasks.RETRIES
    worker.run(tasks.RETRIES)
    assert stored("d-1").state == "failed"
    assert stored("d-1").error
    assert len(worker.countdowns) == tasks.RETRIES
    assert max(worker.countdowns) <= tasks.LONGEST_WAIT


def test_a_deliveries_table_that_is_away_for_a_moment_loses_nothing(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    worker: Worker,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise aws.Retryable("ThrottlingException")

    with monkeypatch.context() as broken:
        for name in ("get", "attempt", "finish"):
            broken.setattr(deliveries, name, away)
        worker.run(0)
    assert len(worker.countdowns) == 1
    worker.run(1)
    assert stored("d-1").state == "created"


def test_a_ticket_that_zendesk_does_not_have_yet_is_taken_in_a_little_later(
    received: Delivery, http: responses.RequestsMock, embedded: list[dict[str, Any]], worker: Worker
) -> None:
    http.get(TICKET, status=404)
    worker.run(0)
    assert (stored("d-1").state, len(worker.countdowns)) == ("received", 1)
    http.reset()
    Zendesk(http)
    worker.run(1)
    assert (stored("d-1").state, stored("d-1").error) == ("created", None)


def test_a_ticket_that_zendesk_never_has_fails_after_the_last_try(
    received: Delivery, http: responses.RequestsMock, worker: Worker
) -> None:
    http.get(TICKET, status=404)
    worker.run(tasks.RETRIES)
    assert stored("d-1").state == "failed"
    assert "no such ticket" in str(stored("d-1").error)
    assert worker.countdowns == []


class Refusing:
    """An embedding function that cannot be invoked, for one of AWS's reasons."""

    def __init__(self, code: str) -> None:
        self.code = code

    def invoke(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self.code}}, "Invoke")


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "TooManyRequestsException"])
def test_an_invocation_that_failed_is_tried_again_and_shows_until_it_is_done(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    worker: Worker,
    code: str,
) -> None:
    zendesk.comment("We look into it.")
    made = aws.client
    with monkeypatch.context() as broken:
        broken.setattr(aws, "client", lambda name, *more: Refusing(code) if name == "lambda" else made(name, *more))
        worker.run(0)
        worker.run(0)
        delivery = stored("d-1")
        assert (delivery.state, len(worker.countdowns)) == ("received", 2)
        assert code in str(delivery.error)
        assert [one.comment for one in desk_ticket().comments] == ["We look into it."]
        worker.run(tasks.RETRIES)
        assert (stored("d-1").state, len(worker.countdowns)) == ("failed", 2)
        assert code in str(stored("d-1").error)
    worker.run(0)
    assert (stored("d-1").state, stored("d-1").error, len(embedded)) == ("created", None, 1)
    assert len(desk_ticket().comments) == 1


def test_waits_as_long_as_zendesk_asks(received: Delivery, monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    for asked in (30, 93, 600, 3600):
        failing(monkeypatch, TryLater("Zendesk could not answer", after=asked))
        worker.run(0)
    assert worker.countdowns == [30, 93, 600, tasks.LONGEST_ASKED]


@pytest.mark.parametrize("error", [aws.Permanent("AccessDenied"), aws.NotFound("NoSuchBucket"), TypeError("a bug")])
def test_whatever_else_goes_wrong_the_delivery_says_so(
    received: Delivery, monkeypatch: pytest.MonkeyPatch, worker: Worker, error: Exception
) -> None:
    failing(monkeypatch, error)
    worker.run(0)
    delivery = stored("d-1")
    assert delivery.state == "failed"
    assert delivery.error
    assert "a bug" not in delivery.error


def test_a_failed_delivery_can_be_run_again(
    received: Delivery,
    zendesk: Zendesk,
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    worker: Worker,
) -> None:
    with monkeypatch.context() as broken:
        failing(broken, aws.NotFound("NoSuchBucket"))
        worker.run(0)
    worker.run(0)
    assert (stored("d-1").state, stored("d-1").error) == ("created", None)


def test_a_run_ends_within_the_visibility_and_sqs_can_wait_as_long_as_is_asked() -> None:
    assert tasks.LONGEST_WAIT + tasks.RUN_SECONDS < VISIBILITY_SECONDS
    assert tasks.LONGEST_ASKED <= 900


@pytest.mark.parametrize(("header", "wait"), [("50, 47", 50), ("93", 93), ("Mon, 05 Jan 2026 10:02:40 GMT", 160)])
def test_the_next_try_comes_when_zendesk_said_and_the_delivery_says_so(
    received: Delivery, settings: Any, monkeypatch: pytest.MonkeyPatch, worker: Worker, header: str, wait: int
) -> None:
    monkeypatch.setattr("ingestion.zendesk.retry_after.time.time", lambda: 1_767_607_200.0)  # 10:00 on that day
    with ZendeskStandIn(fail_next=[429], retry_after=header, api_token="token") as standin:
        settings.ZENDESK_API_URL, settings.ZENDESK_EMAIL = standin.url, "desk@foyer.example"
        worker.run(0)
    assert worker.countdowns == [wait]
    assert stored("d-1").error == f"Zendesk could not answer (status 429) and asks to wait {wait} seconds"
