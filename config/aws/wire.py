"""DynamoDB's wire format, `{"n": {"N": "1"}}`, and Python's values, `{"n": 1}`."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_wire(values: Item) -> Item:
    """Python values as a DynamoDB item: `{"n": 1}` to `{"n": {"N": "1"}}`."""
    return {name: _serializer.serialize(value) for name, value in values.items()}


def from_wire(item: Item) -> Item:
    """A DynamoDB item (a stream's image too) as Python values; numbers as Decimal."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}
