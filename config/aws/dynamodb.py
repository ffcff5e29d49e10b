"""A DynamoDB table as an object: Python values in and out, and pages followed inside.

Conditions are DynamoDB's own expressions. In them, `#name` stands for the attribute `name`, which may then be a
reserved word. `:name` stands for the value that `values` holds under `:name`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from django.conf import settings

from config.aws.calls import call
from config.aws.clients import client
from config.aws.errors import Conflict, Retryable
from config.aws.wire import Item, from_wire, to_wire

_NAME = re.compile(r"#(\w+)")


@dataclass(frozen=True)
class Put:
    """Writes an item. It replaces the item with the same key, unless `condition` prevents that.

    `table` is there if a transaction writes the item to another table than its own. `values` are the condition's.
    """

    item: Item
    condition: str = ""
    table: "Table | None" = None
    values: Item = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """The action in DynamoDB's format."""
        name = self.table.name if self.table else table
        about = {"TableName": name, "Item": to_wire(self.item)}
        return _request(about, self.values, ConditionExpression=self.condition)


@dataclass(frozen=True)
class Update:
    """Changes the item under a key by the update expression `update`."""

    key: Item
    update: str
    condition: str = ""
    values: Item = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """The action in DynamoDB's format."""
        about = {"TableName": table, "Key": to_wire(self.key)}
        return _request(about, self.values, UpdateExpression=self.update, ConditionExpression=self.condition)


@dataclass(frozen=True)
class Page:
    """One page: its items, how many items were examined for it (`seen`), and where the next page begins (None:
    nowhere).

    A page may be empty and still have a next one, because `seen` includes items that a filter left out.
    """

    items: list[Item]
    seen: int
    next: Item | None


