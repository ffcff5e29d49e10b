"""Readiness: everything is asked at once, and what cannot be reached is named."""

import threading
import time

import pytest
from django.db import DatabaseError
from django.test import Client

from config import aws
from config.aws import sqs
from config.web import health

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_all_that_is_needed_is_there(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_a_405_in_json(path: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"] == "Method not allowed"


def test_what_waits_without_being_worked_is_told_and_the_web_goes_on(client: Client) -> None:
    sqs.send("FoyerJobs", "hello")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["waiting"] == [
        "Messages wait in FoyerJobs (1): nobody has asked for them yet. Start `manage.py worker`."
    ]


def test_what_cannot_be_reached_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str = "") -> None:
        raise aws.Retryable("ReadTimeoutError", "away")

    def no_database() -> None:
        raise DatabaseError

    monkeypatch.setattr(health, "_stream", away)
    monkeypatch.setattr(health, "_database", no_database)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database", "event stream"])
    assert answer.json()["error"] == "Not reachable: database, event stream"


def test_an_aws_that_hangs_is_waited_for_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits until all of them do: one after the other, they would never come to that."""
    together = threading.Barrier(len(health._aws()), timeout=5)

    def hangs(reach: object) -> bool:
        together.wait()
        return False

    reached = health._reached
    monkeypatch.setattr(health, "_reached", lambda reach: reached(reach) if reach is health._database else hangs(reach))
    assert len(client.get("/readyz").json()["missing"]) == together.parties


def test_a_process_looks_once_a_second_and_tells_everybody(
    client: Client, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    first = client.get("/readyz")
    seen = len(calls)
    for _ in range(20):
        assert client.get("/readyz").content == first.content
    assert len(calls) == seen > 0
    now += health.KEPT_SECONDS
    assert client.get("/readyz").status_code == 200
    assert len(calls) == 2 * seen


def test_what_is_away_is_remembered_too_but_each_answer_has_its_own_request_id(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def away() -> None:
        looked.append(1)
        raise DatabaseError

    monkeypatch.setattr(health, "_database", away)
    answers = [client.get("/readyz") for _ in range(3)]
    assert [one.status_code for one in answers] == [503] * 3
    assert len({one.json()["request_id"] for one in answers}) == 3
    assert len(looked) == 1


def test_those_who_ask_at_once_look_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def look() -> health.Found:
        looked.append(1)
        return {"status": "ready"}, 200

    monkeypatch.setattr(health, "_look", look)
    threads = [threading.Thread(target=health._last.found) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(looked) == 1
