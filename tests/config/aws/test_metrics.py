"""Metrics: put at once, or counted in memory and sent in the background; never in anybody's way."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from config import aws
from config.aws import metrics

Sent = list[tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What CloudWatch was given: a namespace and its data for each call."""
    calls: Sent = []

    class CloudWatch:
        def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
            calls.append((Namespace, MetricData))

    monkeypatch.setattr(metrics, "client", lambda _: CloudWatch())
    return calls


@pytest.fixture
def every(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the background thread send so often; nothing is left to be done when the process ends."""
    monkeypatch.setattr(metrics.atexit, "register", lambda _: None)  # type: ignore[attr-defined]

    def set_to(seconds: float) -> None:
        settings.METRICS_FLUSH_SECONDS = seconds

    return set_to


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_values_of_one_metric_go_out_as_one(sent: Sent) -> None:
    for value in (1.0, 0.0, 4.0):
        metrics.add("Foyer", "Sizes", value, Door="itsm", Tier="gold")
    metrics.add("Foyer", "Sizes", 7.0, Door="itsm", Tier="general")
    metrics.flush()
    [(namespace, [gold, general])] = sent
    assert namespace == "Foyer"
    assert gold == {
        "MetricName": "Sizes",
        "Dimensions": [{"Name": "Door", "Value": "itsm"}, {"Name": "Tier", "Value": "gold"}],
        "Unit": "Count",
        "StatisticValues": {"SampleCount": 3, "Sum": 5.0, "Minimum": 0.0, "Maximum": 4.0},
    }
    assert general["StatisticValues"]["Sum"] == 7.0


def test_a_value_goes_out_with_its_unit(sent: Sent) -> None:
    metrics.add("Foyer", "Sizes", 2.0)
    metrics.add("Foyer", "Sizes", 5.0, "Percent")
    metrics.add("Foyer", "Took", 7.5, "Milliseconds", Door="itsm")
    metrics.flush()
    [(_, data)] = sent
    assert [(one["MetricName"], one["Unit"], one["StatisticValues"]["Sum"]) for one in data] == [
        ("Sizes", "Count", 2.0),
        ("Sizes", "Percent", 5.0),
        ("Took", "Milliseconds", 7.5),
    ]


def test_a_flush_sends_only_what_is_new(sent: Sent) -> None:
    metrics.add("Foyer", "A", 1)
    metrics.flush()
    metrics.flush()
    assert len(sent) == 1


def test_a_call_takes_a_thousand_metrics_of_one_namespace(sent: Sent) -> None:
    for n in range(1001):
        metrics.add("Foyer", f"M{n}", 1)
    metrics.add("Other", "A", 1)
    metrics.flush()
    assert [(namespace, len(data)) for namespace, data in sent] == [("Foyer", 1000), ("Foyer", 1), ("Other", 1)]


@pytest.mark.usefixtures("aws")
def test_cloudwatch_takes_what_is_sent(calls: list[str]) -> None:
    metrics.add("Foyer", "A", 1, Door="itsm")
    metrics.flush()
    metrics.put("Foyer", "B", 2.5, "Milliseconds")
    assert calls == ["PutMetricData", "PutMetricData"]
    listed = aws.client("cloudwatch").list_metrics(Namespace="Foyer")["Metrics"]
    assert sorted((one["MetricName"], len(one["Dimensions"])) for one in listed) == [("A", 1), ("B", 0)]


def test_what_cannot_be_sent_is_logged_and_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise aws.Retryable("EndpointConnectionError", "nobody there")

    monkeypatch.setattr(metrics, "call_once", away)
    metrics.add("Foyer", "A", 1)
    with caplog.at_level(logging.WARNING):
        metrics.flush()
    assert "Values of Foyer A are lost: EndpointConnectionError" in caplog.text


def test_under_tests_and_on_lambda_nothing_is_sent_unasked(sent: Sent, settings: Any) -> None:
    assert settings.METRICS_FLUSH_SECONDS == 0
    metrics.add("Foyer", "A", 1)
    assert metrics._collected.sender is None
    assert sent == []


def test_elsewhere_one_thread_sends_in_the_background(sent: Sent, every: Callable[[float], None]) -> None:
    every(0.05)
    for _ in range(100):
        metrics.add("Foyer", "A", 1)
    sender = metrics._collected.sender
    assert sender
    assert sender.daemon
    until(lambda: sum(data[0]["StatisticValues"]["SampleCount"] for _, data in sent) == 100)
    metrics.add("Foyer", "A", 1)
    assert metrics._collected.sender is sender
    until(lambda: sum(data[0]["StatisticValues"]["SampleCount"] for _, data in sent) == 101)
    metrics._collected.start_anew()
    sender.join(5)
    assert not sender.is_alive()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of what is tried here
def test_a_forked_process_counts_anew(sent: Sent) -> None:
    """A web server forks its workers from one parent, whose counts are the parent's to send."""
    metrics.add("Foyer", "A", 1)
    with metrics._collected._lock:  # a thread of the parent that has no twin in the child holds it
        child = os.fork()
        if child == 0:
            metrics.add("Foyer", "B", 1)
            os._exit(0 if [one.name for one in metrics._collected.take()] == ["B"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [one.name for one in metrics._collected.take()] == ["A"]