@dataclass(frozen=True)
class Table:
    """A table. `setting` is the setting that holds its name. Every method raises what `call` raises.

    Unlike elsewhere, a Conflict's `item` and `reasons` hold Python values here.
    """

    setting: str

    @property
    def name(self) -> str:
        """The table's name in AWS."""
        return str(getattr(settings, self.setting))

    # --- One item -------------------------------------------------------------------------------------

    def get(self, key: Item) -> Item | None:
        """Return the item, read consistently, or None."""
        answer = call(client("dynamodb").get_item, TableName=self.name, Key=to_wire(key), ConsistentRead=True)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def put(self, item: Item, condition: str = "") -> None:
        """Write the item. Raises Conflict, with the existing item, if the condition does not hold."""
        request = Put(item, condition).request(self.name)
        _ask(client("dynamodb").put_item, request | (_TELL if condition else {}))

    def update(self, change: Update) -> None:
        """Change an item. Raises Conflict if the condition does not hold."""
        _ask(client("dynamodb").update_item, change.request(self.name))

    def updated(self, change: Update) -> Item:
        """Change an item and return its new state. Raises Conflict if the condition does not hold."""
        answer = _ask(client("dynamodb").update_item, change.request(self.name) | {"ReturnValues": "ALL_NEW"})
        return from_wire(answer["Attributes"])

    # --- Several together -----------------------------------------------------------------------------

    def transact(self, actions: Sequence[Put | Update], token: str) -> None:
        """Do all the actions (100 at most) or none.

        `token` makes a retry harmless if the answer to the first try was lost. Raises Conflict, with one reason for
        each action, if a condition does not hold.
        """
        transaction = [_action(one, self.name) for one in actions]
        _ask(client("dynamodb").transact_write_items, {"TransactItems": transaction, "ClientRequestToken": token})

    def put_all(self, items: Iterable[Item]) -> None:
        """Write the items (25 at most), replacing any with the same keys.

        Raises Retryable if the table accepts no more now. Some may then be stored already; write all of them again.
        """
        left: list[Any] = [{"PutRequest": {"Item": to_wire(one)}} for one in items]
        while left:
            left = call(self._put_some, left)

    def _put_some(self, requests: list[Any]) -> list[Any]:
        """Return the requests that the table did not accept. Raises Retryable if it accepted none."""
        answer = client("dynamodb").batch_write_item(RequestItems={self.name: requests})
        left: list[Any] = answer["UnprocessedItems"].get(self.name, [])
        if len(left) == len(requests):
            raise Retryable("UnprocessedItems", "the table takes no more now")
        return left

    def get_all(self, keys: Iterable[Item], only: str = "") -> Iterator[Item]:
        """Yield those of the items (100 keys at most) that exist, in no order. `only` names the attributes to read.

        AWS may split the answer over several calls.
        """
        wanted: Any = list(map(to_wire, keys))
        while wanted:
            request = _request({"Keys": wanted, "ConsistentRead": True}, ProjectionExpression=only)
            answer = call(client("dynamodb").batch_get_item, RequestItems={self.name: request})  # type: ignore[dict-item]
            yield from map(from_wire, answer["Responses"][self.name])
            left: Any = answer["UnprocessedKeys"].get(self.name, {})
            wanted = left.get("Keys", [])

    # --- Pages ----------------------------------------------------------------------------------------

    def query_page(
        self,
        where: str,
        values: Item,
        *,
        only_if: str = "",
        only: str = "",
        index: str = "",
        order: Literal["first", "last"] = "first",
        limit: int | None = None,
        start: Item | None = None,
        seconds: float = 2.0,
    ) -> Page:
        """Return one page of the items whose key matches `where`, after examining at most `limit` items.

        `order` says at which end of the sort key to begin, and `start` is the previous page's `next`. The filter
        `only_if` leaves items out, and `only` names the attributes to return. The table is read consistently; an
        `index` cannot be. `seconds` is how long the answer may take.
        """
        reading: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        reading |= {"ScanIndexForward": False} if order == "last" else {}
        request = _request(
            reading, values, KeyConditionExpression=where, FilterExpression=only_if, ProjectionExpression=only
        )
        return self._page(client("dynamodb", seconds).query, request, limit, start)

    def query(self, where: str, values: Item, **options: Any) -> Iterator[Item]:
        """Yield all items that `query_page` would find, reading pages as needed."""
        return _through(lambda start: self.query_page(where, values, **options, start=start))

    def scan_page(
        self,
        only_if: str = "",
        values: Item | None = None,
        *,
        part: tuple[int, int] | None = None,
        limit: int | None = None,
        start: Item | None = None,
    ) -> Page:
        """Return one page of the table, in no order. `part` is a segment's number (from 0) and how many there are."""
        reading: dict[str, Any] = {"ConsistentRead": True}
        if part:
            reading |= {"Segment": part[0], "TotalSegments": part[1]}
        request = _request(reading, values or {}, FilterExpression=only_if)
        return self._page(client("dynamodb").scan, request, limit, start)

    def scan(self, only_if: str = "", values: Item | None = None) -> Iterator[Item]:
        """Yield all items for which the condition holds, reading pages as needed."""
        return _through(lambda start: self.scan_page(only_if, values, start=start))

    def _page(
        self, operation: Callable[..., Any], request: dict[str, Any], limit: int | None, start: Item | None
    ) -> Page:
        place = {"ExclusiveStartKey": to_wire(start)} if start else {}
        most = {"Limit": limit} if limit else {}
        answer = call(operation, TableName=self.name, **request, **most, **place)
        last = answer.get("LastEvaluatedKey")
        items = [from_wire(one) for one in answer["Items"]]
        return Page(items, answer["ScannedCount"], from_wire(last) if last else None)

    # --- The table itself -----------------------------------------------------------------------------

    def about_how_many(self) -> int:
        """Return roughly how many items the table has. AWS counts them every six hours."""
        return int(call(client("dynamodb").describe_table, TableName=self.name)["Table"].get("ItemCount", 0))


_TELL = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}  # the refusal brings the existing item, which saves a read


def _action(one: Put | Update, table: str) -> dict[str, Any]:
    request = one.request(table) | (_TELL if one.condition else {})
    return {type(one).__name__: request}


def _request(about: dict[str, Any], values: Item | None = None, **expressions: str) -> dict[str, Any]:
    """The request with its expressions, and with the names and values that stand in them."""
    request = about | {name: text for name, text in expressions.items() if text}
    if names := _names(" ".join(expressions.values())):
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return request


@lru_cache(maxsize=256)  # a process writes few expressions, and each of them all the time
def _names(text: str) -> dict[str, str]:
    """What `#name` stands for, of all that are in a text."""
    return {f"#{name}": name for name in sorted(set(_NAME.findall(text)))}


def _ask(operation: Callable[..., Any], request: dict[str, Any]) -> Any:
    try:
        return call(operation, **request)
    except Conflict as conflict:
        conflict.item = conflict.item and from_wire(conflict.item)
        conflict.reasons = [
            one | ({"Item": from_wire(one["Item"])} if "Item" in one else {}) for one in conflict.reasons
        ]
        raise


def _through(page: Callable[[Item | None], Page]) -> Iterator[Item]:
    start: Item | None = None
    while True:
        found = page(start)
        yield from found.items
        start = found.next
        if start is None:
            return
