"""kombu's transport for SQS, but what it sends goes the way of all of Foyer's calls (config/aws/calls.py).

kombu's own client knows neither the rule for retries nor for answers that were cut off, and after a failure kombu sends
on a channel that it has closed. Reading is kombu's own; only Celery's ordinary worker reads with it.
"""

from typing import Any

from kombu.asynchronous.aws.sqs.message import AsyncMessage
from kombu.transport import SQS
from kombu.utils.json import dumps

from config.aws import sqs


class _Channel(SQS.Channel):
    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        """Send kombu's message. Raises aws.AwsError as sqs.send does, at which kombu does not try again."""
        if message.get("redelivered"):  # a worker gives it back: its visibility is changed
            super()._put(queue, message, **kwargs)
            return
        delay = message["properties"].get("DelaySeconds") or 0  # kombu passes on what the task's retry asked for
        sqs.send(queue, AsyncMessage().encode(dumps(message)), delay_seconds=delay)

    def _size(self, queue: str) -> int:
        """Of no use to anyone here. kombu asks each time it declares a queue, and that is a call of AWS."""
        return 0


class Transport(SQS.Transport):
    """For Celery's `broker_transport`."""

    Channel = _Channel
