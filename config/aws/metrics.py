"""CloudWatch metrics. If a metric cannot be sent, it is logged and dropped: no work waits for it or fails with it.

`put` sends one value at once, for rare reports. `add` is for the hot path: it sums values in memory. A thread sends the
sums twice a minute, so that a request costs no extra call.
"""

import atexit
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from django.conf import settings

from config.aws.calls import call_once
from config.aws.clients import client
from config.aws.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

Unit = Literal["Count", "Milliseconds", "Percent"]

METRICS_A_CALL: Final = 1000  # the limit of PutMetricData

log = logging.getLogger(__name__)


class _Metric(NamedTuple):
    """What identifies a metric. Values of equal metrics are summed."""

    namespace: str
    name: str
    unit: Unit
    dimensions: tuple[tuple[str, str], ...]


@dataclass
class _Sums:
    """Many values in one: CloudWatch's statistic set."""

    count: int
    total: float
    least: float
    most: float

    def include(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


class _Collected:
    """What this process has counted since the last flush."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Start with nothing counted and no sender, also in a forked child: its parent sends what it had counted."""
        self._lock = threading.Lock()
        self._sums: dict[_Metric, _Sums] = {}
        self.sender: threading.Thread | None = None

    def include(self, metric: _Metric, value: float) -> None:
        with self._lock:
            if known := self._sums.get(metric):
                known.include(value)
            else:
                self._sums[metric] = _Sums(1, value, value, value)
            if self.sender is None and (seconds := settings.METRICS_FLUSH_SECONDS):
                self.sender = threading.Thread(target=_send_every, args=[seconds], name="metrics", daemon=True)
                self.sender.start()
                atexit.register(flush)

    def take(self) -> dict[_Metric, _Sums]:
        with self._lock:
            taken, self._sums = self._sums, {}
        return taken


_collected = _Collected()
os.register_at_fork(after_in_child=_collected.start_anew)


def put(namespace: str, name: str, value: float, unit: Unit) -> None:
    """Send one value at once."""
    _put(namespace, [{"MetricName": name, "Value": value, "Unit": unit}])


def add(namespace: str, name: str, value: float, unit: Unit = "Count", **dimensions: str) -> None:
    """Count a value, to be sent with the next flush. Takes microseconds, calls nothing, raises nothing."""
    _collected.include(_Metric(namespace, name, unit, tuple(dimensions.items())), value)


def flush() -> None:
    """Send what was added since the last flush. Takes at most three seconds for each call if CloudWatch hangs.

    Call it in a process that is about to end or, on Lambda, to be frozen. Elsewhere a thread does it.
    """
    data: dict[str, list[MetricDatumTypeDef]] = defaultdict(list)
    for metric, sums in _collected.take().items():
        data[metric.namespace].append(_datum(metric, sums))
    for namespace, all_of_it in data.items():
        for start in range(0, len(all_of_it), METRICS_A_CALL):
            _put(namespace, all_of_it[start : start + METRICS_A_CALL])


def _send_every(seconds: float) -> None:
    while True:
        time.sleep(seconds)
        # After `start_anew` this thread is no longer the sender, and another may be.
        if _collected.sender is not threading.current_thread():
            return
        flush()


def _datum(metric: _Metric, sums: _Sums) -> "MetricDatumTypeDef":
    return {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        "Unit": metric.unit,
        "StatisticValues": {
            "SampleCount": sums.count,
            "Sum": sums.total,
            "Minimum": sums.least,
            "Maximum": sums.most,
        },
    }


def _put(namespace: str, data: "Sequence[MetricDatumTypeDef]") -> None:
    try:
        call_once(client("cloudwatch").put_metric_data, Namespace=namespace, MetricData=data)
    except AwsError as error:
        names = ", ".join(sorted({datum["MetricName"] for datum in data}))
        log.warning("Values of %s %s are lost: %s", namespace, names, error)
