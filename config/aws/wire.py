"""Converts between DynamoDB's wire format, `{"n": {"N": "1"}}`, and Python values, `{"n": 1}`."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_wire(values: Item) -> Item:
    """Python values as a DynamoDB item: `{"n": 1}` to `{"n": {"N": "1"}}`."""
    return {name: _serializer.serialize(value) for name, value in values.items()}


def from_wire(item: Item) -> Item:
    """A DynamoDB item, or a stream's image, as Python values; numbers become Decimal."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}
