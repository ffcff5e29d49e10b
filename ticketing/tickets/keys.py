"""Idempotency keys, by which a repeated request is recognized."""

from dataclasses import dataclass
from typing import Any

from config import json
from ticketing.tickets import ids


@dataclass(frozen=True)
class Key:
    """A sender's key, which holds for one customer and operation. `fingerprint` tells its request from any other's.

    If the sender may change what it says under the key, `mark` is a fingerprint of what it says now.
    """

    customer_id: str
    operation: str
    key: str
    fingerprint: str
    mark: str | None = None

    @classmethod
    def of(cls, customer_id: str, operation: str, key: str | None, request: Any) -> "Key | None":
        """The key of a request (its JSON); None if the sender gave no key."""
        return cls(customer_id, operation, key, json.fingerprint(request)) if key else None

    @property
    def keyed_id(self) -> str:
        return ids.keyed_id(self.customer_id, self.operation, self.key)
