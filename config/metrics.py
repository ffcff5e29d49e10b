"""CloudWatch metrics. A metric that cannot be put is logged and forgotten: no work waits for it, or fails with it."""

import logging
from typing import TYPE_CHECKING, Literal

from config import aws

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

Unit = Literal["Count", "Milliseconds", "Percent"]

log = logging.getLogger(__name__)


def put(namespace: str, name: str, value: float, unit: Unit) -> None:
    """Put one value, now."""
    client: CloudWatchClient = aws.client("cloudwatch")
    try:
        aws.call_once(
            client.put_metric_data,
            Namespace=namespace,
            MetricData=[{"MetricName": name, "Value": value, "Unit": unit}],
        )
    except aws.AwsError as error:
        log.warning("Metric %s %s is lost: %s", namespace, name, error)
