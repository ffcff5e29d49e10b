"""A DynamoDB table as an object: Python values in and out, pages inside.

Conditions are DynamoDB's own expressions. `#name` in one stands for the attribute `name`, so that a reserved word can
be written. `:name` stands for the value given under that key.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings

from config.aws.calls import call
from config.aws.clients import client
from config.aws.errors import Conflict, Retryable
from config.aws.wire import Item, from_wire, to_wire

_NAME = re.compile(r"#(\w+)")


@dataclass(frozen=True)
class Put:
    """An item to be written, over what stands under its key unless a condition says otherwise."""

    item: Item
    condition: str = ""

    def request(self, table: str) -> dict[str, Any]:
        """The action in DynamoDB's words."""
        return _request({"TableName": table, "Item": to_wire(self.item)}, ConditionExpression=self.condition)


@dataclass(frozen=True)
class Update:
    """A change of the item under a key."""

    key: Item
    update: str
    condition: str = ""
    values: Item = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """The action in DynamoDB's words."""
        about = {"TableName": table, "Key": to_wire(self.key)}
        return _request(about, self.values, UpdateExpression=self.update, ConditionExpression=self.condition)


@dataclass(frozen=True)
class Page:
    """Some items, how many were looked at for them, and where the next page begins (None at the end).

    A page may be empty and still have a next one: what a filter leaves out was looked at all the same.
    """

    items: list[Item]
    seen: int
    next: Item | None


@dataclass(frozen=True)
class Table:
    """A table, named by the setting that has its name. Every method raises what `call` raises.

    A Conflict's `item` and `reasons` have Python values here.
    """

    setting: str

    @property
    def name(self) -> str:
        """The table's name in AWS."""
        return str(getattr(settings, self.setting))

    # --- One item -------------------------------------------------------------------------------------

    def get(self, key: Item) -> Item | None:
        """The item as it stands now, None if there is none."""
        answer = call(client("dynamodb").get_item, TableName=self.name, Key=to_wire(key), ConsistentRead=True)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def put(self, item: Item, condition: str = "") -> None:
        """Write the item. Raises Conflict, with the item that stands there, if the condition does not hold."""
        request = Put(item, condition).request(self.name)
        _ask(client("dynamodb").put_item, request | (_TELL if condition else {}))

    def update(self, change: Update) -> None:
        """Change an item. Raises Conflict if the condition does not hold."""
        _ask(client("dynamodb").update_item, change.request(self.name))

    def updated(self, change: Update) -> Item:
        """Change an item; as it is then. Raises Conflict if the condition does not hold."""
        answer = _ask(client("dynamodb").update_item, change.request(self.name) | {"ReturnValues": "ALL_NEW"})
        return from_wire(answer["Attributes"])

    # --- Several together -----------------------------------------------------------------------------

    def transact(self, actions: Sequence[Put | Update], token: str) -> None:
        """Do all the actions (100 at most) or none.

        `token` makes a second try harmless where the first one's answer was lost. Raises Conflict, with a reason for
        each action, if a condition does not hold.
        """
        transaction = [_action(one, self.name) for one in actions]
        _ask(client("dynamodb").transact_write_items, {"TransactItems": transaction, "ClientRequestToken": token})

    def put_all(self, items: Iterable[Item]) -> None:
        """Write the items (25 at most), each over what stands under its key.

        Raises Retryable where the table takes no more now: some may stand there, and all can be written again.
        """
        left: list[Any] = [{"PutRequest": {"Item": to_wire(one)}} for one in items]
        while left:
            left = call(self._put_some, left)

    def _put_some(self, requests: list[Any]) -> list[Any]:
        """Those that the table did not take. Raises Retryable if it took none."""
        answer = client("dynamodb").batch_write_item(RequestItems={self.name: requests})
        left: list[Any] = answer["UnprocessedItems"].get(self.name, [])
        if len(left) == len(requests):
            raise Retryable("UnprocessedItems", "the table takes no more now")
        return left

    def get_all(self, keys: Iterable[Item], only: str = "") -> Iterator[Item]:
        """The items with these keys (100 at most), as far as they are there, in no order; `only` names attributes.

        AWS may give them in several answers.
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
        index: str = "",
        order: Literal["first", "last"] = "first",
        limit: int | None = None,
        start: Item | None = None,
    ) -> Page:
        """A page of the items whose key is as `where` says: the first or the last of them, of `limit` looked at.

        A filter `only_if` leaves items out. An `index` cannot be read consistently; the table is.
        """
        reading: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        reading |= {"ScanIndexForward": False} if order == "last" else {}
        request = _request(reading, values, KeyConditionExpression=where, FilterExpression=only_if)
        return self._page(client("dynamodb").query, request, limit, start)

    def query(self, where: str, values: Item, **options: Any) -> Iterator[Item]:
        """All items that `query_page` finds page by page, read as they are taken."""
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
        """A page of the table's items, in no order. `part` is the number (from 0) of one of so many segments."""
        reading: dict[str, Any] = {"ConsistentRead": True}
        if part:
            reading |= {"Segment": part[0], "TotalSegments": part[1]}
        request = _request(reading, values or {}, FilterExpression=only_if)
        return self._page(client("dynamodb").scan, request, limit, start)

    def scan(self, only_if: str = "", values: Item | None = None) -> Iterator[Item]:
        """All items of the table for which the condition holds, read as they are taken."""
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
        """About how many items it has; AWS counts them every six hours."""
        return int(call(client("dynamodb").describe_table, TableName=self.name)["Table"].get("ItemCount", 0))


_TELL = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}  # what stands there comes with the refusal: it costs no read


def _action(one: Put | Update, table: str) -> dict[str, Any]:
    request = one.request(table) | (_TELL if one.condition else {})
    return {type(one).__name__: request}


def _request(about: dict[str, Any], values: Item | None = None, **expressions: str) -> dict[str, Any]:
    """The request with its expressions, and with the names and values that stand in them."""
    said = {name: text for name, text in expressions.items() if text}
    request = about | said
    if names := set(_NAME.findall(" ".join(said.values()))):
        request["ExpressionAttributeNames"] = {f"#{name}": name for name in sorted(names)}
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return request


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
