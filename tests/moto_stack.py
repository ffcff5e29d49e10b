"""Every AWS resource of the product in process, from infra/stack.yaml's own properties."""

import copy
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from botocore.awsrequest import AWSResponse
from django.conf import settings
from moto.core import botocore_stubber
from moto.dynamodb import models
from moto.dynamodb.models.table import Table

from config import aws

TEMPLATE = Path(__file__).resolve().parent.parent / "infra" / "stack.yaml"


class _Answer(AWSResponse):
    """moto names no length, as AWS does. Without one, an answer counts as cut off (config/aws/cut_answers.py)."""

    def __init__(self, url: str, status_code: int, headers: Any, raw: Any) -> None:
        super().__init__(url, status_code, headers, raw)
        self.headers.setdefault("Content-Length", str(len(raw.getvalue())))


botocore_stubber.AWSResponse = _Answer  # type: ignore[attr-defined]


class _CopiesOnce:
    """moto copies the whole table before each action of a transaction, although nothing has happened yet: a hundred
    actions took seconds. Here it copies once for all."""

    copy = staticmethod(copy.copy)

    def __init__(self) -> None:
        self._now = threading.local()

    def deepcopy(self, value: Any) -> Any:
        copies: dict[int, Any] | None = getattr(self._now, "copies", None)
        if copies is None or not isinstance(value, Table):
            return copy.deepcopy(value)
        if id(value) not in copies:
            copies[id(value)] = copy.deepcopy(value)
        return copies[id(value)]

    def during(self, transact: Callable[..., None]) -> Callable[..., None]:
        def once(backend: Any, actions: Any) -> None:
            self._now.copies = {}
            try:
                transact(backend, actions)
            finally:
                self._now.copies = None

        return once


_copies = _CopiesOnce()
models.copy = _copies  # type: ignore[assignment, attr-defined]
models.DynamoDBBackend.transact_write_items = _copies.during(models.DynamoDBBackend.transact_write_items)  # type: ignore[method-assign]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (`!Ref X`) as one-key maps."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


@cache
def template() -> dict[str, Any]:
    """infra/stack.yaml, with `!Ref X` as `{"Ref": "X"}`."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader
    return loaded


def of_type(kind: str) -> list[dict[str, Any]]:
    """The properties of every resource of that type."""
    return [one["Properties"] for one in template()["Resources"].values() if one["Type"] == kind]


def text(value: Any) -> str:
    """A name in the template, its parameters at their defaults."""
    if isinstance(value, dict):
        [(form, inner)] = value.items()
        if form == "Ref":
            return str(template()["Parameters"][inner]["Default"])
        for name, parameter in template()["Parameters"].items():
            inner = inner.replace(f"${{{name}}}", str(parameter.get("Default", "")))
        return str(inner)
    return str(value)


def create() -> None:
    """Make the tables, queues, topic with its subscriptions, stream and buckets."""
    for table in of_type("AWS::DynamoDB::Table"):
        _table(table)
    sqs = aws.client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in map(_queue_name, of_type("AWS::SQS::Queue"))}
    topic = aws.client("sns").create_topic(Name=settings.TICKET_TOPIC)["TopicArn"]
    for name in (settings.ANALYTICS_QUEUE, settings.PRIORITY_QUEUE, settings.GENERAL_QUEUE):
        attributes = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["QueueArn"])["Attributes"]
        aws.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"], Attributes={"RawMessageDelivery": "true"}
        )
    aws.client("kinesis").create_stream(StreamName=settings.KINESIS_STREAM_NAME, ShardCount=2)
    for bucket in of_type("AWS::S3::Bucket"):
        aws.client("s3").create_bucket(Bucket=text(bucket["BucketName"]))


def _queue_name(properties: dict[str, Any]) -> str:
    return text(properties["QueueName"])


def _table(properties: dict[str, Any]) -> None:
    kept = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    options = {name: properties[name] for name in kept if name in properties}
    if "StreamSpecification" in properties:
        options["StreamSpecification"] = properties["StreamSpecification"] | {"StreamEnabled": True}
    aws.client("dynamodb").create_table(TableName=text(properties["TableName"]), **options)
